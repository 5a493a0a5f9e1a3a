"""A pod: one scheduling agent beside one worker process, serving one partition."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import grpc
from armonik.protogen.worker.agent_service_pb2_grpc import add_AgentServicer_to_server

from ..data_plane import attempts
from ..data_plane.attempts import PodIdentity
from ..data_plane.plane import DataPlane
from ..errors import StartError, StorageError
from ..interceptor import ErrorInterceptor
from .agent_service import Agent
from .attempt import Attempt
from .guard import Guard
from .worker_client import WorkerClient, WorkerFailed
from .worker_process import WorkerProcess

log = logging.getLogger(__name__)

FIRST_DELAY, LONGEST_DELAY = 0.5, 30.0
"""Seconds before a worker that failed is started again; doubled after each failure."""

ADDRESS = "127.0.0.1"
"""What ``owner_pod_id`` shows: on a cluster it is the address of the pod."""


class Pod:
    """Takes tasks from its partition's queue, one at a time, and has its worker run them."""

    def __init__(
        self,
        plane: DataPlane,
        partition_id: str,
        name: str,
        command: Sequence[str],
        folder: Path,
        guard: Guard,
        process: WorkerProcess | None = None,
    ) -> None:
        """Describe the pod; `run` brings it to life.

        Args:
            process: a worker that was started ahead of time.
        """
        self.name = name
        self._plane = plane
        self._partition_id = partition_id
        self._queue = plane.queues.of(partition_id)
        self._command = command
        self._folder = folder
        self._guard = guard
        self._early_process = process
        self._agent = Agent()
        self._identity = PodIdentity(ADDRESS, name)
        self.worker: WorkerProcess | None = None

    async def run(self) -> None:
        """Serve the partition until cancelled; a worker that fails is replaced."""
        delay = FIRST_DELAY
        while True:
            try:
                async with self._worker() as worker:
                    self._plane.ailments.pop(self._partition_id, None)
                    delay = FIRST_DELAY
                    await self._work(worker)
                    log.info("Pod %s replaces its worker", self.name)
            except (WorkerFailed, StartError, StorageError) as error:
                log.warning("Pod %s: %s", self.name, error)
                self._plane.ailments[self._partition_id] = str(error)
                await asyncio.sleep(delay)
                delay = min(delay * 2, LONGEST_DELAY)

    @asynccontextmanager
    async def _worker(self) -> AsyncIterator[WorkerClient]:
        """Start worker and agent; end both at the end of the block, whatever happens."""
        process = self._early_process or WorkerProcess(
            self._command, self._folder, self.name, self._guard
        )
        self._early_process = None
        self.worker = process
        try:
            async with self._serving(process), WorkerClient.connect(process) as client:
                yield client
        finally:
            self.worker = None
            await process.stop()

    @asynccontextmanager
    async def _serving(self, process: WorkerProcess) -> AsyncIterator[None]:
        """Serve the Agent protocol on the pod's agent socket."""
        process.agent_socket.unlink(missing_ok=True)
        server = grpc.aio.server(interceptors=[ErrorInterceptor()])
        add_AgentServicer_to_server(self._agent, server)
        server.add_insecure_port(f"unix://{process.agent_socket}")
        await server.start()
        try:
            yield
        finally:
            await server.stop(None)

    async def _work(self, worker: WorkerClient) -> None:
        """Run tasks until the worker is not fit to run another one."""
        fit = True
        while fit and (task_id := await self._next(worker)):
            task = attempts.acquire(self._plane, task_id, self._identity)
            if task is not None:
                fit = await Attempt(self._plane, self._agent, worker, task).run()

    async def _next(self, worker: WorkerClient) -> str | None:
        """Wait for a task id; None if the worker ended meanwhile."""
        exited = worker.process.exited
        if exited.is_set():
            return None
        if task_id := self._queue.take_now():
            return task_id
        take = asyncio.ensure_future(self._queue.take())
        death = asyncio.ensure_future(exited.wait())
        try:
            await asyncio.wait({take, death}, return_when=asyncio.FIRST_COMPLETED)
            if take.done():
                return take.result()  # a dead worker gives it back, see Attempt
            return None
        finally:
            for future in (take, death):
                future.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await take
