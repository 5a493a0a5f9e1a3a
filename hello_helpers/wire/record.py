"""Notes about calls, written while they are made, by whichever threads make them."""

from __future__ import annotations

import functools
import threading
import time
import weakref
from collections.abc import Callable
from typing import Any

import grpc

from hello_helpers.wire.calls import BY_CLIENT, CANCELLED, Call, Messages, split_path

KEPT_TIMES = 200
"""Times of messages that are kept of each direction of a call.

Of more messages, the times of every second one are kept, then of every fourth, and so on.
"""

KEPT_CALLS = 10_000
"""Calls that are kept; whoever makes more wants a profiler, and not a picture."""

Serializer = Callable[[Any], bytes]
Deserializer = Callable[[bytes], Any]

now = time.perf_counter


class Direction:
    """Counts the messages in one direction. One thread at a time writes it: gRPC sees to that."""

    def __init__(self) -> None:
        self.count = 0
        self.size = 0
        self._times: list[float] = []
        self._every = 1
        self._last = 0.0

    def note(self, data: object) -> None:
        """Write down a message. What is no message is left to gRPC, which refuses it."""
        if not isinstance(data, bytes):
            return
        self._last = now()
        if self.count % self._every == 0:
            self._times.append(self._last)
            if len(self._times) > KEPT_TIMES:
                self._times, self._every = self._times[::2], 2 * self._every
        self.count += 1
        self.size += len(data)

    def messages(self, zero: float) -> Messages:
        """Return what is known; times count from `zero`."""
        times, last = list(self._times), self._last
        if times and times[-1] < last:
            times.append(last)
        return Messages(self.count, self.size, tuple(time - zero for time in times))


class OpenCall:
    """One call, from its begin on."""

    def __init__(
        self, path: str, streams_requests: bool, streams_responses: bool, by: str = ""
    ) -> None:
        self.requests = Direction()
        self.responses = Direction()
        self._path = path
        self._by = by
        self._streams = (streams_requests, streams_responses)
        # Reentrant: to let go of a call calls `_drop`, and garbage is collected at any time.
        self._lock = threading.RLock()
        self._dropped: float | None = None
        self._ended: float | None = None
        self._code = ""
        self._details = ""
        self._began = now()

    def serializer(self, real: Serializer | None) -> Serializer:
        """Return a serializer that counts what `real` makes, and makes the same."""
        note = self.requests.note

        def serialize(message: Any) -> bytes:
            data = real(message) if real is not None else message
            note(data)
            return data

        return serialize

    def deserializer(self, real: Deserializer | None) -> Deserializer:
        """Return a deserializer that counts what `real` reads, and reads the same."""
        note = self.responses.note

        def deserialize(data: bytes) -> Any:
            note(data)
            return real(data) if real is not None else data

        return deserialize

    def follow(self, call: Any) -> None:
        """Write down how a call ends, whenever that is, without holding it.

        For this reason `add_done_callback` will not do: it holds the call until the end.
        """
        # Alive, the call says how it has ended. When it is gone, this part of it can still tell.
        state = getattr(call, "_state", None)
        alive = weakref.ref(call, lambda _: self._drop())
        # As a partial, because gRPC reads its `func` if it fails, and dies if there is none.
        if not call.add_callback(functools.partial(self._note_end, alive, state)):
            self.over(call)

    def _note_end(self, alive: weakref.ref[Any], state: Any) -> None:
        call = alive()
        if call is not None:
            self.over(call)
        elif (code := getattr(state, "code", None)) is not None:
            stopped = getattr(state, "cancelled", False)
            self._end(_name(code), BY_CLIENT if stopped else _text(getattr(state, "details", "")))
        else:
            self._drop()

    def over(self, outcome: Any) -> None:
        """Write down the status of a call, or of the error, that it has ended with."""
        if not isinstance(outcome, (grpc.RpcError, grpc.Call)):
            self._end(type(outcome).__name__, "raised in the client")
        elif (code := getattr(outcome, "code", None)) is None:  # a bare RpcError has none
            self._end(type(outcome).__name__)
        else:
            stopped = isinstance(outcome, grpc.Future) and outcome.cancelled()
            self._end(_name(code()), BY_CLIENT if stopped else _text(outcome.details()))

    def _end(self, code: str, details: str = "") -> None:
        with self._lock:
            if self._ended is None:
                self._ended, self._code, self._details = now(), code, details

    def _drop(self) -> None:
        # Nobody holds the call any more; gRPC cancels it then. If it had ended just before, `_end`
        # may come later, and then that counts.
        with self._lock:
            self._dropped = self._dropped or now()

    def call(self, zero: float) -> Call:
        """Return what is known now; times count from `zero`."""
        with self._lock:
            ended, code, details = self._ended, self._code, self._details
            if ended is None and self._dropped is not None:
                ended, code, details = self._dropped, CANCELLED, BY_CLIENT
        service, method = split_path(self._path)
        return Call(
            service,
            method,
            *self._streams,
            self._began - zero,
            None if ended is None else ended - zero,
            self.requests.messages(zero),
            self.responses.messages(zero),
            code,
            details,
            self._by,
        )


class Record:
    """The calls of a stretch of time, in the order of their begin."""

    def __init__(self) -> None:
        self.began = now()
        self.left_out = 0
        self._calls: list[OpenCall] = []

    def begin(
        self, path: str, streams_requests: bool, streams_responses: bool, by: str = ""
    ) -> OpenCall:
        """Write down a call that begins now; `by` is the helper that makes it."""
        call = OpenCall(path, streams_requests, streams_responses, by)
        if len(self._calls) < KEPT_CALLS:
            self._calls.append(call)
        else:
            self.left_out += 1
        return call

    def calls(self) -> tuple[Call, ...]:
        """Return what is known now; open calls go on."""
        return tuple(call.call(self.began) for call in list(self._calls))


def _name(code: Any) -> str:
    return str(getattr(code, "name", code))


def _text(details: Any) -> str:
    return details.decode("utf-8", "replace") if isinstance(details, bytes) else str(details or "")
