"""The fast roads: how many calls they make, and how they end."""

import pytest

from hello_helpers import Cancellation, errors
from hello_helpers.batches import create_payloads, download_all, submit_all, wait_all
from hello_helpers.messages import Payload, Result


def payloads(count: int) -> list[Payload]:
    return [Payload([n]) for n in range(count)]


def test_payloads_go_a_batch_in_a_call_and_come_back_in_order(fake, channel):
    data = create_payloads(channel, fake.add_session(), payloads(250))
    assert fake.calls.count("CreateResults") == fake.calls.count("CreateResultsMetaData") == 3
    stored = [Payload.deserialize(fake.data[each.payload_id]).values for each in data]
    assert stored == [[n] for n in range(250)]
    assert len({each.result_id for each in data}) == 250


def test_a_batch_of_large_payloads_is_cut_to_what_a_message_may_hold(fake, channel):
    large = [Payload([0] * 250_000)] * 4  # 750 kB each
    create_payloads(channel, fake.add_session(), large)
    assert fake.calls.count("CreateResults") == 2


def test_tasks_go_a_batch_in_a_call_and_results_are_followed_in_one_and_downloaded_in_order(
    fake, channel
):
    session_id = fake.add_session()
    data = create_payloads(channel, session_id, payloads(250))
    assert len(set(submit_all(channel, session_id, data, batch_size=50))) == 250
    ids = [each.result_id for each in data]
    wait_all(channel, session_id, ids, timeout=10)
    assert (fake.calls.count("SubmitTasks"), fake.calls.count("GetEvents")) == (5, 1)
    contents = download_all(channel, session_id, ids)
    assert [Result.deserialize(content).value for content in contents] == list(range(250))


def test_no_tasks_need_no_calls(fake, channel):
    assert create_payloads(channel, "session", []) == []
    assert submit_all(channel, "session", []) == []
    wait_all(channel, "session", [])
    assert download_all(channel, "session", []) == []
    assert not fake.calls


@pytest.mark.parametrize(
    "road",
    [
        lambda channel, c: create_payloads(channel, "session", payloads(1), cancellation=c),
        lambda channel, c: submit_all(channel, "session", [("a", "b")], cancellation=c),
        lambda channel, c: download_all(channel, "session", ["a"], cancellation=c),
    ],
)
def test_the_other_roads_end_before_their_next_call(fake, channel, road):
    cancellation = Cancellation()
    cancellation.cancel()
    with pytest.raises(errors.WaitCancelledError):
        road(channel, cancellation)
    assert not fake.calls


@pytest.mark.parametrize(
    "road",
    [
        lambda channel: create_payloads(channel, "session", payloads(1), batch_size=0),
        lambda channel: submit_all(channel, "session", [("a", "b")], batch_size=0),
        lambda channel: download_all(channel, "session", ["a"], at_once=0),
        lambda channel: wait_all(channel, "session", ["a"], timeout=0),
    ],
)
def test_numbers_that_make_no_sense_are_refused(channel, road):
    with pytest.raises(errors.InputError):
        road(channel)
