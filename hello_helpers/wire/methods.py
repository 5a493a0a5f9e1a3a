"""The methods of a channel that can be watched, one class for each kind of call."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import grpc

from hello_helpers.wire.calls import OK
from hello_helpers.wire.ending import follow, note_status
from hello_helpers.wire.record import OpenCall, Record, Watchers


class _Method:
    """Makes the calls of one method; unwatched, they are those of the channel inside."""

    kind = ""

    def __init__(
        self,
        watchers: Watchers,
        inside: grpc.Channel,
        path: str,
        request_serializer: Any = None,
        response_deserializer: Any = None,
        *more: Any,
        **options: Any,
    ) -> None:
        make: Any = getattr(inside, self.kind)

        def make_one(to_bytes: Any, from_bytes: Any) -> Any:
            return make(path, to_bytes, from_bytes, *more, **options)

        self._make = make_one
        self._plain = make_one(request_serializer, response_deserializer)
        self._path = str(path)
        self._serializer = request_serializer
        self._deserializer = response_deserializer
        self._watchers = watchers

    def _begin(self, records: tuple[Record, ...]) -> tuple[Any, OpenCall]:
        """Return the method, good for one call that is written down, and what is written of it."""
        requests, responses = self.kind.split("_")
        entry = OpenCall(self._path, requests == "stream", responses == "stream")
        for record in records:
            record.add(entry)
        to_bytes = entry.serializer(self._serializer)
        return self._make(to_bytes, entry.deserializer(self._deserializer)), entry


def _wait(call: Callable[..., Any], entry: OpenCall, args: Any, kwargs: Any) -> Any:
    """Make a call that returns when it is over."""
    outcome = _attempt(call, entry, args, kwargs)
    entry.end(OK)
    return outcome


def _start(call: Callable[..., Any], entry: OpenCall, args: Any, kwargs: Any) -> Any:
    """Make a call that returns at once, and goes on."""
    started = _attempt(call, entry, args, kwargs)
    follow(started, entry)
    return started


def _attempt(call: Callable[..., Any], entry: OpenCall, args: Any, kwargs: Any) -> Any:
    try:
        return call(*args, **kwargs)
    except grpc.RpcError as error:
        note_status(error, entry)
        raise
    except BaseException as error:  # KeyboardInterrupt is one
        entry.end(type(error).__name__, "raised in the client")
        raise


class _OneResponse(_Method):
    """Methods that give one message: one can wait for it, or take a future."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Make a call; return the response."""
        if not (records := self._watchers.records):
            return self._plain(*args, **kwargs)
        method, entry = self._begin(records)
        return _wait(method, entry, args, kwargs)

    def with_call(self, *args: Any, **kwargs: Any) -> Any:
        """Make a call; return the response and the call."""
        if not (records := self._watchers.records):
            return self._plain.with_call(*args, **kwargs)
        method, entry = self._begin(records)
        return _wait(method.with_call, entry, args, kwargs)

    def future(self, *args: Any, **kwargs: Any) -> Any:
        """Begin a call; return it."""
        if not (records := self._watchers.records):
            return self._plain.future(*args, **kwargs)
        method, entry = self._begin(records)
        return _start(method.future, entry, args, kwargs)


class _ManyResponses(_Method):
    """Methods that give a stream of messages."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Begin a call; return it: it is also the iterator over the responses."""
        if not (records := self._watchers.records):
            return self._plain(*args, **kwargs)
        method, entry = self._begin(records)
        return _start(method, entry, args, kwargs)


class UnaryUnary(_OneResponse, grpc.UnaryUnaryMultiCallable):  # type: ignore[type-arg]
    """One request, one response."""

    kind = "unary_unary"


class StreamUnary(_OneResponse, grpc.StreamUnaryMultiCallable):  # type: ignore[type-arg]
    """A stream of requests, one response."""

    kind = "stream_unary"


class UnaryStream(_ManyResponses, grpc.UnaryStreamMultiCallable):  # type: ignore[type-arg]
    """One request, a stream of responses."""

    kind = "unary_stream"


class StreamStream(_ManyResponses, grpc.StreamStreamMultiCallable):  # type: ignore[type-arg]
    """A stream each way."""

    kind = "stream_stream"
