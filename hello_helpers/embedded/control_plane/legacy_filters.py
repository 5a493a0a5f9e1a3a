"""The filters of the Submitter service, as conditions on the tables of tasks and sessions."""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import partial
from sqlite3 import Connection, Row

from armonik.protogen.common.submitter_common_pb2 import SessionFilter, TaskFilter

from ..data_plane.filters import Where
from ..data_plane.plane import DataPlane
from ..errors import InvalidArgument

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
    rows = await plane.database.read(partial(_rows, sql=sql, where=where))
    return [row[0] for row in rows]


def count(
    connection: Connection, where: Where, statuses: Iterable[int] | None = None
) -> dict[int, int]:
    """Count matching tasks by status; ``statuses``: only those in one of these."""
    if statuses is not None:
        where = _and(where, _among("status", statuses))
    sql = f"SELECT status, COUNT(*) FROM task WHERE {where.sql} GROUP BY status"
    return {row[0]: row[1] for row in _rows(connection, sql, where)}


def _rows(connection: Connection, sql: str, where: Where) -> list[Row]:
    return connection.execute(sql, where.parameters).fetchall()


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
