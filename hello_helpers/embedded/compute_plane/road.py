"""The road from a pod to its worker: what the long one (gRPC) and the short one have in common."""

from __future__ import annotations

import asyncio
import math
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping

import grpc
from armonik.protogen.common.worker_common_pb2 import ProcessRequest

from ..errors import EmbeddedError
from .outcome import Outcome, of_failure
from .staging import Staging
from .worker_log import exception_in
from .worker_process import WorkerProcess

START_LIMIT = 60.0
"""Seconds that a worker has to become healthy; ArmoniK's agent gives about as many."""

HEALTH_LIMIT = 5.0
"""Seconds for one health check, as in ArmoniK."""

FRESH = 1.0
"""Seconds for which a health check, or a finished task, counts as proof of health."""


BUSY_LIMIT = 1.0
"""Seconds that a worker has to come back after a task was taken from it; if not, it is replaced."""

LINGER = 5.0
"""Seconds for which a worker may end by itself after a call was given up, as C#'s library does;
that takes 30 to 150 ms, and more on a busy machine."""

EXIT_LIMIT = 1.0
"""Seconds between the end of a worker's connection and that of its process."""


class WorkerFailed(EmbeddedError):
    """A worker ended, or is not healthy. The message is its end report."""


class Road(ABC):
    """Brings tasks to one worker process."""

    def __init__(self, process: WorkerProcess) -> None:
        self.process = process
        self._proven_at = 0.0
        self._gave_up_at = -math.inf

    @abstractmethod
    def bring(self, staging: Staging, objects: Mapping[str, bytes]) -> dict[str, bytes]:
        """Have the data of payload and dependencies where the worker will find it.

        Args:
            objects: opaque ids by result id.

        Returns:
            Those that are too large to be brought at once; they go into the data folder.

        Raises:
            NotFound: an object is gone.
            StorageError: the data folder cannot be written.
        """

    @abstractmethod
    async def run(self, staging: Staging, request: ProcessRequest, max_duration: float) -> Outcome:
        """Have the worker run a task; cancelling this takes the task away from it.

        Args:
            max_duration: seconds after which the outcome is a timeout.
        """

    @abstractmethod
    async def is_serving(self, limit: float) -> bool:
        """Ask the worker for its health; no answer within ``limit`` seconds is an answer too."""

    async def failure(self, code: grpc.StatusCode, details: str, position: int) -> Outcome:
        """Find out why a call has failed.

        ArmoniK's Python library tells the agent nothing of an exception, but logs it.

        Args:
            position: where the worker's log ended when it was called.
        """
        if code is grpc.StatusCode.UNAVAILABLE and await self._has_exited():
            return of_failure(code, found=self.process.end_report(since=position), died=True)
        exception = exception_in(self.process.log.since(position))
        return of_failure(code, details, exception)

    async def is_back(self) -> bool:
        """Tell whether the worker has come back from a call that was given up just now.

        Cancelled or out of time, it may go on for a while, and a Python worker cannot leave its
        function. Or it may end by itself, some time after it has said that it is healthy.
        """
        self._gave_up_at = time.monotonic()
        return await self.is_serving(BUSY_LIMIT)

    async def ends_by_itself(self) -> bool:
        """Tell whether the worker has failed because of a call before, which was given up."""
        return time.monotonic() - self._gave_up_at < LINGER and await self._has_exited()

    async def _has_exited(self) -> bool:
        """Tell whether the worker has ended; the connection breaks a moment before."""
        try:
            await asyncio.wait_for(self.process.exited.wait(), EXIT_LIMIT)
        except asyncio.TimeoutError:
            return False
        return True

    async def wait_for_health(self) -> None:
        """Ask a worker that has just started until it is healthy: some need a while to get warm.

        Raises:
            WorkerFailed: it ended, or was not healthy in time.
        """
        deadline = time.monotonic() + START_LIMIT
        delay = 0.05
        while not await self.is_serving(HEALTH_LIMIT):
            if self.process.exited.is_set() or time.monotonic() > deadline:
                raise WorkerFailed(self.process.end_report("is running but not healthy"))
            await asyncio.sleep(delay)
            delay = min(delay * 2, 2.0)

    def prove(self) -> None:
        """Note that the worker has just shown to be healthy."""
        self._proven_at = time.monotonic()

    async def is_fit(self) -> bool:
        """Tell whether a task may be sent, asking only if the last proof is not fresh."""
        if self.process.has_ended():
            return False
        fresh = time.monotonic() - self._proven_at < FRESH
        return fresh or await self.is_serving(HEALTH_LIMIT)
