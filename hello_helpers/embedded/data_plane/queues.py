"""One priority queue per partition: larger priority first, first come first served within one.

A queue only says which task to look at next. The truth is the task's row: whoever takes a task
id off the queue must find the task SUBMITTED, or drop it. That makes double entries harmless.
"""

from __future__ import annotations

import asyncio
import itertools

MAX_PRIORITY = 10
"""The largest priority that a queue takes; ArmoniK's quick deployment (AMQP) has the same."""


class PartitionQueue:
    """The waiting tasks of one partition."""

    def __init__(self) -> None:
        self._entries: asyncio.PriorityQueue[tuple[int, int, str]] = asyncio.PriorityQueue()
        self._order = itertools.count()

    def __len__(self) -> int:
        return self._entries.qsize()

    def put(self, task_id: str, priority: int) -> None:
        """Add a task and wake one pod."""
        self._entries.put_nowait((-priority, next(self._order), task_id))

    def take_now(self) -> str | None:
        """Take the next task id, or None if there is none."""
        return None if self._entries.empty() else self._entries.get_nowait()[2]

    async def take(self) -> str:
        """Wait for a task id and take it; a cancelled taker takes nothing."""
        return (await self._entries.get())[2]
