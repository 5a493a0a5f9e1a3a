"""All pods of all partitions."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

from ..config import PartitionSpec
from ..data_plane.plane import DataPlane
from .early import pod_names, start_worker
from .faults import Faults
from .guard import Guard
from .pod import Pod
from .worker_process import TERMINATION_GRACE, WorkerProcess

log = logging.getLogger(__name__)

TELL_AGAIN = 2 * TERMINATION_GRACE
"""Seconds after which a pod that has not ended is told again."""


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
                partial(start_worker, partition, name, folder, guard),
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

        Before Python 3.12, `asyncio.wait_for` loses a cancellation that comes at the very moment
        of what it waits for. So pods that have not ended are told again.
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
