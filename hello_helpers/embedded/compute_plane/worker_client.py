"""The agent's view of its worker: the Worker service, at the end of a socket."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import grpc
from armonik.protogen.common.objects_pb2 import Empty
from armonik.protogen.common.worker_common_pb2 import HealthCheckReply, ProcessReply, ProcessRequest
from armonik.protogen.worker.worker_service_pb2_grpc import WorkerStub

from ..errors import EmbeddedError
from .worker_process import WorkerProcess

START_LIMIT = 60.0
"""Seconds that a worker has to become healthy; ArmoniK's agent gives about as many."""

HEALTH_LIMIT = 5.0
"""Seconds for one health check, as in ArmoniK."""

FRESH = 1.0
"""Seconds for which a health check, or a finished task, counts as proof of health."""

CALL_LIMIT = 10 * 365 * 24 * 3600.0
"""Seconds: the longest deadline that is handed to gRPC; max_duration may be absurdly long."""

_OPTIONS = (
    ("grpc.default_authority", "localhost"),  # some servers refuse a path as authority
    ("grpc.max_receive_message_length", -1),
    ("grpc.enable_http_proxy", 0),
)


class WorkerFailed(EmbeddedError):
    """A worker ended, or is not healthy. The message is its end report."""


class WorkerClient:
    """Calls one worker process."""

    def __init__(self, process: WorkerProcess, channel: grpc.aio.Channel) -> None:
        self.process = process
        self._stub = WorkerStub(channel)
        self._proven_at = 0.0

    @classmethod
    @asynccontextmanager
    async def connect(cls, process: WorkerProcess) -> AsyncIterator[WorkerClient]:
        """Wait until a worker listens and is healthy; yield a client for it.

        Raises:
            WorkerFailed: it ended before, or was not healthy in time.
        """
        deadline = time.monotonic() + START_LIMIT
        await _listening(process, deadline)
        target = f"unix://{process.worker_socket}"
        async with grpc.aio.insecure_channel(target, options=_OPTIONS) as channel:
            client = cls(process, channel)
            delay = 0.05
            while not await client.is_serving(HEALTH_LIMIT):
                if process.exited.is_set() or time.monotonic() > deadline:
                    raise WorkerFailed(f"not healthy: {process.end_report()}")
                await asyncio.sleep(delay)
                delay = min(delay * 2, 2.0)
            yield client

    async def is_serving(self, limit: float) -> bool:
        """Ask the worker for its health. A worker without health checks counts as healthy."""
        try:
            reply = await self._stub.HealthCheck(Empty(), timeout=limit)
        except grpc.aio.AioRpcError as error:
            healthy = error.code() is grpc.StatusCode.UNIMPLEMENTED
        else:
            healthy = reply.status == HealthCheckReply.SERVING
        if healthy:
            self.prove()
        return healthy

    def prove(self) -> None:
        """Note that the worker has just shown to be healthy."""
        self._proven_at = time.monotonic()

    async def is_fit(self) -> bool:
        """Tell whether a task may be sent, asking only if the last proof is not fresh."""
        if self.process.exited.is_set():
            return False
        fresh = time.monotonic() - self._proven_at < FRESH
        return fresh or await self.is_serving(HEALTH_LIMIT)

    def process_task(
        self, request: ProcessRequest, max_duration: float
    ) -> grpc.aio.UnaryUnaryCall[ProcessRequest, ProcessReply]:
        """Send a task; ``max_duration`` in seconds is the deadline of the call."""
        call: grpc.aio.UnaryUnaryCall[ProcessRequest, ProcessReply] = self._stub.Process(
            request, timeout=min(max_duration, CALL_LIMIT)
        )
        return call


async def _listening(process: WorkerProcess, deadline: float) -> None:
    """Wait until something listens on the worker's socket.

    Nobody tells when another program has opened its socket, so it is tried again and again.
    """
    while True:
        try:
            _, writer = await asyncio.open_unix_connection(str(process.worker_socket))
        except OSError:
            if process.exited.is_set() or time.monotonic() > deadline:
                raise WorkerFailed(f"not started: {process.end_report()}") from None
            await asyncio.sleep(0.01)
        else:
            writer.close()
            return
