"""Faults on order: what the failure switchboard makes the pods of a partition do to tasks.

Nothing here happens by itself. See ``switchboard.py`` for who gives the orders.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from enum import Enum

from .outcome import Outcome, Verdict, of_exception


class FaultKind(str, Enum):
    """What happens to a task instead of being run."""

    ERROR = "error"  # as if the worker returned an Output with an error: final
    CRASH = "crash"  # as if the worker's function raised an exception: retried
    HANG = "hang"  # as if the worker never came back: times out


@dataclass
class Fault:
    """An order. ``left`` counts the tasks that it still applies to; None: every task."""

    kind: FaultKind
    text: str
    left: int | None

    async def happen(self, max_duration: float) -> Outcome:
        """Be the outcome of a task that may take ``max_duration`` seconds."""
        if self.kind is FaultKind.ERROR:
            return Outcome(Verdict.ERROR, self.text)
        if self.kind is FaultKind.CRASH:
            return of_exception("Internal", self.text)
        await asyncio.sleep(max_duration)
        return Outcome(Verdict.TIMEOUT, "Deadline Exceeded")


class Faults:
    """The orders of all partitions, one each."""

    def __init__(self) -> None:
        self._orders: dict[str, Fault] = {}

    def order(self, partition_id: str, fault: Fault) -> None:
        """Have the next tasks of a partition fail; a former order is replaced."""
        self._orders[partition_id] = fault

    def clear(self) -> None:
        """Take all orders back."""
        self._orders.clear()

    def take(self, partition_id: str) -> Fault | None:
        """Return what shall happen to the next task of a partition, if anything."""
        fault = self._orders.get(partition_id)
        if fault is not None and fault.left is not None:
            fault.left -= 1
            if fault.left <= 0:
                del self._orders[partition_id]
        return fault
