"""The frame of each lesson: its first cell and its last one::

from hello_helpers import Endpoint
from hello_helpers.course.frame import begin_lesson, end_lesson

begin_lesson("05")
endpoint = Endpoint.find()
channel = endpoint.open_channel()
print("Backend:", endpoint.describe())
...
end_lesson(channel)
"""

from __future__ import annotations

import grpc

from hello_helpers import labels
from hello_helpers.course import busy_cell, readable_errors
from hello_helpers.course.lost_errors import LostErrors
from hello_helpers.course.outlook import Outlook, at_the_end, table
from hello_helpers.course.progress import my_progress
from hello_helpers.course.record import record
from hello_helpers.course.standing import Step
from hello_helpers.display.notes import Note
from hello_helpers.display.tables import Table
from hello_helpers.errors import HelloError

_lost = LostErrors()


class LostError(HelloError):
    """Something went wrong in the background, where no cell could show it."""


def begin_lesson(lesson: str = "") -> None:
    """From now on, errors are explained in words, none in the background is lost, and a cell that
    takes its time shows it.

    Args:
        lesson: which one it is, as in the table of the course: "05". It labels the sessions that
            are made from here on, but for the one that all lessons share.
    """
    labels.here = lesson
    readable_errors.install()
    busy_cell.install()
    _lost.listen()
    record(lesson)


def end_lesson(channel: grpc.Channel | None = None) -> Outlook:
    """Close the channel, if the lesson has one, and make sure that nothing went wrong unseen.

    Then the lesson counts as run to its end in the learner's progress.

    Raises:
        LostError: if something did.
    """
    if channel is not None:
        channel.close()
    if _lost.found:
        raise LostError(
            f"The lesson is over, but there were errors in the background: {_lost.found[0]}",
            f"{len(_lost.found)} in all. Please report them; run the lesson again to go on.",
        )
    closed = "The channel is closed, and no" if channel is not None else "No"
    progress = my_progress()
    progress.record(labels.here, Step.ENDED)
    before = f"{closed} error has happened in the background. Good bye!"
    return at_the_end(before, labels.here, progress.standing(), progress.remark())


def show_progress() -> Table:
    """Show where the learner is: what is done, what they can do then, and what comes next."""
    progress = my_progress()
    return table(progress.standing(), progress.remark())


def reset_progress() -> Note:
    """Forget the learner's progress over all lessons.

    Raises:
        ProgressError: if the file in which it is kept cannot be removed.
    """
    my_progress().reset()
    return Note("Your progress is reset. The notebooks are as they were.")
