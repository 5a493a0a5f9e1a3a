"""What the board shows: it counts tasks, and knows nothing of ArmoniK's API or of widgets."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from hello_helpers.display.signs import OVER, TASKS, State
from hello_helpers.display.tables import Table


class BoardState:
    """Counts tasks by status.

    Args:
        total: how many tasks are expected.
    """

    def __init__(self, total: int = 0) -> None:
        self._expected = total
        self._status: dict[str, str] = {}
        self._counts: Counter[str] = Counter()

    def note(self, task_id: str, status: str) -> None:
        """Note the status of a task. Nothing comes after an end; a late event is left out."""
        before = self._status.get(task_id)
        if before == status or before in (*OVER, "RETRIED"):
            return
        if before is not None:
            self._counts[before] -= 1
        self._status[task_id] = status
        self._counts[status] += 1

    @property
    def counts(self) -> dict[str, int]:
        """How many tasks have which status, in the order of a task's life; no zeros."""
        known = [status for status in TASKS if self._counts[status]]
        return {status: self._counts[status] for status in known}

    def expect(self, total: int) -> None:
        """Correct how many tasks are expected."""
        self._expected = total

    @property
    def total(self) -> int:
        """How many tasks there are to be; more than expected, if tasks make tasks."""
        return max(self._expected, len(self._status) - self._counts["RETRIED"])

    @property
    def ended(self) -> int:
        """How many of them are over."""
        return sum(self._counts[status] for status in OVER)

    @property
    def all_over(self) -> bool:
        """True if all are."""
        return self.total > 0 and self.ended == self.total

    @property
    def text(self) -> str:
        """The same in a sentence."""
        if not self.total:
            return "No tasks yet."
        over = _listed({key: count for key, count in self.counts.items() if key in OVER})
        others = _listed({key: count for key, count in self.counts.items() if key not in OVER})
        sentence = f"{self.ended:,} of {self.total:,} tasks are over"
        sentence = f"{sentence}: {over}." if over else f"{sentence}."
        return f"{sentence} Besides: {others}." if others else sentence

    @property
    def all_well(self) -> bool:
        """True if all tasks are over, and have their results."""
        return self.all_over and self._counts["COMPLETED"] == self.total

    def table(self, always: Sequence[str] = ()) -> Table:
        """The same as a table; the rows `always` are there even if they count nothing."""
        rows = [
            (State(status), f"{self._counts[status]:,}", TASKS[status].word)
            for status in TASKS
            if self._counts[status] or status in always
        ]
        return Table(self.text, ("status", "tasks", "meaning"), rows)


def _listed(counts: dict[str, int]) -> str:
    return ", ".join(f"{count:,} {status}" for status, count in counts.items())
