"""How far a learner has come: which exercises were tried and are right, which lessons were run.

Told in a line, or as a table with a sign and words for each exercise, no colour needed.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from hello_helpers.display.signs import BAD, GOOD, NOT_YET
from hello_helpers.display.tables import one_line, text

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
"""All lessons, in their order, with the titles of their notebooks; the last one is optional."""

NOT_TRIED = f"{NOT_YET} not tried"
TRIED = f"{BAD} tried, not right yet"
RIGHT = f"{GOOD} right"
BEGUN = "\N{CIRCLE WITH LEFT HALF BLACK}"

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

    def sign(self, lesson: str) -> str:
        """Return the sign of a lesson: its exercise is right, it was begun, or it is to come."""
        if self.when(lesson, Step.RIGHT):
            return GOOD
        return BEGUN if self.records.get(lesson) else NOT_YET

    def next_after(self, here: str) -> str | None:
        """Return the lesson to do next; None if all exercises are right.

        It is the first one after `here` whose exercise is not right, else the first one of all.
        Without a `here`, the furthest lesson in which something has happened counts.
        """
        begun = [lesson for lesson in LESSONS if self.records.get(lesson)]
        here = here if here in LESSONS else (begun or [""])[-1]
        *order, optional = LESSONS
        place = order.index(here) + 1 if here in order else 0
        ahead = [*order[place:], *order[:place], optional]
        return next((lesson for lesson in ahead if not self.when(lesson, Step.RIGHT)), None)

    def line(self) -> str:
        """Say it in one line."""
        name = one_line(self.learner, 40)
        whose = f"Progress of {name}" if name else "Your progress"
        kept = "" if self.kept else " (not kept)"
        right = len(self.with_step(Step.RIGHT))
        begun = [self.sign(lesson) for lesson in LESSONS].count(BEGUN)
        also = f", {begun} more lesson{'s' * (begun != 1)} begun ({BEGUN})" if begun else ""
        return f"{whose}{kept}: {right} of {len(LESSONS)} exercises right ({GOOD}){also}"

    def exercise(self, lesson: str) -> str:
        """Say in a sign and in words how far the exercise of a lesson is, and since when."""
        for step, words in ((Step.RIGHT, RIGHT), (Step.TRIED, TRIED)):
            if when := self.when(lesson, step):
                return f"{words}, {minute(when)}"
        return NOT_TRIED


def minute(when: datetime | None) -> str:
    """Write a time, or that it has not come."""
    return text(when)[:16] if when else "not yet"
