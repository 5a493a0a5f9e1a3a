"""Sessions of the course: picked up by the next notebook, and not left open by a program."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import grpc
from armonik.client import ArmoniKSessions
from armonik.common import Direction, Session, SessionStatus, TaskOptions

from hello_helpers.connect.deadline import with_deadline
from hello_helpers.connect.grpc_errors import explained
from hello_helpers.labels import COURSE, LESSON, OWN, course_labels
from hello_helpers.steps import create_session

__all__ = [
    "closing_session",
    "course_labels",
    "course_sessions",
    "hello_partition",
    "lesson_options",
    "my_sessions",
    "pick_up_session",
]

CLEAN_UP_SECONDS = 3.0
"""How long to wait for the end of a session in which something went wrong."""


def hello_partition() -> str | None:
    """Return the partition that runs the hello worker: ``HELLO_PARTITION``; None: the default."""
    return os.environ.get("HELLO_PARTITION") or None


def pick_up_session(channel: grpc.Channel, partition: str | None = None) -> str:
    """Return the id of this learner's newest running session, or of a new one.

    So each notebook goes on with the session of the one before, and can also be opened first.

    Args:
        channel: to the control plane.
        partition: where its tasks run; None for the one that `hello_partition` names.
    """
    partition = partition or hello_partition()
    labels = course_labels()
    found = course_sessions(channel, labels, partition, page_size=1)
    return str(found[0].session_id) if found else create_session(channel, partition, labels)


def lesson_options(lesson: str) -> TaskOptions:
    """Return options that add a label to a task, the lesson's, and leave all else to its session.

    Of options that are given, 0 and "" mean that the session's is taken; only the priority counts.
    """
    return TaskOptions(timedelta(0), priority=1, max_retries=0, options={LESSON: lesson})


def course_sessions(
    channel: grpc.Channel,
    labels: dict[str, str],
    partition: str | None = None,
    page_size: int = 100,
) -> list[Session]:
    """Return the running sessions with these labels, and in this partition, the newest first."""
    wanted = Session.status == SessionStatus.RUNNING
    for key, value in labels.items():
        wanted &= Session.options[key] == value
    if partition:
        wanted &= Session.options.partition_id == partition
    return _newest_first(channel, wanted, page_size)


def my_sessions(channel: grpc.Channel) -> list[Session]:
    """Return this learner's running sessions: the one that the lessons share, and all others."""
    mine = Session.status == SessionStatus.RUNNING
    mine &= Session.options["learner"] == course_labels()["learner"]
    mine &= (Session.options["hello"] == COURSE) | (Session.options["hello"] == OWN)
    return _newest_first(channel, mine)


def _newest_first(channel: grpc.Channel, wanted: Any, page_size: int = 100) -> list[Session]:
    with explained(channel):
        _, found = ArmoniKSessions(channel).list_sessions(
            wanted,
            page_size=page_size,
            sort_field=Session.created_at,
            sort_direction=Direction.DESC,
        )
    return list(found)


@contextlib.contextmanager
def closing_session(
    channel: grpc.Channel, session_id: str, on_cancel: Callable[[bool], None] | None = None
) -> Iterator[None]:
    """Close the session at the end; cancel it, with its tasks, if something went wrong inside.

    Args:
        channel: to the control plane.
        session_id: the session.
        on_cancel: called if something went wrong, with whether the session could be cancelled.

    A session that is not closed stays open for ever. One that is closed too early loses the tasks
    that have not started yet.
    """
    try:
        yield
        with explained(channel):
            ArmoniKSessions(channel).close_session(session_id)
    except BaseException:  # Ctrl-C too: leave no work behind
        done = False
        # What went wrong first is what counts. A closed channel raises no error of gRPC here.
        with contextlib.suppress(Exception):
            ArmoniKSessions(with_deadline(channel, CLEAN_UP_SECONDS)).cancel_session(session_id)
            done = True
        if on_cancel:
            on_cancel(done)
        raise
