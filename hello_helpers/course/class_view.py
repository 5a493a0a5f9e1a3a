"""What a teacher sees of a class: where each learner is, who seems to need help, and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta, timezone

from hello_helpers.course.learners import Learner
from hello_helpers.display.tables import Table, one_line

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

STILL = timedelta(minutes=5)
"""After this time without any move, somebody seems to need help."""

AGAIN = 3
"""So many times the same failure."""

LONGEST_NAME, LONGEST_LESSON, LONGEST_COMPLAINT = 40, 8, 100
"""Characters that are shown of what learners have chosen."""


def class_view(learners: Sequence[Learner], now: datetime | None = None) -> Table:
    """Return the table of a class.

    Args:
        learners: as `learners.learners` tells them.
        now: for another time than the present one.
    """
    now = now or datetime.now(timezone.utc)
    count = len(learners)
    rows: list[tuple[str, ...]] = [_row(learner, now) for learner in learners]
    header: tuple[str, ...] = HEADER
    if not any(learner.exercise for learner in learners):  # the class keeps no record
        rows, header = [(*row[:2], *row[3:]) for row in rows], (*HEADER[:2], *HEADER[3:])
    return Table(
        f"{count} learner{'' if count == 1 else 's'}, at {now.astimezone():%H:%M:%S}",
        header,
        rows,
        "\n".join([_spread(learners), *_complaints(learners)]),
    )


def need(learner: Learner, now: datetime) -> str:
    """Return why a learner seems to need help; "" if nothing says so."""
    if learner.again >= AGAIN:
        return f"the same failure {learner.again} times"
    still = now - learner.moved
    return f"nothing moved for {_minutes(still)}" if still >= STILL else ""


def _row(learner: Learner, now: datetime) -> tuple[str, ...]:
    counts = (learner.completed, learner.failed, learner.unfinished)
    return (
        one_line(learner.name, LONGEST_NAME),
        _lesson(learner),
        learner.exercise,
        _minutes(now - learner.since) if learner.since else "",
        f"{_minutes(now - learner.moved)} ago",
        *(f"{count:,}" for count in counts),
        need(learner, now),
    )


def _lesson(learner: Learner) -> str:
    return one_line(learner.lesson, LONGEST_LESSON) or "?"


def _spread(learners: Sequence[Learner]) -> str:
    counts = Counter(map(_lesson, learners))
    parts = (
        f"{lesson}: {'■' * min(count, 30)} {count}" for lesson, count in sorted(counts.items())
    )
    return f"Lessons  {'   '.join(parts)}"


def _complaints(learners: Sequence[Learner]) -> list[str]:
    return [
        f"{one_line(learner.name, LONGEST_NAME)}: {one_line(learner.complaint, LONGEST_COMPLAINT)}"
        for learner in learners
        if learner.complaint
    ]


def _minutes(span: timedelta) -> str:
    """Write a time as a teacher needs it: 40 s, 7 min, 2 h 5 min."""
    seconds = max(0, int(span.total_seconds()))
    if seconds < 60:
        return f"{seconds} s"
    hours, minutes = divmod(seconds // 60, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"
