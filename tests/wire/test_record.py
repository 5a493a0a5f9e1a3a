"""What a record says about calls of each kind, however they end."""

import gc
import pickle
import re
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from unittest.mock import Mock

import grpc
import pytest
from armonik.client import ArmoniKSessions

from hello_helpers import Endpoint, HelloError
from hello_helpers.connect.channel import Channel
from hello_helpers.connect.deadline import with_deadline
from hello_helpers.wire import Wire, on_the_wire, record
from hello_helpers.wire.calls import Call, split_path

from .server import Echo, EchoServer

SECONDS = 10


def until(wire: Wire, condition: Callable[[Call], bool]) -> Call:
    """Wait for the last call to be so. gRPC tells the end of a stream from a thread of its own."""
    tick = threading.Event()
    for _ in range(SECONDS * 100):
        if condition(wire.calls[-1]):
            break
        tick.wait(0.01)
    assert condition(wire.calls[-1])
    return wire.calls[-1]


@pytest.mark.parametrize(
    ("name", "make", "streams", "sent", "received"),
    [
        ("One", lambda echo: echo.one(b"12345"), (False, False), (1, 5), (1, 5)),
        ("Answers", lambda echo: list(echo.answers(b"ab")), (False, True), (1, 2), (3, 6)),
        ("Sum", lambda echo: echo.sum(iter([b"a", b"bcd"])), (True, False), (2, 4), (1, 4)),
        ("Talk", lambda echo: list(echo.talk(iter([b"a", b"bc"]))), (True, True), (2, 3), (2, 3)),
    ],
)
def test_a_call_of_each_kind_has_a_name_a_status_instants_and_sizes(
    echo: Echo,
    wire: Wire,
    name: str,
    make: Callable[[Echo], object],
    streams: tuple[bool, bool],
    sent: tuple[int, int],
    received: tuple[int, int],
) -> None:
    make(echo)
    call = until(wire, lambda call: not call.is_open)
    assert (call.name, call.code, call.is_stream) == (f"Echo.{name}", "OK", any(streams))
    assert (call.streams_requests, call.streams_responses) == streams
    assert (call.requests.count, call.requests.size) == sent
    assert (call.responses.count, call.responses.size) == received
    assert 0 <= call.began <= min(call.requests.times) <= max(call.responses.times) <= call.ended


def test_a_stream_of_responses_tells_when_each_came(
    echo: Echo, wire: Wire, server: EchoServer
) -> None:
    stream = echo.answers(b"hold")
    next(stream)
    (call,) = wire.calls
    assert (call.is_open, call.code, call.seconds) == (True, "", None)
    assert (call.requests.count, call.responses.count, call.responses.size) == (1, 1, 4)
    server.go_on.set()
    list(stream)
    call = until(wire, lambda call: not call.is_open)
    assert (call.code, call.responses.count, call.responses.size) == ("OK", 3, 12)
    assert list(call.responses.times) == sorted(call.responses.times)


def test_a_refusal_is_recorded_with_its_details(echo: Echo, wire: Wire) -> None:
    for attempt in (
        lambda: echo.one(b"refuse"),
        lambda: echo.one.future(b"refuse").result(SECONDS),
        lambda: list(echo.answers(b"refuse")),
    ):
        with pytest.raises(grpc.RpcError):
            attempt()
        call = until(wire, lambda call: not call.is_open)
        assert (call.code, call.details) == ("NOT_FOUND", "no such <thing>")


def test_a_stream_that_was_cancelled_or_let_go_is_cancelled(echo: Echo, wire: Wire) -> None:
    stream = echo.answers(b"hold")
    next(stream)
    stream.cancel()
    assert until(wire, lambda call: not call.is_open).was_stopped
    for _ in echo.answers(b"hold"):
        break
    gc.collect()
    assert wire.calls[-1].was_stopped  # at once: nobody holds it


def test_a_stream_that_was_read_to_its_end_and_let_go_is_never_taken_for_cancelled(
    echo: Echo, wire: Wire
) -> None:
    for _ in range(50):
        assert len(list(echo.answers(b"a"))) == 3
        assert until(wire, lambda call: not call.is_open and call.code == "OK")


def test_an_interrupt_is_recorded_and_goes_on(channel: Channel, wire: Wire) -> None:
    with pytest.raises(KeyboardInterrupt):
        Echo(channel, request_serializer=Mock(side_effect=KeyboardInterrupt)).one(b"a")
    assert wire.calls[0].code == "KeyboardInterrupt"


def test_many_threads_write_into_one_record(echo: Echo, wire: Wire) -> None:
    def work(_: int) -> None:
        echo.one(b"1234")
        assert len(list(echo.answers(b"12"))) == 3
        wire.calls  # noqa: B018  # to look meanwhile does no harm

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(100)))
    calls = wire.calls
    assert [call.name for call in calls].count("Echo.One") == 100
    assert sum(call.responses.size for call in calls) == 100 * (4 + 6)
    assert [call.began for call in calls[:1]] == [min(call.began for call in calls)]


def test_records_may_lie_in_one_another_and_end_with_their_blocks(
    channel: Channel, echo: Echo
) -> None:
    with on_the_wire(channel) as outer:
        echo.one(b"a")
        with on_the_wire(channel) as inner:
            echo.one(b"a")
        echo.one(b"a")
    echo.one(b"a")
    assert (len(outer.calls), len(inner.calls)) == (3, 1)


def test_a_record_survives_an_error_in_its_block(channel: Channel, echo: Echo) -> None:
    with pytest.raises(grpc.RpcError), on_the_wire(channel) as wire:
        echo.one(b"refuse")
    assert [call.code for call in wire.calls] == ["NOT_FOUND"]
    assert channel.recorders == []


def test_a_stream_is_followed_after_the_block(
    channel: Channel, echo: Echo, server: EchoServer
) -> None:
    with on_the_wire(channel) as wire:
        stream = echo.answers(b"hold")
        next(stream)
    assert wire.calls[0].is_open
    server.go_on.set()
    list(stream)
    assert until(wire, lambda call: not call.is_open).responses.count == 3


def test_neither_contents_nor_metadata_are_kept(echo: Echo, channel: Channel) -> None:
    with on_the_wire(channel) as wire:
        echo.one(b"a secret", metadata=[("authorization", "a token")])
        list(echo.answers(b"a secret", metadata=[("authorization", "a token")]))
    kept = str(pickle.dumps(wire.calls)) + wire._repr_html_() + repr(wire)
    assert not re.search("secret|token", kept)


def test_a_long_stream_and_a_long_record_are_counted_but_not_kept_whole(
    echo: Echo, wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(record, "KEPT_TIMES", 10)
    monkeypatch.setattr(record, "KEPT_CALLS", 3)
    for _ in range(5):
        assert len(list(echo.talk(iter([b"a"] * 1000)))) == 1000
    calls = wire.calls
    assert (len(calls), calls[0].requests.count, calls[0].responses.count) == (3, 1000, 1000)
    assert "2 more" in repr(wire)


def test_the_times_that_are_kept_of_a_long_stream_reach_from_its_first_message_to_its_last(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ticks = iter(range(1000))
    monkeypatch.setattr(record, "KEPT_TIMES", 10)
    monkeypatch.setattr(record, "now", lambda: float(next(ticks)))
    direction = record.Direction()
    for _ in range(1000):
        direction.note(b"12")
    kept = direction.messages(zero=0.0)
    assert (kept.count, kept.size, kept.times[0], kept.times[-1]) == (1000, 2000, 0.0, 999.0)
    assert 5 <= len(kept.times) <= 11
    assert list(kept.times) == sorted(set(kept.times))


def test_a_channel_inside_another_is_watched_too(channel: Channel, wire: Wire) -> None:
    with pytest.raises(grpc.RpcError):
        Echo(with_deadline(channel, 0.05)).one(b"hold")
    assert [call.code for call in wire.calls] == ["DEADLINE_EXCEEDED"]


def test_a_channel_that_cannot_be_watched_is_refused_with_a_hint(server: EchoServer) -> None:
    with (
        grpc.insecure_channel(server.url) as plain,
        pytest.raises(HelloError) as raised,
        on_the_wire(plain),
    ):
        pass
    assert "with_deadline(channel)" in raised.value.hint


def test_the_channel_of_an_endpoint_can_be_watched() -> None:
    with (
        Endpoint.parse("http://localhost:1").open_channel() as dead,
        on_the_wire(dead) as wire,
        pytest.raises(grpc.RpcError),
    ):
        ArmoniKSessions(dead).get_session("x")
    assert [(call.name, call.code) for call in wire.calls] == [
        ("Sessions.GetSession", "UNAVAILABLE")
    ]


@pytest.mark.parametrize(
    ("path", "parts"),
    [
        ("/armonik.api.grpc.v1.sessions.Sessions/GetSession", ("Sessions", "GetSession")),
        ("/Plain/Method", ("Plain", "Method")),
        ("nonsense", ("", "nonsense")),
        ("", ("", "")),
    ],
)
def test_a_path_is_split_whatever_it_is(path: str, parts: tuple[str, str]) -> None:
    assert split_path(path) == parts
