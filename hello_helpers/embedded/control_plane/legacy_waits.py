"""The filters and the waiting calls of the Submitter service.

Filters are conditions on the tables of tasks and sessions. Waits wait on the change feed and never
poll.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Set

from armonik.protogen.common.objects_pb2 import Empty, Error, TaskError
from armonik.protogen.common.submitter_common_pb2 import (
    AvailabilityReply,
    SessionFilter,
    TaskFilter,
    WaitRequest,
)

from ..data_plane import results, tasks
from ..data_plane.feed import ChangeKind, Subscription
from ..data_plane.filters import Where
from ..data_plane.plane import DataPlane
from ..data_plane.states import FINAL_TASK, ResultStatus, TaskStatus
from ..errors import InvalidArgument, NotFound
from .listing import count_by_status

_ATTEMPTS = """task_id IN (
    WITH RECURSIVE attempt (task_id, initial_task_id, number) AS (
        SELECT task_id, initial_task_id, json_array_length(retry_of_ids) FROM task
        WHERE task_id IN (SELECT value FROM json_each(?))
        UNION
        SELECT task.task_id, task.initial_task_id, attempt.number + 1
        FROM attempt JOIN task
        ON task.task_id = attempt.initial_task_id || '###' || (attempt.number + 1)
    )
    SELECT task_id FROM attempt
)"""
"""Tasks by their ids, together with all retries of theirs."""


def task_where(wanted: TaskFilter, *, with_retries: bool = False) -> Where:
    """Return the condition that a filter for tasks stands for.

    Args:
        with_retries: where tasks are named, their retries are meant, too.

    Raises:
        InvalidArgument: it names neither sessions nor tasks.
    """
    kind = wanted.WhichOneof("ids")
    if kind is None or not (ids := list(getattr(wanted, kind).ids)):
        raise InvalidArgument("filter: must name at least one session or at least one task")
    if kind == "task" and with_retries:
        named = Where(_ATTEMPTS, (json.dumps(ids),))
    else:
        named = _among("session_id" if kind == "session" else "task_id", ids)
    return _and(named, _with_status(wanted))


def session_where(wanted: SessionFilter) -> Where:
    """Return the condition that a filter for sessions stands for; one without ids means all."""
    ids = list(wanted.sessions)
    named = _among("session_id", ids) if ids else Where()
    return _and(named, _with_status(wanted))


async def ids_of(plane: DataPlane, table: str, where: Where) -> list[str]:
    """Return the ids of the tasks or sessions that match, in order of creation.

    Args:
        table: ``task`` or ``session``.
    """
    sql = f"SELECT {table}_id FROM {table} WHERE {where.sql} ORDER BY rowid"
    return [row[0] for row in await plane.database.read_rows(sql, where.parameters)]


def _with_status(wanted: TaskFilter | SessionFilter) -> Where:
    kind = wanted.WhichOneof("statuses")
    if kind is None:
        return Where()
    return _among("status", getattr(wanted, kind).statuses, "" if kind == "included" else "NOT ")


def _among(column: str, values: Iterable[object], negation: str = "") -> Where:
    sql = f"{column} {negation}IN (SELECT value FROM json_each(?))"
    return Where(sql, (json.dumps(list(values)),))


def _and(left: Where, right: Where) -> Where:
    return Where(f"({left.sql}) AND ({right.sql})", left.parameters + right.parameters)


BATCH = 500
"""Changes that are looked at at once."""

_OPEN = frozenset(TaskStatus) - FINAL_TASK
_FAILED = frozenset({TaskStatus.ERROR, TaskStatus.TIMEOUT})
_STOPPED = frozenset({TaskStatus.CANCELLING, TaskStatus.CANCELLED})


def owner_of(plane: DataPlane, result: sqlite3.Row) -> sqlite3.Row | None:
    """Return the row of the task that produces a result; None if no task does."""
    return plane.database.row("SELECT * FROM task WHERE task_id = ?", (result["owner_task_id"],))


def why_never(result: sqlite3.Row, owner: sqlite3.Row | None) -> TaskError | None:
    """Say why a result that has no data will never have any; None if it still may.

    A task can succeed and yet not produce what was expected of it. ArmoniK lets whoever waits for
    that wait for ever; here it counts as an error.

    Raises:
        NotFound: its data was deleted.
    """
    status = ResultStatus(result["status"])
    if status is ResultStatus.DELETED:
        raise NotFound(f"Result data was not found: result {result['result_id']} is DELETED")
    if owner is None:
        if status is not ResultStatus.ABORTED:
            return None
        detail = "The result was aborted: its session was cancelled"
        return TaskError(errors=[Error(detail=detail)])
    over = owner["status"] in FINAL_TASK - {TaskStatus.RETRIED}
    if status is not ResultStatus.ABORTED and not over:
        return None
    task_status = TaskStatus(owner["status"])
    detail = owner["error"] or f"Task {owner['task_id']} is {task_status.name}, without this result"
    return TaskError(
        task_id=owner["task_id"], errors=[Error(task_status=int(task_status), detail=detail)]
    )


async def wait_for_availability(plane: DataPlane, result_id: str) -> AvailabilityReply:
    """Wait until a result is COMPLETED, or never will be.

    Raises:
        NotFound: there is no such result, its data was deleted, or its session was, meanwhile.
    """
    session_id = results.get(plane, result_id)["session_id"]
    with plane.feed.subscribe(session_id, about=[result_id]) as subscription:
        while True:
            result = results.get(plane, result_id)
            if result["status"] == ResultStatus.COMPLETED:
                return AvailabilityReply(ok=Empty())
            if error := why_never(result, owner_of(plane, result)):
                return AvailabilityReply(error=error)
            plane.feed.also(subscription, result["owner_task_id"])  # its end matters, too
            await subscription.next_batch(BATCH)


async def wait_for_completion(plane: DataPlane, request: WaitRequest) -> dict[int, int]:
    """Wait until all tasks that match are final; return how many there are, by status.

    A task that is repeated is not over: if tasks are named, their retries are waited for, and
    counted, too.

    Raises:
        InvalidArgument: the filter names neither sessions nor tasks.
    """
    where = task_where(request.filter, with_retries=True)
    stop = {
        *(_FAILED if request.stop_on_first_task_error else ()),
        *(_STOPPED if request.stop_on_first_task_cancellation else ()),
    }
    by_status = request.filter.WhichOneof("statuses") is not None
    with plane.feed.subscribe(*_sessions(plane, request.filter)) as subscription:
        while True:
            open_tasks, counts = await plane.database.read(
                lambda reader: _look(reader, where, stop)
            )
            if counts is not None:
                return counts
            if by_status:  # a task that changes its status may leave the filter
                await _until(subscription, 1, frozenset(TaskStatus), stop)
            else:
                await _until(subscription, open_tasks, FINAL_TASK, stop)


def _look(
    reader: sqlite3.Connection, where: Where, stop: Set[TaskStatus]
) -> tuple[int, dict[int, int] | None]:
    """Return how many tasks are open and, if the wait is over, all counts."""
    with reader:
        reader.execute("BEGIN")  # both counts see the same state
        watched = count_by_status(reader, _and(where, _among("status", _OPEN | stop)))
        open_tasks = sum(number for status, number in watched.items() if status in _OPEN)
        over = not open_tasks or not stop.isdisjoint(watched)
        return open_tasks, count_by_status(reader, where) if over else None


async def _until(
    subscription: Subscription, number: int, counting: Set[TaskStatus], stop: Set[TaskStatus]
) -> None:
    """Wait for as many changes as it takes at least until the wait can be over.

    That are as many as there are open tasks, since each has to end. So a wait for many tasks does
    not count them again at every change.
    """
    while number > 0:
        changes = await subscription.next_batch(BATCH)
        if not changes:  # some were missed
            return
        statuses = [change.status for change in changes if change.kind is ChangeKind.TASK_STATUS]
        if not stop.isdisjoint(statuses):
            return
        number -= sum(status in counting for status in statuses)


def _sessions(plane: DataPlane, wanted: TaskFilter) -> list[str]:
    """Return the sessions that the tasks of a filter belong to."""
    if wanted.WhichOneof("ids") == "session":
        return list(wanted.session.ids)
    with plane.transaction() as tx:
        return sorted({row["session_id"] for row in tasks.select(tx, wanted.task.ids)})
