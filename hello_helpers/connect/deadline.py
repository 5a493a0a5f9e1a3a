"""A deadline for every call of a channel.

The classes of `armonik.client` give their calls no deadline, so a server that stops answering would
stop the client too, for ever. gRPC has a place for what concerns all calls: an interceptor.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import grpc

EVENTS = "/armonik.api.grpc.v1.events.Events/GetEvents"
"""The one call that is meant to stay open: it has a deadline only if one is asked for."""

CALL_SECONDS = 30.0
STREAM_SECONDS = 600.0
"""For the streams that carry data, which may be large."""


class _Details(NamedTuple):
    """What gRPC wants to know of a call (`grpc.ClientCallDetails`)."""

    method: str
    timeout: float | None
    metadata: Sequence[tuple[str, str | bytes]] | None
    credentials: Any
    wait_for_ready: bool | None
    compression: Any


class _Deadline(
    grpc.UnaryUnaryClientInterceptor,
    grpc.UnaryStreamClientInterceptor,
    grpc.StreamUnaryClientInterceptor,
):
    """Gives each call without a deadline one."""

    def __init__(
        self, call_seconds: float, stream_seconds: float, events_seconds: float | None
    ) -> None:
        self._call_seconds = call_seconds
        self._stream_seconds = stream_seconds
        self._events_seconds = events_seconds

    def intercept_unary_unary(
        self, continuation: Callable[..., Any], details: Any, request: Any
    ) -> Any:
        return continuation(_limit(details, self._call_seconds), request)

    def intercept_unary_stream(
        self, continuation: Callable[..., Any], details: Any, request: Any
    ) -> Any:
        events = details.method == EVENTS
        seconds = self._events_seconds if events else self._stream_seconds
        return continuation(_limit(details, seconds), request)

    def intercept_stream_unary(
        self, continuation: Callable[..., Any], details: Any, requests: Any
    ) -> Any:
        return continuation(_limit(details, self._stream_seconds), requests)


def _limit(details: Any, seconds: float | None) -> Any:
    if details.timeout is not None or seconds is None:
        return details
    return _Details(
        details.method,
        seconds,
        details.metadata,
        details.credentials,
        details.wait_for_ready,
        details.compression,
    )


def with_deadline(
    channel: grpc.Channel,
    call_seconds: float = CALL_SECONDS,
    stream_seconds: float = STREAM_SECONDS,
    events_seconds: float | None = None,
) -> grpc.Channel:
    """Return the same channel, whose calls fail with DEADLINE_EXCEEDED instead of hanging.

    Args:
        channel: to the control plane.
        call_seconds: for each single call.
        stream_seconds: for each stream that carries data.
        events_seconds: for each stream of events; None for no deadline.
    """
    return grpc.intercept_channel(channel, _Deadline(call_seconds, stream_seconds, events_seconds))
