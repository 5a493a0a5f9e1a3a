"""A board beside a lesson: what happens in ArmoniK now, whichever notebook or program makes it."""

from __future__ import annotations

import itertools
import time
from datetime import datetime, timezone

import grpc
from armonik.client import ArmoniKTasks
from armonik.common import Direction, Task
from IPython.display import display

from hello_helpers.connect.deadline import with_deadline
from hello_helpers.connect.endpoint import Endpoint
from hello_helpers.connect.grpc_errors import explained
from hello_helpers.course.class_folder import expected
from hello_helpers.course.class_view import class_view, span
from hello_helpers.course.learners import learners
from hello_helpers.display.notes import Note
from hello_helpers.display.signs import State
from hello_helpers.display.tables import Table, one_line
from hello_helpers.errors import HelloError
from hello_helpers.labels import LESSON

PAUSE = 1.0
"""Seconds between two looks."""

CLASS_EVERY = 5
"""A class is looked at every so many times: of a large one, that is some work for ArmoniK."""

SHOWN = 12
"""Tasks that are shown."""

LONGEST = 60
"""Characters that are shown of what others have chosen."""

CALL_SECONDS = 10.0
"""How long one question may take."""


def live_board(looks: int | None = None) -> None:
    """Show the newest tasks, and who is there if that are several, until ■ is pressed.

    Args:
        looks: so many times, with a second between them; None: until it is interrupted.
    """
    tasks, people = (display(Note("…"), display_id=True) for _ in range(2))
    try:
        for number in itertools.count() if looks is None else range(looks):
            if number:
                time.sleep(PAUSE)
            try:
                # Asked anew each time: the embedded one may have been started again.
                with Endpoint.find().open_channel() as channel, explained(channel):
                    tasks.update(newest(with_deadline(channel, CALL_SECONDS)))
                    if number % CLASS_EVERY == 0:
                        here = learners(channel)
                        people.update(class_view(here, expected()) if len(here) > 1 else Note(""))
            except HelloError as error:
                tasks.update(Note("\n".join(error.lines())))
    except KeyboardInterrupt:
        print("Run the cell again to go on.")  # noqa: T201


def newest(channel: grpc.Channel) -> Table:
    """Return the newest tasks of all sessions, the newest first."""
    total, found = ArmoniKTasks(channel).list_tasks(
        page_size=SHOWN,
        sort_field=Task.created_at,
        sort_direction=Direction.DESC,
        detailed=False,
        with_errors=True,
    )
    now = datetime.now(timezone.utc)
    rows = [_row(task, now) for task in found]
    title = f"{total:,} task{'' if total == 1 else 's'}, at {now.astimezone():%H:%M:%S}"
    return Table(title, ("state", "learner", "lesson", "made", "took", "why it failed"), rows)


def _row(task: Task, now: datetime) -> tuple[str, ...]:
    labels = task.options.options
    ended = task.ended_at or now
    took = f"{(ended - task.started_at).total_seconds():.2f} s" if task.started_at else ""
    return (
        State(task.status.name),
        one_line(labels.get("learner", ""), LONGEST),
        one_line(labels.get(LESSON, ""), LONGEST),
        f"{span(now - task.created_at)} ago",
        took,
        one_line(task.output.error or "", LONGEST) if task.output else "",
    )
