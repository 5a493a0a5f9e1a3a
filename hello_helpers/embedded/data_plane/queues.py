"""One priority queue per partition: larger priority first, first come first served within one.

A queue only says which task to look at next. The truth is the task's row: whoever takes a task
id off the queue must find the task SUBMITTED, or drop it. That makes double entries harmless.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
from collections import deque

MAX_PRIORITY = 10
"""The largest priority that a queue takes; ArmoniK's quick deployment (AMQP) has the same."""


class PartitionQueue:
    """The waiting tasks of one partition."""

    def __init__(self) -> None:
        self._heap: list[tuple[int, int, str]] = []
        self._order = itertools.count()
        self._takers: deque[asyncio.Future[None]] = deque()

    def __len__(self) -> int:
        return len(self._heap)

    def put(self, task_id: str, priority: int) -> None:
        """Add a task and wake one pod."""
        heapq.heappush(self._heap, (-priority, next(self._order), task_id))
        self._wake_one()

    def take_now(self) -> str | None:
        """Take the next task id, or None if there is none."""
        return heapq.heappop(self._heap)[2] if self._heap else None

    async def take(self) -> str:
        """Wait for a task id and take it; a cancelled taker takes nothing."""
        while (task_id := self.take_now()) is None:
            taker = asyncio.get_running_loop().create_future()
            self._takers.append(taker)
            try:
                await taker
            except asyncio.CancelledError:
                if taker.done() and not taker.cancelled():
                    self._wake_one()  # the wake-up was meant for somebody who can use it
                raise
        return task_id

    def _wake_one(self) -> None:
        while self._takers:
            taker = self._takers.popleft()
            if not taker.done():
                taker.set_result(None)
                return
