"""The pods of all partitions: each a scheduling agent beside one worker process."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

from ..config import PartitionSpec
from ..data_plane.attempts import PodIdentity
from ..data_plane.plane import DataPlane
from ..data_plane.queues import Taken
from ..errors import StartError, StorageError
from .agent_service import Agent, serving
from .attempt import Attempt
from .guard import Guard
from .long_road import LongRoad, wait_for_listener
from .outcome import Faults
from .road import Road, WorkerFailed
from .short_road import ShortRoad
from .worker_process import TERMINATION_GRACE, WorkerProcess, pod_names

log = logging.getLogger(__name__)

FIRST_DELAY, LONGEST_DELAY = 0.5, 30.0
"""Seconds before a worker that failed is started again; doubled after each failure."""

STORAGE_DELAY = 1.0
"""Seconds before the next task is tried when nothing could be written."""

ADDRESS = "127.0.0.1"
"""What ``owner_pod_id`` shows: on a cluster it is the address of the pod."""


class Pod:
    """Takes tasks from its partition's queue, one at a time, and has its worker run them."""

    def __init__(
        self,
        plane: DataPlane,
        partition_id: str,
        name: str,
        start_worker: Callable[[], WorkerProcess],
        faults: Faults,
        process: WorkerProcess | None = None,
    ) -> None:
        """Describe the pod; `run` brings it to life.

        Args:
            start_worker: starts a worker process.
            process: a worker that was started ahead of time.
        """
        self.name = name
        self.partition_id = partition_id
        self.worker: WorkerProcess | None = None
        self._plane = plane
        self._queue = plane.queues[partition_id]
        self._start_worker = start_worker
        self._faults = faults
        self._early_process = process
        self._agent = Agent()
        self._identity = PodIdentity(ADDRESS, name)
        self._health = plane.health.pod(partition_id, name)

    async def run(self) -> None:
        """Serve the partition until cancelled; a worker that fails is replaced."""
        delay, told = FIRST_DELAY, ""
        while True:
            try:
                async with self._worker() as road:
                    self._health.works()
                    delay, told = FIRST_DELAY, ""
                    await self._work(road)
                    log.info("Pod %s replaces its worker", self.name)
            except (WorkerFailed, StartError, StorageError) as error:
                why = str(error)
                fields = {"pod": self.name, "partition": self.partition_id}
                again = f"the same again; its next try is in {delay:g} s"
                log.warning("Pod %s: %s", self.name, again if why == told else why, extra=fields)
                told = why
                self._health.fails(why)
                await asyncio.sleep(delay)
                delay = min(delay * 2, LONGEST_DELAY)

    @asynccontextmanager
    async def _worker(self) -> AsyncIterator[Road]:
        """Start a worker and reach it; end it at the end of the block, whatever happens."""
        process = self._early_process or self._start_worker()
        self._early_process = None
        self.worker = process
        self._health.starts(process.end_report)
        cutting = asyncio.create_task(process.log.keep_small())
        try:
            async with serving(self._agent, process.addresses):
                inside = await _inside(process)
                async with (
                    ShortRoad.open(process, self._plane, inside)
                    if inside
                    else LongRoad.open(process, self._plane)
                ) as road:
                    yield road
        finally:
            self.worker = None
            cutting.cancel()
            await process.stop()

    async def _work(self, road: Road) -> None:
        """Run tasks until the worker is not fit to run another one."""
        fit = True
        ends = (self._plane, self._agent, road, self._faults, self._identity)
        while fit and (taken := await self._next(road)):
            try:
                fit = await Attempt(*ends, taken.task_id).run()
            except StorageError as error:  # the disk is full, say: the task waits for better times
                log.error("Pod %s: %s", self.name, error)
                await asyncio.sleep(STORAGE_DELAY)
            finally:
                self._queue.release(taken)

    async def _next(self, road: Road) -> Taken | None:
        """Wait for a task; None if the worker ended meanwhile."""
        exited = road.process.exited
        if exited.is_set():
            return None
        if taken := self._queue.take_now():
            return taken
        take = asyncio.ensure_future(self._queue.take())
        death = asyncio.ensure_future(exited.wait())
        try:
            await asyncio.wait({take, death}, return_when=asyncio.FIRST_COMPLETED)
            if take.done():
                return take.result()  # if the worker is dead, the attempt gives it back
            return None
        finally:
            for future in (take, death):
                future.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await take


TELL_AGAIN = 2 * TERMINATION_GRACE
"""Seconds after which a pod that has not ended is told again."""


async def _inside(process: WorkerProcess) -> socket.socket | None:
    """Return the connection to the inside of a worker; None if it takes the long road.

    Raises:
        WorkerFailed: it ended, or took too long.
    """
    if process.inside is None:
        return None
    inside = asyncio.ensure_future(process.inside_connection())
    listening = asyncio.ensure_future(wait_for_listener(process))
    try:
        await asyncio.wait({inside, listening}, return_when=asyncio.FIRST_COMPLETED)
        if inside.done():
            return inside.result()
        await listening  # raises if the worker has failed
        return None
    finally:
        inside.cancel()
        listening.cancel()


class ComputePlane:
    """Runs the pods of all partitions, each on its own."""

    def __init__(
        self,
        plane: DataPlane,
        partitions: Sequence[PartitionSpec],
        folder: Path,
        guard: Guard,
        workers: Mapping[str, WorkerProcess],
    ) -> None:
        self.faults = Faults()
        self.pods = [
            Pod(
                plane,
                partition.name,
                name,
                partial(WorkerProcess, partition, name, folder, guard),
                self.faults,
                workers.get(name),
            )
            for partition in partitions
            for name in pod_names(partition)
        ]
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Bring all pods to life; returns at once."""
        self._tasks = [asyncio.create_task(_keep_alive(pod), name=pod.name) for pod in self.pods]

    async def stop(self) -> None:
        """End all pods and their workers; running tasks are left as they are.

        A cancellation is lost that comes at the very moment in which the pod's task is taken away;
        before Python 3.12, also one that comes at that of what `asyncio.wait_for` waits for. So
        pods that have not ended are told again.
        """
        pending = set(self._tasks)
        while pending:
            for task in pending:
                task.cancel()
            _, pending = await asyncio.wait(pending, timeout=TELL_AGAIN)


async def _keep_alive(pod: Pod) -> None:
    """Run a pod; should our own code fail, say so in the log and start it again."""
    while True:
        try:
            await pod.run()
        except Exception:
            log.exception("Pod %s failed; it is started again", pod.name)
            await asyncio.sleep(1.0)
