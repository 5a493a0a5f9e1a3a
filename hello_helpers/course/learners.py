"""Who of a class is where: the sessions and tasks of all learners on one shared ArmoniK.

Every session of the course carries its learner's name (labels.py). So the public API can tell it,
on any ArmoniK. Tasks are asked for by the ids of their sessions, which every ArmoniK has an index
of; by the name, it would have to look at the options of all tasks.
"""

from __future__ import annotations

import functools
import operator
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import grpc
from armonik.client import ArmoniKSessions, ArmoniKTasks
from armonik.common import Direction, Session, SessionStatus, Task, TaskStatus, batched

from hello_helpers.connect.grpc_errors import explained
from hello_helpers.connect.pages import all_rows
from hello_helpers.labels import COURSE, OWN

BATCH = 100
"""Sessions that one call asks for the tasks of; each is a term of its filter."""

AT_ONCE = 8
"""Learners who are asked for at the same time: on a cluster, most of a call is its way."""

FAILED = (TaskStatus.ERROR, TaskStatus.TIMEOUT)

OVER = (*FAILED, TaskStatus.COMPLETED, TaskStatus.CANCELLED, TaskStatus.RETRIED)


@dataclass(frozen=True)
class Learner:
    """What is known of one learner.

    Attributes:
        name: as ``HELLO_LEARNER`` or the account says it.
        sessions: how many are running.
        completed, failed, unfinished: how many tasks.
        last: when the newest task was created; None if there is none, or it cannot be known.
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

    A session whose labels are too long for a message is left out, and the log says so.

    Raises:
        HelloError: if ArmoniK cannot be reached, or refuses.
    """
    theirs: dict[str, list[Session]] = defaultdict(list)
    with explained(channel):
        for session in _sessions(channel):
            theirs[session.options.options["learner"]].append(session)
        pool = ThreadPoolExecutor(AT_ONCE, "learners")
        try:
            looks = pool.map(lambda name: _look_at(channel, name, theirs[name]), sorted(theirs))
            return list(looks)
        finally:
            pool.shutdown(wait=False, cancel_futures=True)  # after an error or Ctrl-C: no more


def _sessions(channel: grpc.Channel) -> Iterator[Session]:
    of_course = (Session.options["hello"] == COURSE) | (Session.options["hello"] == OWN)
    client = ArmoniKSessions(channel)

    def page(number: int, size: int) -> Any:
        return client.list_sessions(
            of_course, page=number, page_size=size, sort_field=Session.created_at
        )

    return (session for session in all_rows(page) if "learner" in session.options.options)


def _look_at(channel: grpc.Channel, name: str, sessions: Iterable[Session]) -> Learner:
    client, counts, newest = ArmoniKTasks(channel), Counter[TaskStatus](), list[Task]()
    for batch in batched([session.session_id for session in sessions], BATCH):
        of_batch = functools.reduce(operator.or_, (Task.session_id == key for key in batch))
        counts.update(client.count_tasks_by_status(of_batch))
        newest += _newest(client, of_batch)
    last = max(newest, key=lambda task: task.created_at, default=None)
    return Learner(
        name,
        sum(session.status == SessionStatus.RUNNING for session in sessions),
        counts[TaskStatus.COMPLETED],
        sum(counts[status] for status in FAILED),
        sum(count for status, count in counts.items() if status not in OVER),
        last.created_at if last else None,
        last.output.error or "" if last and last.status in FAILED else "",
    )


def _newest(client: ArmoniKTasks, wanted: Any) -> list[Task]:
    """Return the newest task that is wanted; none if what a cluster says of it is too long."""
    try:
        _, found = client.list_tasks(
            wanted,
            page_size=1,
            sort_field=Task.created_at,
            sort_direction=Direction.DESC,
            detailed=False,
        )
    except grpc.RpcError as error:
        if error.code() != grpc.StatusCode.RESOURCE_EXHAUSTED:
            raise
        return []
    return list(found)
