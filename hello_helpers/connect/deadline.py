"""Other deadlines for the calls of a channel."""

from __future__ import annotations

import grpc

from hello_helpers.connect.channel import USUAL, Channel, Limits


def with_deadline(
    channel: grpc.Channel,
    call_seconds: float = USUAL.call,
    stream_seconds: float = USUAL.stream,
    events_seconds: float | None = None,
    by: str = "",
) -> Channel:
    """Return the same channel, whose calls fail with DEADLINE_EXCEEDED instead of hanging.

    Args:
        channel: to the control plane; any channel of gRPC.
        call_seconds: for each single call.
        stream_seconds: for each stream that carries data.
        events_seconds: for each stream of events; None for no deadline.
        by: the helper that makes the calls, as records of them name it; "" for the program itself.
    """
    own = channel if isinstance(channel, Channel) else Channel(channel)
    return own.limited(Limits(call_seconds, stream_seconds, events_seconds), by)
