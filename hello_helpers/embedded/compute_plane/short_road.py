"""The short road: the agent's hand inside a Python worker, at the end of a private socket.

See `inside` for what is at the other end.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager

import grpc
from armonik.protogen.common.worker_common_pb2 import HealthCheckReply, ProcessReply, ProcessRequest

from ..data_plane.plane import DataPlane
from .inside.connection import DONE, HEALTH, PREFIX, TASK, Frame, lengths
from .outcome import Outcome, of_failure, of_reply
from .road import Road
from .staging import Staging
from .worker_process import WorkerProcess


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


log = logging.getLogger(__name__)

LONGEST_MESSAGE = 4 * 1024 * 1024
"""Bytes of a message that a gRPC server takes, unless it is told otherwise; armonik's is not."""


class ShortRoad(Road):
    """Talks to the inside of one worker process."""

    def __init__(self, process: WorkerProcess, plane: DataPlane) -> None:
        super().__init__(process)
        self._plane = plane
        self._stream = FrameStream(self._take, self._end)
        self._inputs: tuple[dict[str, bytes], dict[str, str]] = ({}, {})
        self._done: dict[str, asyncio.Future[Frame]] = {}
        self._health: asyncio.Future[Frame] | None = None
        self._broken = False

    @classmethod
    @asynccontextmanager
    async def open(
        cls, process: WorkerProcess, plane: DataPlane, connection: socket.socket
    ) -> AsyncIterator[ShortRoad]:
        """Take over a connection that a worker has opened, and wait until it is healthy.

        Raises:
            WorkerFailed: it ended before, or was not healthy in time.
        """
        road = cls(process, plane)
        loop = asyncio.get_running_loop()
        await loop.connect_accepted_socket(lambda: road._stream, connection)
        try:
            await road.wait_for_health()
            yield road
        finally:
            road._stream.close()

    def bring(self, _staging: Staging, objects: Mapping[str, bytes]) -> dict[str, bytes]:
        """Take small objects along; of large ones the worker gets the path, to read only."""
        data: dict[str, bytes] = {}
        files: dict[str, str] = {}
        for result_id, opaque_id in objects.items():
            small = self._plane.objects.small(opaque_id)
            if small is not None:
                data[result_id] = small
            else:
                files[result_id] = str(self._plane.objects.path(opaque_id))
        self._inputs = (data, files)
        return {}

    async def run(self, staging: Staging, request: ProcessRequest, max_duration: float) -> Outcome:
        """Send the task and wait for its end."""
        data, files = self._inputs
        message = request.SerializeToString()
        if len(message) > LONGEST_MESSAGE:
            sizes = f"({len(message)} vs. {LONGEST_MESSAGE})"
            details = f"SERVER: Received message larger than max {sizes}"
            return of_failure(grpc.StatusCode.RESOURCE_EXHAUSTED, details)
        position = self.process.log.position()
        done = self._done[staging.token] = self._expect()
        values = {"data": list(data), "files": files}
        self._stream.send(Frame(TASK, values, [message, *data.values()]))
        try:
            frame = await _within(max_duration, done)
        except asyncio.TimeoutError:
            return of_failure(grpc.StatusCode.DEADLINE_EXCEEDED)
        except ConnectionError:
            return await self.failure(grpc.StatusCode.UNAVAILABLE, "", position)
        finally:
            self._done.pop(staging.token, None)
        self.prove()
        if failure := frame.values.get("failure"):
            code, details = failure
            return await self.failure(grpc.StatusCode[code], details, position)
        reply, *parts = frame.parts
        staging.announce(frame.values["announced"])
        staging.produce(dict(zip(frame.values["data"], parts, strict=True)))
        return of_reply(ProcessReply.FromString(reply))

    async def is_serving(self, limit: float) -> bool:
        """Ask the inside for the worker's health; it cannot answer while it runs a task."""
        self._health = self._expect()
        self._stream.send(Frame(HEALTH))
        try:
            frame = await _within(limit, self._health)
        except (asyncio.TimeoutError, ConnectionError):
            return False
        self.prove()
        return bool(frame.values.get("status") == HealthCheckReply.SERVING)

    def _expect(self) -> asyncio.Future[Frame]:
        """Return a future for a frame to come; it fails at once if the connection is broken."""
        future: asyncio.Future[Frame] = asyncio.get_running_loop().create_future()
        if self._broken:
            future.set_exception(ConnectionError("the worker hung up"))
        return future

    def _take(self, frame: Frame) -> None:
        """Take a frame."""
        if frame.kind == DONE:
            done = self._done.get(frame.values["token"])
            if done and not done.done():  # else: a task that was taken away meanwhile
                done.set_result(frame)
        elif frame.kind == HEALTH and self._health and not self._health.done():
            self._health.set_result(frame)

    def _end(self, reason: Exception | None) -> None:
        """Tell whoever waits that the connection is gone."""
        why = f": {reason!r}" if reason else ""
        log.info("The worker of pod %s has hung up%s", self.process.name, why)
        self._broken, self._proven_at = True, 0.0
        for waiting in [*self._done.values(), *([self._health] if self._health else [])]:
            if not waiting.done():
                waiting.set_exception(ConnectionError("the worker hung up"))


async def _within(limit: float, answer: asyncio.Future[Frame]) -> Frame:
    """Wait for an answer; `asyncio.wait_for` needs one more turn of the event loop.

    Raises:
        asyncio.TimeoutError: it has not come within ``limit`` seconds.
    """

    def give_up() -> None:
        if not answer.done():
            answer.set_exception(asyncio.TimeoutError())

    timer = asyncio.get_running_loop().call_later(limit, give_up)
    try:
        return await answer
    finally:
        timer.cancel()
