"""How far a learner has come: which exercises were tried and are right, which lessons were run.

Told in a line, or as a table with a sign and words for each exercise, no colour needed.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from hello_helpers.display.signs import BAD, GOOD, NOT_YET
from hello_helpers.display.tables import Table, one_line, text

LESSONS = {
    "00": "Welcome to ArmoniK",
    "01": "Open a channel",
    "02": "Create a session",
    "03": "Store a payload",
    "04": "Submit a task",
    "05": "Wait for the result",
    "06": "The whole client",
    "07": "Write a worker",
    "08": "Tasks that make tasks",
    "09": "When things go wrong",
    "10": "Many tasks",
    "11": "A secure channel",
    "12": "An application of your own",
    "A": "From the old page",
}
"""All lessons, in their order, with the titles of their notebooks."""

NOT_TRIED = f"{NOT_YET} not tried"
TRIED = f"{BAD} tried, not right yet"
RIGHT = f"{GOOD} right"

Records = dict[str, dict[str, datetime]]
"""When what happened first, by lesson: ``{"05": {"tried": ..., "right": ..., "ended": ...}}``."""


class Step(str, Enum):
    """What can happen in a lesson. Of each, the first time is kept, and nothing takes it away."""

    TRIED = "tried"
    """The exercise got an answer."""

    RIGHT = "right"
    """The answer was right."""

    ENDED = "ended"
    """The lesson was run to its last cell."""


@dataclass(frozen=True)
class Standing:
    """How far a learner has come.

    Attributes:
        records: when what happened first; there may be lessons in it that are not known here.
        learner: a name, if there is one.
        kept: whether it outlives this kernel.
    """

    records: Records
    learner: str = ""
    kept: bool = True

    def when(self, lesson: str, step: Step) -> datetime | None:
        """Return when this happened first, or None."""
        return self.records.get(lesson, {}).get(step.value)

    def with_step(self, step: Step) -> list[str]:
        """Return the lessons in which this has happened."""
        return [lesson for lesson in LESSONS if self.when(lesson, step)]

    def line(self) -> str:
        """Say it in one line; the next lesson is the first whose exercise is not right yet."""
        name = one_line(self.learner, 40)
        whose = f"Progress of {name}" if name else "Your progress"
        kept = "" if self.kept else " (not kept)"
        right = self.with_step(Step.RIGHT)
        undone = [lesson for lesson in LESSONS if lesson not in right]
        outlook = ". That is the whole course!"
        if undone:
            outlook = f"; next: {undone[0]} {LESSONS[undone[0]]}"
        return f"{whose}{kept}: {len(right)} of {len(LESSONS)} exercises right{outlook}"

    def table(self, remark: str = "") -> Table:
        """Show all lessons, with a remark below, if there is one."""
        rows = [
            (f"{lesson} {title}", self._exercise(lesson), _minute(self.when(lesson, Step.ENDED)))
            for lesson, title in LESSONS.items()
        ]
        header = ("lesson", "exercise", "run to its end")
        return Table(self.line(), header, rows, remark)

    def _exercise(self, lesson: str) -> str:
        for step, words in ((Step.RIGHT, RIGHT), (Step.TRIED, TRIED)):
            if when := self.when(lesson, step):
                return f"{words}, {_minute(when)}"
        return NOT_TRIED


def _minute(when: datetime | None) -> str:
    return text(when)[:16] if when else "not yet"
