"""Who of a class is where: the sessions and tasks of all learners on one shared ArmoniK.

Every session of the course carries its learner's name, and what belongs to one lesson that lesson
(labels.py). So the public API can tell it, on any ArmoniK. Tasks are asked for by the ids of their
sessions, which every ArmoniK has an index of; by the name, it would have to look at the options of
all tasks.
"""

from __future__ import annotations

import functools
import itertools
import operator
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar

import grpc
from armonik.client import ArmoniKSessions, ArmoniKTasks
from armonik.common import Direction, Session, SessionStatus, Task, TaskStatus, batched

from hello_helpers.connect.grpc_errors import explained
from hello_helpers.connect.pages import all_rows
from hello_helpers.course.record import ERROR, EXERCISE, RECORD
from hello_helpers.labels import COURSE, LESSON, OWN

T = TypeVar("T", Session, Task)

BATCH = 100
"""Sessions that one call asks for the tasks of; each is a term of its filter."""

AT_ONCE = 8
"""Learners who are asked for at the same time: on a cluster, most of a call is its way."""

NEWEST = 16
"""Tasks of a learner that are looked at, a power of two; of all others only how many there are."""

APART = timedelta(seconds=1)
"""Tasks that were made closer together than this were submitted at once."""

FAILED = (TaskStatus.ERROR, TaskStatus.TIMEOUT)

OVER = (*FAILED, TaskStatus.COMPLETED, TaskStatus.CANCELLED, TaskStatus.RETRIED)

SHARED = "02-05"
"""The lessons that share a session; the tasks in it tell more."""


@dataclass(frozen=True)
class Learner:
    """What is known of one learner.

    Attributes:
        name: as ``HELLO_LEARNER`` or the account says it.
        lesson: the one whose session or task is the newest; "" if none says so.
        since: when the first of these was made, without another lesson in between.
        moved: when a session or a task was made last, or a task ended.
        completed, failed, unfinished: how many tasks.
        complaint: why the newest task failed, or which error a cell had, if the class keeps a
            record; "" for none.
        again: how many submissions, or cells, one after the other have failed in that same way.
        exercise: how that of the lesson stands, "tried" or "right", if the class keeps a record.
    """

    name: str
    lesson: str
    since: datetime | None
    moved: datetime
    completed: int
    failed: int
    unfinished: int
    complaint: str
    again: int
    exercise: str = ""


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


def sessions_of(channel: grpc.Channel, name: str) -> list[Session]:
    """Return all sessions of one learner, whatever their status.

    Raises:
        HelloError: as `learners`.
    """
    with explained(channel):
        found = _sessions(channel, Session.options["learner"] == name)
        return [session for session in found if session.options.options["learner"] == name]


def end(channel: grpc.Channel, sessions: Iterable[Session], *, forget: bool = False) -> None:
    """Cancel sessions, with their tasks; those that are over stay as they are.

    Args:
        forget: delete them then, with all that is in them.

    Raises:
        HelloError: if ArmoniK refuses, as it does if they belong to somebody else.
    """
    client = ArmoniKSessions(channel)
    with explained(channel):
        for session in sessions:
            status = session.status
            if status in (SessionStatus.RUNNING, SessionStatus.PAUSED):
                status = client.cancel_session(session.session_id).status
            if forget and status in (SessionStatus.CANCELLED, SessionStatus.CLOSED):
                client.purge_session(session.session_id)  # else a cluster keeps the data
            if forget:
                client.delete_session(session.session_id)


def _sessions(channel: grpc.Channel, wanted: Any = None) -> Iterator[Session]:
    kinds = (Session.options["hello"] == kind for kind in (COURSE, OWN, RECORD))
    of_course = functools.reduce(operator.or_, kinds)
    if wanted is not None:
        of_course = of_course & wanted
    client = ArmoniKSessions(channel)

    def page(number: int, size: int) -> Any:
        return client.list_sessions(
            of_course, page=number, page_size=size, sort_field=Session.created_at
        )

    return (session for session in all_rows(page) if "learner" in session.options.options)


def _look_at(channel: grpc.Channel, name: str, sessions: list[Session]) -> Learner:
    client, counts, newest = ArmoniKTasks(channel), Counter[TaskStatus](), list[Task]()
    records = [each for each in sessions if each.options.options["hello"] == RECORD]
    others = [each.session_id for each in sessions if each.options.options["hello"] != RECORD]
    for batch in batched(others, BATCH):
        of_batch = functools.reduce(operator.or_, (Task.session_id == key for key in batch))
        counts.update(client.count_tasks_by_status(of_batch))
        newest += itertools.islice(_newest(client, of_batch), NEWEST)
    newest = _newest_first(newest)
    lesson, since = _lesson(sessions, newest)
    complaint, again = max(_complaint(newest), _errors(records), key=lambda found: found[1])
    return Learner(
        name,
        lesson,
        since,
        max(
            [session.created_at for session in sessions]
            + [task.ended_at or task.created_at for task in newest]
        ),
        counts[TaskStatus.COMPLETED],
        sum(counts[status] for status in FAILED),
        sum(count for status, count in counts.items() if status not in OVER),
        complaint,
        again,
        _exercise(records, lesson),
    )


def _lesson(sessions: Iterable[Session], tasks: Iterable[Task]) -> tuple[str, datetime | None]:
    """Return the newest lesson of which there is a sign, and when the first sign of it came."""
    signs = [(task.created_at, task.options.options.get(LESSON, "")) for task in tasks]
    for session in sessions:
        shared = SHARED if session.options.options["hello"] == COURSE else ""
        signs.append((session.created_at, session.options.options.get(LESSON, shared)))
    told = sorted((sign for sign in signs if sign[1]), reverse=True)
    if not told:
        return "", None
    lesson = told[0][1]
    *_, (since, _) = itertools.takewhile(lambda sign: sign[1] == lesson, told)
    return lesson, since


def _complaint(tasks: Iterable[Task]) -> tuple[str, int]:
    """Return why the newest of these has failed, and how often one after the other."""
    complaint, made, again = "", None, 0
    for task in tasks:
        if task.status == TaskStatus.RETRIED:
            continue
        error = task.output.error or "no reason is told" if task.status in FAILED else ""
        if not error or (complaint and error != complaint):
            break
        complaint = error
        if made is None or made - task.created_at > APART:
            again += 1
        made = task.created_at
    return complaint, again


def _errors(records: list[Session]) -> tuple[str, int]:
    """Return of which kind the newest error in a cell was, and how often one after the other."""
    told = [record.options.options for record in _newest_first(records)]
    kinds = [(labels.get(ERROR, ""), labels.get(LESSON, "")) for labels in told]
    if not kinds or not kinds[0][0]:
        return "", 0
    kind, lesson = kinds[0]
    again = sum(1 for _ in itertools.takewhile(lambda each: each == kinds[0], kinds))
    return f"{kind} in a cell of lesson {lesson}", again


def _exercise(records: list[Session], lesson: str) -> str:
    """Return how the exercise of a lesson stands: what was right stays so."""
    told = (record.options.options for record in records)
    found = {labels.get(EXERCISE, "") for labels in told if labels.get(LESSON) == lesson}
    return "right" if "right" in found else "tried" if "tried" in found else ""


def _newest_first(things: Iterable[T]) -> list[T]:
    return sorted(things, key=operator.attrgetter("created_at"), reverse=True)


def _newest(client: ArmoniKTasks, wanted: Any) -> Iterator[Task]:
    """Yield the tasks that are wanted, the newest first; those that are too long are left out."""

    def page(number: int, size: int) -> Any:
        return client.list_tasks(
            wanted,
            page=number,
            page_size=size,
            sort_field=Task.created_at,
            sort_direction=Direction.DESC,
            detailed=False,
        )

    return all_rows(page, NEWEST)
