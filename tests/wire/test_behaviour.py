"""A channel does the same whether it is watched or not, also where gRPC is delicate."""

import gc
import threading
from collections.abc import Callable, Iterator
from unittest.mock import Mock

import grpc
import pytest

from hello_helpers.connect.channel import EVENTS
from hello_helpers.connect.deadline import with_deadline
from hello_helpers.wire import on_the_wire

from .server import Echo, EchoServer

CANCELLED, NOT_FOUND = grpc.StatusCode.CANCELLED, grpc.StatusCode.NOT_FOUND
SECONDS = 10


def test_all_four_kinds_give_what_the_server_sends(any_echo: Echo) -> None:
    assert any_echo.one(b"a") == b"a"
    assert list(any_echo.answers(b"ab")) == [b"ab"] * 3
    assert any_echo.sum(iter([b"a", b"bc"])) == b"abc"
    assert list(any_echo.talk(iter([b"a", b"b"]))) == [b"a", b"b"]


def test_a_call_that_is_asked_for_tells_its_status_and_metadata(any_echo: Echo) -> None:
    response, call = any_echo.one.with_call(b"a", metadata=[("token", "secret")])
    assert (response, call.code(), call.details()) == (b"a", grpc.StatusCode.OK, "")
    assert call.initial_metadata() is not None
    response, call = any_echo.sum.with_call(iter([b"a", b"b"]))
    assert (response, call.code()) == (b"ab", grpc.StatusCode.OK)


def test_a_future_is_a_future(any_echo: Echo) -> None:
    for future in (any_echo.one.future(b"a"), any_echo.sum.future(iter([b"a"]))):
        assert isinstance(future, grpc.Future)
        done = threading.Event()
        future.add_done_callback(lambda _, done=done: done.set())
        assert future.result(SECONDS) == b"a"
        assert (future.exception(SECONDS), future.done(), future.cancelled()) == (None, True, False)
        assert done.wait(SECONDS)


def test_a_stream_is_a_call_with_all_that_belongs_to_it(any_echo: Echo) -> None:
    stream = any_echo.answers(b"a", timeout=SECONDS)
    assert isinstance(stream, grpc.Call)
    assert isinstance(stream, grpc.RpcError)
    assert next(stream) == b"a"
    assert stream.is_active()
    assert 0 < stream.time_remaining() <= SECONDS
    assert list(stream) == [b"a", b"a"]
    assert (stream.code(), list(stream.trailing_metadata())) == (grpc.StatusCode.OK, [])


def raised_by(call: Callable[[Echo], object], echo: Echo) -> tuple[grpc.StatusCode, str]:
    """Return code and details of the error of a call."""
    with pytest.raises(grpc.RpcError) as raised:
        call(echo)
    return raised.value.code(), raised.value.details()


@pytest.mark.parametrize(
    "call",
    [
        pytest.param(lambda echo: echo.one(b"refuse"), id="a call"),
        pytest.param(lambda echo: echo.one.with_call(b"refuse"), id="a call with its metadata"),
        pytest.param(lambda echo: echo.one.future(b"refuse").result(SECONDS), id="a future"),
        pytest.param(lambda echo: list(echo.answers(b"refuse")), id="a stream of responses"),
        pytest.param(lambda echo: echo.sum(iter([b"refuse"])), id="a stream of requests"),
        pytest.param(lambda echo: list(echo.talk(iter([b"refuse"]))), id="a stream each way"),
    ],
)
def test_an_error_is_raised_with_code_and_details(
    any_echo: Echo, call: Callable[[Echo], object]
) -> None:
    assert raised_by(call, any_echo) == (NOT_FOUND, "no such <thing>")


@pytest.mark.parametrize(
    "call",
    [
        pytest.param(lambda echo: echo.one(b"hold", 0.05), id="a call"),
        pytest.param(lambda echo: list(echo.answers(b"hold", 0.1)), id="a stream of responses"),
    ],
)
def test_a_deadline_ends_a_call(any_echo: Echo, call: Callable[[Echo], object]) -> None:
    assert raised_by(call, any_echo)[0] == grpc.StatusCode.DEADLINE_EXCEEDED


def test_cancelling_ends_a_stream_here_and_at_the_server(
    any_echo: Echo, server: EchoServer
) -> None:
    stream = any_echo.answers(b"hold")
    next(stream)
    stream.cancel()
    assert server.ended.wait(SECONDS)
    with pytest.raises(grpc.RpcError):
        next(stream)
    assert (stream.code(), stream.cancelled()) == (CANCELLED, True)


def test_cancelling_ends_a_future(any_echo: Echo, server: EchoServer) -> None:
    future = any_echo.one.future(b"hold")
    assert not future.done()
    future.cancel()
    with pytest.raises(grpc.FutureCancelledError):
        future.result(SECONDS)
    server.go_on.set()


def test_a_stream_that_nobody_holds_any_more_ends_at_the_server(
    any_echo: Echo, server: EchoServer
) -> None:
    for message in any_echo.answers(b"hold"):
        assert message == b"hold"
        break
    gc.collect()
    assert server.ended.wait(SECONDS)


def test_requests_that_raise_end_the_call(any_echo: Echo) -> None:
    def requests() -> Iterator[bytes]:
        yield b"a"
        raise RuntimeError("no more")

    assert raised_by(lambda echo: echo.sum(requests()), any_echo)[0] == grpc.StatusCode.UNKNOWN


def test_garbage_is_refused_as_ever(any_echo: Echo) -> None:
    with pytest.raises(TypeError):
        any_echo.one(object())
    assert any_echo.one(b"the channel is as good as before") != b""


def test_a_serializer_that_fails_is_an_internal_error(server: EchoServer) -> None:
    fail = Mock(side_effect=ValueError("cannot"))
    with with_deadline(grpc.insecure_channel(server.url)) as channel, on_the_wire(channel) as wire:
        for how in ({"request_serializer": fail}, {"response_deserializer": fail}):
            for call in (lambda echo: echo.one(b"a"), lambda echo: list(echo.answers(b"a"))):
                assert raised_by(call, Echo(channel, **how))[0] == grpc.StatusCode.INTERNAL
    assert [call.code for call in wire.calls] == ["INTERNAL"] * 4
    assert [call.requests.count for call in wire.calls] == [0, 0, 1, 1]


def test_a_closed_channel_says_so(any_echo: Echo, server: EchoServer) -> None:
    any_echo.one(b"a")
    channel = with_deadline(grpc.insecure_channel(server.url))
    late = Echo(channel)
    with on_the_wire(channel) as wire:
        channel.close()
        with pytest.raises(ValueError, match="closed channel"):
            late.one(b"a")
    assert [(call.code, call.requests.count) for call in wire.calls] == [("ValueError", 1)]


def test_each_kind_of_call_has_its_own_deadline_if_it_says_nothing_itself(
    server: EchoServer,
) -> None:
    with grpc.insecure_channel(server.url) as plain:
        echo = Echo(with_deadline(plain, 10, 100))
        limited = {
            10: [echo.one.future(b"a"), echo.one.future(b"a", None), echo.one.future(request=b"a")],
            100: [echo.answers(b"a"), echo.sum.future(iter([b"a"])), echo.talk(iter([b"a"]))],
            1000: [
                with_deadline(plain, events_seconds=1000).unary_stream(EVENTS)(b"a"),
                echo.one.future(b"a", 1000),
                echo.answers(b"a", timeout=1000),
            ],
        }
        for seconds, calls in limited.items():
            assert all(seconds - SECONDS < call.time_remaining() <= seconds for call in calls)
        assert with_deadline(plain).unary_stream(EVENTS)(b"a").time_remaining() is None
