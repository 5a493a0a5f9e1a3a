"""The five steps, against a control plane that records them."""

import grpc
import pytest
from armonik.client import ArmoniKResults
from armonik.common import SessionStatus

from hello_helpers import embedded, errors, steps
from hello_helpers.connect.deadline import with_deadline
from hello_helpers.connect.endpoint import Endpoint
from hello_helpers.connect.grpc_errors import explained
from hello_helpers.course import sessions
from hello_helpers.messages import Payload

from . import listeners
from .fake_armonik import FakeArmonik


def test_the_five_steps_lead_to_the_sum_and_the_session_is_closed(fake: FakeArmonik):
    with steps.open_channel(fake.url) as channel:
        session_id = steps.create_session(channel)
        with sessions.closing_session(channel, session_id):
            data = steps.create_payload(channel, session_id, Payload(list(range(10))))
            task_id = steps.submit_task(channel, session_id, data)
            result = steps.wait_for_result(channel, session_id, data.result_id, timeout=10)
    assert (result.value, fake.sessions[session_id].status) == (45, SessionStatus.CLOSED)
    assert fake.data[data.payload_id] == Payload(list(range(10))).serialize()
    assert fake.tasks[task_id].expected_output_ids == [data.result_id]


def test_a_channel_without_an_argument_is_to_what_the_environment_says(fake, monkeypatch):
    monkeypatch.setenv("AK_ENDPOINT", fake.url)
    with steps.open_channel() as channel:
        assert steps.create_session(channel) in fake.sessions


def test_a_channel_takes_an_endpoint_too(fake, monkeypatch):
    monkeypatch.setattr(embedded, "shared_endpoint", lambda: pytest.fail("not wanted"))
    with steps.open_channel(Endpoint.parse(fake.url)) as channel:
        assert steps.create_session(channel) in fake.sessions


def test_the_default_options_are_those_of_the_original_page(fake, channel):
    options = fake.sessions[steps.create_session(channel)].options
    assert (options.max_duration.seconds, options.priority, options.max_retries) == (300, 1, 5)
    assert options.partition_id == ""


def test_a_partition_is_both_allowed_and_chosen(fake, channel):
    fake.partitions.append("big")
    session = fake.sessions[steps.create_session(channel, "big")]
    assert (session.partition_ids, session.options.partition_id) == (["big"], "big")


def test_an_unknown_partition_is_refused_and_those_that_exist_are_named(fake, channel):
    fake.partitions.append("big")
    with pytest.raises(errors.PartitionError) as caught:
        steps.create_session(channel, "typo")
    assert caught.value.hint == "These exist: big, default."


def test_a_channel_that_was_closed_is_refused_with_a_sentence(fake):
    with steps.open_channel(fake.url) as channel:
        pass
    with pytest.raises(errors.RefusedError, match="channel is closed"):
        steps.create_session(channel)
    with pytest.raises(errors.RefusedError, match="channel is closed"), explained(channel):
        ArmoniKResults(channel).download_result_data("result", "session")  # a stream of answers


def test_a_dead_endpoint_is_refused_with_a_sentence():
    with (
        steps.open_channel(f"localhost:{listeners.closed_port()}") as channel,
        pytest.raises(errors.NoAnswerError, match="cannot be reached"),
    ):
        steps.create_session(channel)


def test_a_server_that_says_nothing_does_not_stop_a_call_for_ever():
    with (
        listeners.tcp(listeners.say_nothing) as port,
        steps.open_channel(f"localhost:{port}") as channel,
        pytest.raises(errors.NoAnswerError, match="in time"),
    ):
        steps.create_session(with_deadline(channel, 0.2))


def test_a_payload_that_json_cannot_hold_is_not_sent(fake, channel):
    with pytest.raises(errors.MessageError):
        steps.create_payload(channel, "session", Payload([float("nan")]))
    assert not fake.calls


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
@pytest.mark.parametrize("is_there", [True, False])
def test_a_program_that_fails_cancels_its_session_if_it_can(fake, channel, error, is_there):
    session_id = steps.create_session(channel) if is_there else "nonsense"
    told = []
    with pytest.raises(error), sessions.closing_session(channel, session_id, told.append):
        raise error
    assert told == [is_there]
    if is_there:
        assert fake.sessions[session_id].status == SessionStatus.CANCELLED


def test_an_rpc_error_outside_of_armonik_is_explained_with_its_code(channel):
    class Strange(grpc.RpcError):
        code = staticmethod(lambda: grpc.StatusCode.UNKNOWN)
        details = staticmethod(lambda: "Unknown exception, see ArmoniK logs")

    with pytest.raises(errors.RefusedError, match="UNKNOWN: Unknown exception"), explained(channel):
        raise Strange
