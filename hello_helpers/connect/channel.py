"""The channel that the course opens: a grpc.Channel that knows where it goes.

It does what the channel inside does, and besides

- gives each call a deadline: the classes of `armonik.client` give none, so a server that stops
  answering would stop the client too, for ever;
- keeps which embedded ArmoniK has answered, and marks each call with that (see origin.py). A
  stream that fails is asked only then: gRPC's thread must not wait for its metadata;
- lets recorders write the calls down (`hello_helpers.wire` has some); mostly there are none.

gRPC's own place for this would be an interceptor. But an interceptor sees the messages of a stream
only if it puts an object of its own in place of the call, and then much that programs do with a
call can break. Here the call objects are those of the channel inside, and messages are seen where
they become bytes, and where bytes become messages.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

import grpc

from hello_helpers.connect.address import Address
from hello_helpers.connect.origin import Origin, mark
from hello_helpers.connect.threads import require_threads
from hello_helpers.connect.tls_files import read_tls_files

EVENTS = "/armonik.api.grpc.v1.events.Events/GetEvents"
"""The one call that is meant to stay open: it has a deadline only if one is asked for."""

UNARY, UNARY_STREAM, STREAM_UNARY, STREAM = (
    (requests, responses) for requests in (False, True) for responses in (False, True)
)
"""The four kinds of calls: whether requests, and whether responses are a stream."""


class Limits(NamedTuple):
    """Seconds that a call may take if it says nothing itself; None for no deadline.

    Attributes:
        call: for each single call.
        stream: for each stream that carries data, which may be large.
        events: for each stream of events.
    """

    call: float = 30.0
    stream: float = 600.0
    events: float | None = None

    def of(self, path: str, is_stream: bool) -> float | None:
        """Return the limit for the method with this path."""
        if path == EVENTS:
            return self.events
        return self.stream if is_stream else self.call


USUAL = Limits()


class Entry(Protocol):
    """What a recorder writes of one call."""

    def serializer(self, real: Any) -> Any:
        """Return a serializer that does what `real` does, and sees the requests."""

    def deserializer(self, real: Any) -> Any:
        """Return a deserializer that does what `real` does, and sees the responses."""

    def follow(self, call: grpc.Call) -> None:
        """See the end of a call that goes on; it must not be held (see `Channel`)."""

    def over(self, outcome: grpc.Call | BaseException) -> None:
        """See a call that is over, or the error that it has ended with."""


class Recorder(Protocol):
    """Whoever wants to know of the calls of a channel."""

    def begin(self, path: str, streams_requests: bool, streams_responses: bool, by: str) -> Entry:
        """See that a call begins; `by` is the helper that makes it, "" for the program itself."""


class Channel(grpc.Channel):
    """Does what the channel inside does.

    gRPC cancels a call when nobody holds its object any more, and programs rely on that: the loop
    of `ArmoniKEvents.get_events` simply ends. So nothing here holds a call that goes on.

    Attributes:
        address: where it goes; None if somebody else has made the channel inside.
        origin: what is known of the ArmoniK there.
        limits: how long its calls may take.
        recorders: who writes its calls down. Add and remove them as you like, from any thread.
        by: the helper that makes the calls of this object; "" for the program itself.
    """

    # The methods have the names and arguments of grpc.Channel; their last argument differs between
    # releases of grpcio, so they are handed on as they come.

    def __init__(
        self,
        inside: grpc.Channel,
        address: Address | None = None,
        origin: Origin | None = None,
        limits: Limits = USUAL,
        recorders: list[Recorder] | None = None,
        by: str = "",
    ) -> None:
        self._inside = inside
        self.address = address
        self.origin = Origin() if origin is None else origin
        self.limits = limits
        self.recorders: list[Recorder] = [] if recorders is None else recorders
        self.by = by

    def limited(self, limits: Limits, by: str = "") -> Channel:
        """Return the same channel with other deadlines, for a helper if one is named."""
        by = self.by or by
        return Channel(self._inside, self.address, self.origin, limits, self.recorders, by)

    def unary_unary(self, method: str, *how: Any, **more: Any) -> Any:
        """Return a method with one request and one response."""
        return _OneResponse(self, self._inside.unary_unary, UNARY, method, *how, **more)

    def unary_stream(self, method: str, *how: Any, **more: Any) -> Any:
        """Return a method with one request and a stream of responses."""
        return _ManyResponses(self, self._inside.unary_stream, UNARY_STREAM, method, *how, **more)

    def stream_unary(self, method: str, *how: Any, **more: Any) -> Any:
        """Return a method with a stream of requests and one response."""
        return _OneResponse(self, self._inside.stream_unary, STREAM_UNARY, method, *how, **more)

    def stream_stream(self, method: str, *how: Any, **more: Any) -> Any:
        """Return a method with a stream each way."""
        return _ManyResponses(self, self._inside.stream_stream, STREAM, method, *how, **more)

    def subscribe(self, callback: Any, try_to_connect: Any = False) -> None:
        """Follow the state of the connection."""
        self._inside.subscribe(callback, try_to_connect=try_to_connect)

    def unsubscribe(self, callback: Any) -> None:
        """Follow it no more."""
        self._inside.unsubscribe(callback)

    def close(self) -> None:
        """Close the channel inside."""
        self._inside.close()

    def __enter__(self) -> Channel:
        """Return itself; it is closed at the end of the block."""
        return self

    def __exit__(self, *error: object) -> None:
        """Close it."""
        self.close()


class _Method:
    """Makes the calls of one method."""

    def __init__(
        self,
        channel: Channel,
        make: Callable[..., Any],
        streams: tuple[bool, bool],
        path: str,
        request_serializer: Any = None,
        response_deserializer: Any = None,
        *more: Any,
        **options: Any,
    ) -> None:
        def make_one(to_bytes: Any, from_bytes: Any) -> Any:
            return make(path, to_bytes, from_bytes, *more, **options)

        self._make = make_one
        self._coders = (request_serializer, response_deserializer)
        self._unrecorded = make_one(*self._coders)
        self._channel = channel
        self._streams = streams
        self._path = str(path)
        self._seconds = channel.limits.of(self._path, any(streams))

    def _begin(self) -> tuple[Any, list[Entry]]:
        """Return gRPC's method, good for one call, and what is written of that call."""
        recorders = tuple(self._channel.recorders)
        if not recorders:
            return self._unrecorded, []
        by = self._channel.by
        entries = [recorder.begin(self._path, *self._streams, by) for recorder in recorders]
        to_bytes, from_bytes = self._coders
        for entry in entries:
            to_bytes, from_bytes = entry.serializer(to_bytes), entry.deserializer(from_bytes)
        return self._make(to_bytes, from_bytes), entries

    def _call(self, method: Any, entries: list[Entry], how: Any, more: Any) -> Any:
        if len(how) > 1:  # the second argument is the timeout
            how = (how[0], self._seconds if how[1] is None else how[1], *how[2:])
        elif more.get("timeout") is None:
            more = {**more, "timeout": self._seconds}
        try:
            return method(*how, **more)
        except BaseException as error:  # KeyboardInterrupt is one
            if isinstance(error, grpc.RpcError):
                mark(error, self._channel.origin)
                self._channel.origin.hear(error)
            for entry in entries:
                entry.over(error)
            raise

    def _started(self, call: Any, entries: list[Entry]) -> Any:
        """Follow a call that goes on."""
        mark(call, self._channel.origin)
        for entry in entries:
            entry.follow(call)
        return call


class _OneResponse(_Method, grpc.UnaryUnaryMultiCallable, grpc.StreamUnaryMultiCallable):  # type: ignore[type-arg]
    """Methods that give one message: one can wait for it, or take a future."""

    def __call__(self, *how: Any, **more: Any) -> Any:
        """Make a call; return the response."""
        return self.with_call(*how, **more)[0]

    def with_call(self, *how: Any, **more: Any) -> Any:
        """Make a call; return the response and the call."""
        method, entries = self._begin()
        response, call = self._call(method.with_call, entries, how, more)
        self._channel.origin.hear(call)
        for entry in entries:
            entry.over(call)
        return response, call

    def future(self, *how: Any, **more: Any) -> Any:
        """Begin a call; return it."""
        method, entries = self._begin()
        return self._started(self._call(method.future, entries, how, more), entries)


class _ManyResponses(_Method, grpc.UnaryStreamMultiCallable, grpc.StreamStreamMultiCallable):  # type: ignore[type-arg]
    """Methods that give a stream of messages."""

    def __call__(self, *how: Any, **more: Any) -> Any:
        """Begin a call; return it: it is also the iterator over the responses."""
        method, entries = self._begin()
        return self._started(self._call(method, entries, how, more), entries)


def open_channel(address: Address, origin: Origin | None = None) -> Channel:
    """Open a channel; the connection itself is made with the first call.

    Raises:
        TlsFileError: if a TLS file is missing or unusable.
        HelloError: if this machine has no threads left for gRPC.
    """
    from armonik.common import create_channel  # takes its time

    require_threads()
    files = read_tls_files(address)
    channel = create_channel(
        address.url,
        options=address.channel_options(),
        certificate_authority=files.certificate_authority,
        client_certificate=files.client_certificate,
        client_key=files.client_key,
    )
    return Channel(channel, address, origin)
