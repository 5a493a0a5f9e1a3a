"""What a teacher sees of a class: where each learner is, who seems to need help, and why."""

from __future__ import annotations

import contextlib
import html
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

import grpc

from hello_helpers.course.class_folder import TEACHER, expected
from hello_helpers.course.learners import Learner, learners
from hello_helpers.display.notes import Note
from hello_helpers.display.tables import Table, one_line
from hello_helpers.errors import HelloError

HEADER = (
    "learner",
    "lesson",
    "exercise",
    "for",
    "last moved",
    "done",
    "failed",
    "open",
    "seems to need help",
)

NOBODY = "No learner has made a session here yet."

STILL = timedelta(minutes=5)
"""After this time without any move, somebody seems to need help."""

AGAIN = 3
"""So many times the same failure."""

LONGEST_NAME, LONGEST_LESSON, LONGEST_COMPLAINT = 40, 8, 100
"""Characters that are shown of what learners have chosen."""

NAMED = 30
"""So many of those who are not there yet are named."""


@dataclass(frozen=True)
class ClassView:
    """What is known of a class; a cell that ends with it shows it.

    Attributes:
        table: a row for each learner.
        lines: how they are spread over the lessons, who is not there yet, and why somebody's
            newest task has failed.
    """

    table: Table
    lines: Sequence[str]

    def _repr_html_(self) -> str:
        below = html.escape("\n".join(self.lines))
        page = self.table._repr_html_()
        return f'{page}<p style="white-space: pre-wrap" role="status">{below}</p>'

    def __repr__(self) -> str:
        return "\n".join([repr(self.table), *self.lines])


def show_class(channel: grpc.Channel, seconds: float = 5.0) -> None:
    """Show a class in a notebook, and look again every few seconds, until the cell is stopped."""
    from IPython.display import display

    shown = display(Note("Looking ..."), display_id=True)
    with contextlib.suppress(KeyboardInterrupt):
        while True:
            shown.update(look(channel))
            time.sleep(seconds)


def look(channel: grpc.Channel) -> ClassView | Note:
    """Return what is to be seen now; if ArmoniK does not answer, what is wrong."""
    try:
        found = learners(channel)
    except HelloError as error:
        return Note("\n".join(error.lines()))
    return class_view(found, expected()) if found else Note(NOBODY)


def class_view(
    class_: Sequence[Learner], names: Sequence[str] = (), now: datetime | None = None
) -> ClassView:
    """Return the view of a class.

    Args:
        class_: as `learners.learners` tells it.
        names: who has a file for the class, if that is known.
        now: for another time than the present one.
    """
    now = now or datetime.now(timezone.utc)
    count = len(class_)
    rows: list[tuple[str, ...]] = [_row(learner, now) for learner in class_]
    header: tuple[str, ...] = HEADER
    if not any(learner.exercise for learner in class_):  # the class keeps no record
        rows, header = [(*row[:2], *row[3:]) for row in rows], (*HEADER[:2], *HEADER[3:])
    table = Table(
        f"{count} learner{'' if count == 1 else 's'}, at {now.astimezone():%H:%M:%S}",
        header,
        rows,
    )
    return ClassView(table, [_spread(class_), *_missing(class_, names), *_complaints(class_)])


def need(learner: Learner, now: datetime) -> str:
    """Return why a learner seems to need help; "" if nothing says so, or if it is the teacher."""
    if learner.name == TEACHER:
        return ""
    if learner.again >= AGAIN:
        return f"the same failure {learner.again} times"
    still = now - learner.moved
    return f"nothing moved for {span(still)}" if still >= STILL else ""


def _row(learner: Learner, now: datetime) -> tuple[str, ...]:
    counts = (learner.completed, learner.failed, learner.unfinished)
    return (
        one_line(learner.name, LONGEST_NAME),
        _lesson(learner),
        learner.exercise,
        span(now - learner.since) if learner.since else "",
        f"{span(now - learner.moved)} ago",
        *(f"{count:,}" for count in counts),
        need(learner, now),
    )


def _lesson(learner: Learner) -> str:
    return one_line(learner.lesson, LONGEST_LESSON) or "?"


def _spread(class_: Sequence[Learner]) -> str:
    counts = Counter(map(_lesson, class_))
    parts = (
        f"{lesson}: {'■' * min(count, 30)} {count}" for lesson, count in sorted(counts.items())
    )
    return f"Lessons  {'   '.join(parts)}"


def _missing(class_: Sequence[Learner], names: Sequence[str]) -> list[str]:
    there = {learner.name for learner in class_}
    if not (missing := [name for name in names if name not in there]):
        return []
    more = f" and {len(missing) - NAMED} more" if len(missing) > NAMED else ""
    return [f"No session yet ({len(missing)} of {len(names)}): {', '.join(missing[:NAMED])}{more}"]


def _complaints(class_: Sequence[Learner]) -> list[str]:
    return [
        f"{one_line(learner.name, LONGEST_NAME)}: {one_line(learner.complaint, LONGEST_COMPLAINT)}"
        for learner in class_
        if learner.complaint
    ]


def span(lasted: timedelta) -> str:
    """Write a time as a teacher needs it: 40 s, 7 min, 2 h 5 min."""
    seconds = max(0, int(lasted.total_seconds()))
    if seconds < 60:
        return f"{seconds} s"
    hours, minutes = divmod(seconds // 60, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"
