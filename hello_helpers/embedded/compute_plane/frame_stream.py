"""The pod's end of the private socket to a Python worker: bytes in, frames out."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from .inside.frames import PREFIX, Frame, lengths


class FrameStream(asyncio.Protocol):
    """Cuts what comes into frames, and hands each one over at once.

    Every task needs two frames, so this is a protocol and no `asyncio.StreamReader`, which would
    wake a coroutine for each part of a frame.
    """

    def __init__(
        self, on_frame: Callable[[Frame], None], on_end: Callable[[Exception | None], None]
    ) -> None:
        """Take what is called for each frame, and once at the end (with the reason, if any)."""
        self._on_frame = on_frame
        self._on_end = on_end
        self._buffer = bytearray()
        self._reason: Exception | None = None
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin (called by the event loop)."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Take bytes (called by the event loop)."""
        self._buffer += data
        try:
            while frame := self._next():
                self._on_frame(frame)
        except Exception as error:
            self.give_up(error)

    def give_up(self, reason: Exception) -> None:
        """End the connection at once: what came is not what a worker sends."""
        self._reason = reason
        self._buffer.clear()
        if self._transport is not None:
            self._transport.abort()

    def _next(self) -> Frame | None:
        """Take a frame off the buffer; None if it is not whole yet.

        Raises:
            ValueError: that is no frame.
        """
        if len(self._buffer) < PREFIX.size:
            return None
        header, body = lengths(bytes(self._buffer[: PREFIX.size]))
        begin, end = PREFIX.size + header, PREFIX.size + header + body
        if len(self._buffer) < end:
            return None
        frame = Frame.decode(
            bytes(self._buffer[PREFIX.size : begin]), bytes(self._buffer[begin:end])
        )
        del self._buffer[:end]
        return frame

    def connection_lost(self, error: Exception | None) -> None:
        """End (called by the event loop)."""
        self._on_end(self._reason or error)

    def send(self, frame: Frame) -> None:
        """Send a frame; after the end, nothing happens."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(frame.encode())

    def close(self) -> None:
        """Hang up."""
        if self._transport is not None:
            self._transport.close()
