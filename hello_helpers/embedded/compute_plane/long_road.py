"""The long road: ArmoniK's Worker and Agent protocols, over gRPC on Unix sockets.

It works with any program in any language, as in a pod on a cluster.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import grpc
from armonik.protogen.common.objects_pb2 import Empty
from armonik.protogen.common.worker_common_pb2 import HealthCheckReply, ProcessRequest
from armonik.protogen.worker.worker_service_pb2_grpc import WorkerStub

from ..data_plane.plane import DataPlane
from .outcome import Outcome, Verdict, of_reply
from .road import START_LIMIT, Road, WorkerFailed
from .staging import Staging
from .worker_process import WorkerProcess

CALL_LIMIT = 10 * 365 * 24 * 3600.0
"""Seconds: the longest deadline that is handed to gRPC; max_duration may be absurdly long."""

_OPTIONS = (
    ("grpc.default_authority", "localhost"),  # some servers refuse a path as authority
    ("grpc.max_receive_message_length", -1),
    ("grpc.enable_http_proxy", 0),
)


class LongRoad(Road):
    """Calls one worker process over gRPC."""

    def __init__(self, process: WorkerProcess, plane: DataPlane, stub: WorkerStub) -> None:
        super().__init__(process)
        self._plane = plane
        self._stub = stub

    @classmethod
    @asynccontextmanager
    async def open(cls, process: WorkerProcess, plane: DataPlane) -> AsyncIterator[LongRoad]:
        """Wait until the worker listens and is healthy.

        Raises:
            WorkerFailed: it ended before, or was not healthy in time.
        """
        target = process.addresses.worker_target
        await wait_for_listener(process)
        async with grpc.aio.insecure_channel(target, options=_OPTIONS) as channel:
            road = cls(process, plane, WorkerStub(channel))
            await road.wait_for_health()
            yield road

    def bring(self, staging: Staging, objects: Mapping[str, bytes]) -> dict[str, bytes]:
        """Copy small objects into the data folder, where the worker reads them."""
        staging.make_folder()
        return {
            result_id: opaque_id
            for result_id, opaque_id in objects.items()
            if not self._plane.objects.copy_small(opaque_id, staging.folder / result_id)
        }

    async def is_serving(self, limit: float) -> bool:
        """Ask the worker for its health. A worker without health checks counts as healthy."""
        try:
            reply = await self._stub.HealthCheck(Empty(), timeout=limit)
        except grpc.aio.AioRpcError as error:
            healthy = error.code() is grpc.StatusCode.UNIMPLEMENTED
        else:
            healthy = reply is not None and reply.status == HealthCheckReply.SERVING
        if healthy:
            self.prove()
        return healthy

    async def run(self, _staging: Staging, request: ProcessRequest, max_duration: float) -> Outcome:
        """Call Process; a cancelled call is cancelled at the worker, too."""
        position = self.process.log.position()
        try:
            reply = await self._stub.Process(request, timeout=min(max_duration, CALL_LIMIT))
        except grpc.aio.AioRpcError as error:
            return await self.failure(error.code(), error.details() or "", position)
        if reply is None:  # so gRPC says that it could not read the message
            return Outcome(Verdict.CRASH, "The worker's reply is not a ProcessReply message")
        self.prove()
        return of_reply(reply)


async def wait_for_listener(process: WorkerProcess) -> None:
    """Wait until something listens on the worker's socket.

    Nobody tells when another program has opened its socket, so it is tried again and again.

    Raises:
        WorkerFailed: the worker ended before, or took too long.
    """
    deadline = time.monotonic() + START_LIMIT
    while True:
        if await process.addresses.worker_listens():
            return
        if process.exited.is_set() or time.monotonic() > deadline:
            raise WorkerFailed(process.end_report("is running but has not opened its socket"))
        await asyncio.sleep(0.01)
