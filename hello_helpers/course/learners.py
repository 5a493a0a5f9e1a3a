"""Who of a class is where: the sessions and tasks of all learners on one shared ArmoniK.

Every session of the course carries its learner's name, and its tasks inherit that (labels.py). So
the public API can tell it, on any ArmoniK.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

import grpc
from armonik.client import ArmoniKSessions, ArmoniKTasks
from armonik.common import Direction, Session, SessionStatus, Task, TaskStatus

from hello_helpers.connect.grpc_errors import explained
from hello_helpers.labels import COURSE, OWN

PAGE = 1000
"""Sessions that are asked for in one call."""

FAILED = (TaskStatus.ERROR, TaskStatus.TIMEOUT)

OVER = (*FAILED, TaskStatus.COMPLETED, TaskStatus.CANCELLED, TaskStatus.RETRIED)


@dataclass(frozen=True)
class Learner:
    """What is known of one learner.

    Attributes:
        name: as ``HELLO_LEARNER`` or the account says it.
        sessions: how many are running.
        completed, failed, unfinished: how many tasks.
        last: when the newest task was created; None if there is none.
        complaint: why the newest task failed; "" if it did not.
    """

    name: str
    sessions: int
    completed: int
    failed: int
    unfinished: int
    last: datetime | None
    complaint: str


def learners(channel: grpc.Channel) -> list[Learner]:
    """Return all learners that ArmoniK knows sessions of, in the order of their names.

    Raises:
        HelloError: if ArmoniK cannot be reached, or refuses.
    """
    with explained(channel):
        running: Counter[str] = Counter()
        for session in _sessions(channel):
            name = session.options.options["learner"]
            running[name] += session.status == SessionStatus.RUNNING
        return [_look_at(channel, name, running[name]) for name in sorted(running)]


def _sessions(channel: grpc.Channel) -> Iterator[Session]:
    of_course = (Session.options["hello"] == COURSE) | (Session.options["hello"] == OWN)
    client, page, seen = ArmoniKSessions(channel), 0, 0
    while True:
        total, found = client.list_sessions(of_course, page=page, page_size=PAGE)
        yield from (session for session in found if "learner" in session.options.options)
        page, seen = page + 1, seen + len(found)
        if seen >= total or not found:
            return


def _look_at(channel: grpc.Channel, name: str, sessions: int) -> Learner:
    client, theirs = ArmoniKTasks(channel), Task.options["learner"] == name
    counts = client.count_tasks_by_status(theirs)
    _, newest = client.list_tasks(
        theirs, page_size=1, sort_field=Task.created_at, sort_direction=Direction.DESC
    )
    return Learner(
        name,
        sessions,
        counts.get(TaskStatus.COMPLETED, 0),
        sum(counts.get(status, 0) for status in FAILED),
        sum(count for status, count in counts.items() if status not in OVER),
        newest[0].created_at if newest else None,
        str(newest[0].output.error) if newest and newest[0].status in FAILED else "",
    )
