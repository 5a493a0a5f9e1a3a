"""The short road: the agent's hand inside a Python worker, at the end of a private socket.

See `inside` for what is at the other end.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

from armonik.protogen.common import agent_common_pb2 as messages
from armonik.protogen.common.worker_common_pb2 import HealthCheckReply, ProcessReply, ProcessRequest

from ..data_plane.plane import DataPlane
from ..errors import RequestError, StorageError
from .agent_service import Agent
from .inside.connection import ANSWER, CALL, DONE, HEALTH, PREFIX, TASK, Frame, lengths
from .outcome import Outcome, Verdict, of_exception, of_reply
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

_REQUESTS = {
    "CreateResultsMetaData": messages.CreateResultsMetaDataRequest,
    "CreateResults": messages.CreateResultsRequest,
    "SubmitTasks": messages.SubmitTasksRequest,
    "GetResourceData": messages.DataRequest,
}


class ShortRoad(Road):
    """Talks to the inside of one worker process."""

    def __init__(
        self,
        process: WorkerProcess,
        plane: DataPlane,
        agent: Agent,
    ) -> None:
        super().__init__(process)
        self._plane = plane
        self._agent = agent
        self._stream = FrameStream(self._take, self._end)
        self._answering: asyncio.Task[None] | None = None
        self._later: deque[Frame] = deque()
        self._inputs: tuple[dict[str, bytes], dict[str, str]] = ({}, {})
        self._done: dict[str, asyncio.Future[Frame]] = {}
        self._health: asyncio.Future[Frame] | None = None
        self._broken = False

    @classmethod
    @asynccontextmanager
    async def open(
        cls, process: WorkerProcess, plane: DataPlane, agent: Agent, connection: socket.socket
    ) -> AsyncIterator[ShortRoad]:
        """Take over a connection that a worker has opened, and wait until it is healthy.

        Raises:
            WorkerFailed: it ended before, or was not healthy in time.
        """
        road = cls(process, plane, agent)
        loop = asyncio.get_running_loop()
        await loop.connect_accepted_socket(lambda: road._stream, connection)
        try:
            await road.wait_for_health()
            yield road
        finally:
            road._stream.close()
            if road._answering is not None:
                road._answering.cancel()

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
        values = {"data": list(data), "files": files}
        done = self._done[staging.token] = self._expect()
        self._stream.send(Frame(TASK, values, [request.SerializeToString(), *data.values()]))
        try:
            frame = await asyncio.wait_for(done, max_duration)
        except asyncio.TimeoutError:
            return Outcome(Verdict.TIMEOUT, "Deadline Exceeded")
        except ConnectionError:
            await asyncio.wait({asyncio.ensure_future(self.process.exited.wait())}, timeout=1.0)
            return of_exception("Unavailable", self.process.end_report(), died=True)
        finally:
            self._done.pop(staging.token, None)
        self.prove()
        return self._outcome(staging, frame)

    def _outcome(self, staging: Staging, frame: Frame) -> Outcome:
        parts = list(frame.parts)
        if not frame.values["reply"]:
            return of_exception("Internal", str(frame.values["error"]))
        reply = ProcessReply.FromString(parts.pop(0))
        staging.announce(frame.values["announced"])
        staging.produce(dict(zip(frame.values["data"], parts, strict=True)))
        return of_reply(reply)

    async def is_serving(self, limit: float) -> bool:
        """Ask the inside for the worker's health; it cannot answer while it runs a task."""
        self._health = self._expect()
        self._stream.send(Frame(HEALTH))
        try:
            frame = await asyncio.wait_for(self._health, limit)
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
        """Take a frame. Those behind a call wait until it is answered: they may build on it."""
        if self._answering is not None:
            self._later.append(frame)
        elif frame.kind == CALL:
            self._answering = asyncio.create_task(self._answer_in_turn(frame))
        elif frame.kind == DONE:
            done = self._done.get(frame.values["token"])
            if done and not done.done():  # else: a task that was taken away meanwhile
                done.set_result(frame)
        elif frame.kind == HEALTH and self._health and not self._health.done():
            self._health.set_result(frame)

    async def _answer_in_turn(self, call: Frame) -> None:
        try:
            self._stream.send(await self._answer(call))
            self._answering = None
            while self._later and self._answering is None:
                self._take(self._later.popleft())
        except Exception as error:  # nobody waits for this coroutine, but the worker waits for it
            self._stream.give_up(error)

    def _end(self, reason: Exception | None) -> None:
        """Tell whoever waits that the connection is gone."""
        why = f": {reason!r}" if reason else ""
        log.info("The worker of pod %s has hung up%s", self.process.name, why)
        self._broken, self._proven_at = True, 0.0
        for waiting in [*self._done.values(), *([self._health] if self._health else [])]:
            if not waiting.done():
                waiting.set_exception(ConnectionError("the worker hung up"))

    async def _answer(self, frame: Frame) -> Frame:
        """Answer a call of the Agent service with the code that serves gRPC, too."""
        name, number = frame.values["method"], {"number": frame.values["number"]}
        method: Any = getattr(self._agent, name)
        try:
            reply = await method(_REQUESTS[name].FromString(frame.parts[0]), None)
        except (RequestError, StorageError) as error:
            return Frame(ANSWER, {**number, "code": error.code, "details": str(error)})
        except Exception:
            log.exception("A call of the worker failed: %s", name)
            return Frame(ANSWER, {**number, "code": "UNKNOWN", "details": "See the log"})
        return Frame(ANSWER, number, [reply.SerializeToString()])
