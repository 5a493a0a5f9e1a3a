"""The learner's progress as a table: a sign and words for each exercise, no colour needed."""

from __future__ import annotations

import html
from dataclasses import dataclass

from hello_helpers.course.progress import LESSONS, Standing, Step
from hello_helpers.display.tables import Table, text

NOT_TRIED = "\N{WHITE CIRCLE} not tried"
TRIED = "\N{MULTIPLICATION X} tried, not right yet"
RIGHT = "\N{CHECK MARK} right"


@dataclass(frozen=True)
class ProgressTable(Table):
    """A table of all lessons, and a remark below it, if there is one."""

    remark: str = ""

    def _repr_html_(self) -> str:
        below = f"<p>{html.escape(self.remark)}</p>" if self.remark else ""
        return super()._repr_html_() + below

    def __repr__(self) -> str:
        return "\n".join(filter(None, (super().__repr__(), self.remark)))


def progress_table(standing: Standing, remark: str = "") -> ProgressTable:
    """Show all lessons, with a remark below, if there is one."""
    rows = [
        (f"{lesson} {title}", _exercise(standing, lesson), _end(standing, lesson))
        for lesson, title in LESSONS.items()
    ]
    header = ("lesson", "exercise", "run to its end")
    return ProgressTable(standing.line(), header, rows, remark)


def _exercise(standing: Standing, lesson: str) -> str:
    if when := standing.when(lesson, Step.RIGHT):
        return f"{RIGHT}, {text(when)[:16]}"
    if when := standing.when(lesson, Step.TRIED):
        return f"{TRIED}, {text(when)[:16]}"
    return NOT_TRIED


def _end(standing: Standing, lesson: str) -> str:
    when = standing.when(lesson, Step.ENDED)
    return text(when)[:16] if when else "not yet"
