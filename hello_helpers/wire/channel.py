"""A channel that can be watched.

gRPC's own place for this would be an interceptor. But an interceptor sees the messages of a stream
only if it puts an object of its own in place of the call, and then much that programs do with a
call can break. It also makes every call a little slower, when nobody watches too. So this is a
channel around a channel, whose methods (methods.py) count where messages become bytes and bytes
become messages. The call objects are those of the channel inside.
"""

from __future__ import annotations

from typing import Any

import grpc

from hello_helpers.wire.methods import StreamStream, StreamUnary, UnaryStream, UnaryUnary
from hello_helpers.wire.record import Watchers


class WatchableChannel(grpc.Channel):
    """Does what the channel inside does.

    Attributes:
        watchers: whose records its calls are written into; mostly nobody's.
    """

    # The methods have the names and arguments of grpc.Channel; their last argument differs between
    # releases of grpcio, so they are handed on as they come.

    def __init__(self, inside: grpc.Channel) -> None:
        self._inside = inside
        self.watchers = Watchers()

    def unary_unary(self, method: str, *how: Any, **more: Any) -> Any:
        """Return a method with one request and one response."""
        return UnaryUnary(self.watchers, self._inside, method, *how, **more)

    def unary_stream(self, method: str, *how: Any, **more: Any) -> Any:
        """Return a method with one request and a stream of responses."""
        return UnaryStream(self.watchers, self._inside, method, *how, **more)

    def stream_unary(self, method: str, *how: Any, **more: Any) -> Any:
        """Return a method with a stream of requests and one response."""
        return StreamUnary(self.watchers, self._inside, method, *how, **more)

    def stream_stream(self, method: str, *how: Any, **more: Any) -> Any:
        """Return a method with a stream each way."""
        return StreamStream(self.watchers, self._inside, method, *how, **more)

    def subscribe(self, callback: Any, try_to_connect: Any = False) -> None:
        """Follow the state of the connection."""
        self._inside.subscribe(callback, try_to_connect=try_to_connect)

    def unsubscribe(self, callback: Any) -> None:
        """Follow it no more."""
        self._inside.unsubscribe(callback)

    def close(self) -> None:
        """Close the channel inside."""
        self._inside.close()

    def __enter__(self) -> WatchableChannel:
        """Return itself; it is closed at the end of the block."""
        return self

    def __exit__(self, *error: object) -> None:
        """Close it."""
        self.close()


def watchable(channel: grpc.Channel) -> WatchableChannel:
    """Return a channel that does the same as `channel`, and can be watched by `on_the_wire`."""
    return channel if isinstance(channel, WatchableChannel) else WatchableChannel(channel)
