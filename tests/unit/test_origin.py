"""An endpoint knows which embedded ArmoniK has answered, and says so if that has ended."""

# The script of a stream has the arguments of a gRPC service.
# ruff: noqa: ARG001

import re
from collections.abc import Iterator
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import grpc
import pytest
from armonik.client import ArmoniKEvents, ArmoniKResults, ArmoniKSessions
from armonik.common import EventTypes, create_channel

from hello_helpers import embedded, steps, wait_for_results
from hello_helpers.connect import origin
from hello_helpers.connect.channel import Channel
from hello_helpers.connect.deadline import with_deadline
from hello_helpers.connect.endpoint import Endpoint
from hello_helpers.connect.origin import Origin, end_of, mark
from hello_helpers.course.local_armonik import shared_runs
from hello_helpers.embedded import SharedArmonik
from hello_helpers.errors import EndedError, EndpointError, HelloError, PartitionError, RefusedError
from hello_helpers.exercises.lesson_01 import exercise_01
from hello_helpers.messages import Payload

from .fake_armonik import FakeArmonik

NOTEBOOK = "The embedded ArmoniK that this notebook used has been stopped"


@pytest.fixture
def switch() -> SimpleNamespace:
    """Whether the embedded one runs, as far as its origin can know."""
    return SimpleNamespace(runs=True)


@pytest.fixture
def endpoint(fake: FakeArmonik, switch: SimpleNamespace) -> Endpoint:
    """An embedded one, whose end is told in words of its own."""
    fake.instance = "first"
    known = Origin(lambda: switch.runs, ("It has ended.", "Start it again."))
    return replace(Endpoint.parse(fake.url), embedded=True, origin=known)


@pytest.fixture
def channel(endpoint: Endpoint) -> Iterator[Channel]:
    with endpoint.open_channel() as opened:
        yield opened


def hear_one(channel: grpc.Channel) -> None:
    ArmoniKEvents(channel).get_events("nowhere", [EventTypes.NEW_RESULT], [lambda *_: True])


@pytest.mark.parametrize(
    "call",
    [
        lambda channel: ArmoniKSessions(channel).get_session("nowhere"),
        lambda channel: ArmoniKResults(channel).download_result_data("nothing", "nowhere"),
        lambda channel: ArmoniKResults(channel).upload_result_data("nothing", "nowhere", b"1"),
        hear_one,
    ],
    ids=["unary", "stream of data", "upload", "events"],
)
def test_each_kind_of_call_knows_when_its_armonik_has_ended(fake, channel, switch, call):
    fake.stop()
    with pytest.raises(grpc.RpcError) as caught:
        call(channel)
    assert end_of(caught.value) is None
    switch.runs = False
    assert str(end_of(caught.value)) == "It has ended."


def test_a_step_of_the_course_raises_that_error(fake, channel, switch):
    fake.stop()
    switch.runs = False
    with pytest.raises(EndedError, match="It has ended"):
        steps.create_payload(channel, "session", Payload([1]))


def test_an_old_endpoint_works_with_the_armonik_that_has_taken_its_place(fake, endpoint, channel):
    steps.create_session(channel)
    fake.replace("second")
    assert endpoint.check() == {"core": "1.2.3", "api": "4.5.6"}
    with endpoint.open_channel() as new:
        session_id = steps.create_session(new)
        data = steps.create_payload(new, session_id, Payload([1, 2]))
        steps.submit_task(new, session_id, data)
        assert steps.wait_for_result(new, session_id, data.result_id).value == 3
    assert new.origin.instance == channel.origin.instance == "second"


def test_a_stream_that_is_renewed_is_no_end(fake, endpoint):
    with endpoint.open_channel() as channel:
        session_id = steps.create_session(channel)
        fake.replace("second")
        with pytest.raises(grpc.RpcError) as caught:
            hear_one(with_deadline(channel, events_seconds=0.05))
    assert caught.value.code() == grpc.StatusCode.DEADLINE_EXCEEDED
    assert end_of(caught.value) is None
    assert session_id not in fake.sessions


@pytest.mark.parametrize("again", ["same channel", "another channel"])
def test_what_only_the_former_one_knew_is_told_as_such(fake, endpoint, channel, again):
    session_id = steps.create_session(channel)
    fake.replace("second")
    with endpoint.open_channel() as new:
        used = channel if again == "same channel" else new
        with pytest.raises(EndedError, match="stopped; another runs now, without the old sessions"):
            steps.submit_task(used, session_id, steps.Data("a", "b"))
        with pytest.raises(HelloError, match="another runs now"):
            wait_for_results(used, session_id, ["lost"], timeout=30)
        with pytest.raises(PartitionError):
            steps.create_session(used, "nowhere")


def test_who_has_not_talked_to_another_one_hears_nothing_of_it(fake, channel):
    with pytest.raises(RefusedError, match="Session was not found"):
        steps.submit_task(channel, "lost", steps.Data("a", "b"))
    assert channel.origin.instance == "first"
    fake.replace("first")  # the same one: only the connection was lost
    with pytest.raises(RefusedError, match="Session was not found"):
        steps.submit_task(channel, "lost", steps.Data("a", "b"))


@pytest.mark.parametrize(("instance", "what"), [("one", "embedded ArmoniK"), ("", "ArmoniK")])
def test_an_address_is_described_as_the_answers_tell(fake, instance, what):
    endpoint = Endpoint.parse(fake.url)
    assert endpoint.describe() == "ArmoniK at a socket of this machine"
    fake.instance = instance
    endpoint.check()
    assert endpoint.describe() == f"{what} at a socket of this machine"


@pytest.mark.parametrize(("instance", "what"), [("one", "The embedded ArmoniK"), ("", "ArmoniK")])
def test_lesson_01_says_which_one_has_answered(fake, channel, instance, what):
    fake.instance = instance
    with create_channel(fake.url) as own:
        verdict = exercise_01.look(channel, own)
    assert verdict == f"{what} (core 1.2.3) has answered through your channel."


def test_an_armonik_that_is_not_embedded_has_no_instance(fake):
    with Endpoint.parse(fake.url).open_channel() as channel:
        steps.create_session(channel)
    assert channel.origin.instance is None


def test_what_has_nothing_to_do_with_it_keeps_its_own_words(fake, channel, switch):
    session_id = fake.add_session(status=4)
    switch.runs = False
    with pytest.raises(RefusedError, match="present state"):
        steps.submit_task(channel, session_id, steps.Data("a", "b"))


def test_a_wait_does_not_go_on_when_its_armonik_has_ended(fake, channel, switch):

    def end(fake: FakeArmonik, request: Any, context: grpc.ServicerContext) -> Iterator[Any]:
        switch.runs = False
        context.abort(grpc.StatusCode.UNAVAILABLE, "gone")
        yield

    fake.streams = [end]
    with pytest.raises(EndedError, match="It has ended"):
        wait_for_results(channel, "session", [fake.add_result()], timeout=30)
    assert fake.calls.count("GetEvents") == 1


def test_a_check_says_that_it_has_ended(fake, endpoint, switch):
    fake.stop()
    with pytest.raises(EndpointError, match=r"Nothing listens|is not there"):
        endpoint.check()
    switch.runs = False
    with pytest.raises(EndedError):
        endpoint.check()


def test_an_error_keeps_the_origin_that_it_has():
    error = grpc.RpcError()
    error.code = lambda: grpc.StatusCode.UNAVAILABLE
    mark(error, Origin(lambda: False))
    mark(error, Origin(lambda: True))
    assert end_of(error) is not None


@pytest.mark.parametrize("replaced", [False, True])
def test_a_notebook_is_told_to_run_a_cell_and_a_program_is_not(monkeypatch, replaced):
    known = Origin(lambda: replaced)
    known.instances = ["first", "second"]
    code = grpc.StatusCode.NOT_FOUND if replaced else grpc.StatusCode.UNAVAILABLE
    ended = known.ended(code)
    said = ("another runs now", "program")
    assert [words in ended.message for words in said] == [replaced, True]
    assert "cell" not in " ".join(ended.lines())
    monkeypatch.setattr(origin, "_in_notebook", lambda: True)
    told = known.ended(code).message
    assert re.fullmatch(f"{NOTEBOOK}.* run the first cell again.", told)


@pytest.mark.parametrize(
    ("now", "runs"),
    [
        (SharedArmonik("unix:///a", 7, 1.5, None), True),
        (SharedArmonik("unix:///a", 7, 1.5, None, ending=True), False),
        (None, False),
    ],
    ids=["runs", "is about to end", "none runs"],
)
def test_the_shared_one_runs_until_it_closes_its_door(monkeypatch, now, runs):
    monkeypatch.setattr(embedded, "find_shared", lambda: now, raising=False)
    assert shared_runs() == runs


def test_a_new_channel_to_an_armonik_that_is_back_works_at_once(fake):
    endpoint = Endpoint.parse(fake.url)
    fake.stop()
    with endpoint.open_channel() as old:
        for _ in range(3):  # from now on gRPC pauses before it tries again
            with pytest.raises(HelloError, match="cannot be reached"):
                steps.create_session(old)
        fake.start()
        with endpoint.open_channel() as new:
            steps.create_session(new)
