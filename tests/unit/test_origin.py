"""A call remembers which embedded ArmoniK it was sent to, and says so if that has ended."""

# The script of a stream has the arguments of a gRPC service.
# ruff: noqa: ARG001

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import grpc
import pytest
from armonik.client import ArmoniKEvents, ArmoniKResults, ArmoniKSessions
from armonik.common import EventTypes

from hello_helpers import embedded, steps, wait_for_results
from hello_helpers.connect.endpoint import Endpoint
from hello_helpers.connect.origin import SharedOrigin, end_of, mark
from hello_helpers.embedded.shared import SharedArmonik
from hello_helpers.errors import EndedError, EndpointError, HelloError, RefusedError
from hello_helpers.messages import Payload

from .fake_armonik import FakeArmonik


class Ending:
    """An origin that has ended when the test says so."""

    def __init__(self) -> None:
        self.over = False

    def ended(self) -> EndedError | None:
        return EndedError("It has ended.", "Start it again.") if self.over else None


@pytest.fixture
def origin() -> Ending:
    return Ending()


@pytest.fixture
def channel(fake: FakeArmonik, origin: Ending) -> Iterator[grpc.Channel]:
    """A channel from an endpoint that has this origin."""
    endpoint = replace(Endpoint.parse(fake.url), embedded=True, origin=origin)
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
def test_each_kind_of_call_knows_when_its_armonik_has_ended(fake, channel, origin, call):
    fake.stop()
    with pytest.raises(grpc.RpcError) as caught:
        call(channel)
    assert end_of(caught.value) is None
    origin.over = True
    assert str(end_of(caught.value)) == "It has ended."


def test_a_step_of_the_course_raises_that_error(fake, channel, origin):
    fake.stop()
    origin.over = True
    with pytest.raises(EndedError, match="It has ended"):
        steps.create_payload(channel, "session", Payload([1]))


def test_a_session_that_was_lost_with_its_armonik_is_told_as_such(channel, origin):
    with pytest.raises(RefusedError, match="Session was not found"):
        steps.submit_task(channel, "lost", steps.Data("a", "b"))
    origin.over = True  # and another one has taken its place: that is the fake, which answers
    with pytest.raises(EndedError):
        steps.submit_task(channel, "lost", steps.Data("a", "b"))


def test_what_has_nothing_to_do_with_it_keeps_its_own_words(fake, channel, origin):
    session_id = fake.add_session(status=4)
    origin.over = True
    with pytest.raises(RefusedError, match="present state"):
        steps.submit_task(channel, session_id, steps.Data("a", "b"))


def test_a_wait_does_not_go_on_when_its_armonik_has_ended(fake, channel, origin):
    result_id = fake.add_result()

    def end(fake: FakeArmonik, request: Any, context: grpc.ServicerContext) -> Iterator[Any]:
        origin.over = True
        context.abort(grpc.StatusCode.UNAVAILABLE, "gone")
        yield

    fake.streams = [end]
    began = time.monotonic()
    with pytest.raises(EndedError, match="It has ended"):
        wait_for_results(channel, "session", [result_id], timeout=30)
    assert time.monotonic() - began < 5


def test_a_wait_for_a_result_that_only_the_ended_one_knew_says_so(channel, origin):
    origin.over = True
    with pytest.raises(HelloError, match="It has ended"):
        wait_for_results(channel, "lost", ["lost"], timeout=30)


def test_a_check_says_that_it_has_ended(fake, origin):
    fake.stop()
    endpoint = replace(Endpoint.parse(fake.url), embedded=True, origin=origin)
    with pytest.raises(EndpointError, match=r"Nothing listens|is not there"):
        endpoint.check()
    origin.over = True
    with pytest.raises(EndedError):
        endpoint.check()


def test_an_error_keeps_the_origin_that_it_has():
    error, first = grpc.RpcError(), Ending()
    first.over = True
    error.code = lambda: grpc.StatusCode.UNAVAILABLE
    mark(error, first)
    mark(error, Ending())
    assert end_of(error) is not None


@pytest.mark.parametrize(
    ("now", "has_ended"),
    [
        (SharedArmonik("unix:///a", 7, 1.5, None), False),
        (SharedArmonik("unix:///a", 7, 1.5, None, ending=True), True),
        (SharedArmonik("unix:///a", 8, 2.5, None), True),
        (None, True),
    ],
    ids=["runs", "is about to end", "another one runs", "none runs"],
)
def test_the_shared_one_is_told_from_those_before_and_after_it(monkeypatch, now, has_ended):
    monkeypatch.setattr(embedded, "find_shared", lambda: now, raising=False)
    assert (SharedOrigin(7, 1.5).ended() is not None) == has_ended


def test_a_program_is_not_told_to_run_a_cell(monkeypatch):
    monkeypatch.setattr(embedded, "find_shared", lambda: None, raising=False)
    ended = SharedOrigin(7, 1.5).ended()
    assert ended is not None
    assert "program" in ended.message
    assert "cell" not in " ".join(ended.lines())


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
