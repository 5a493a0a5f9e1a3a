"""Task rows: every change of a task's status goes through `move`."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType

from ..errors import NotFound
from .clock import now
from .database import Transaction
from .feed import Change, ChangeKind
from .plane import DataPlane
from .states import FINAL_TASK, MOVES, TaskStatus

HANDLES = "seq, task_id, session_id, status, partition_id, priority"
"""The columns that are needed to change many tasks at once."""

_SOURCES = {
    to: ", ".join(str(int(status)) for status, targets in MOVES.items() if to in targets)
    for to in TaskStatus
}


def get(plane: DataPlane, task_id: str) -> sqlite3.Row:
    """Return the row of a task.

    Raises:
        NotFound: there is no such task.
    """
    row = plane.database.row("SELECT * FROM task WHERE task_id = ?", (task_id,))
    if row is None:
        raise NotFound(f"Task was not found: no task has the id {task_id!r}")
    return row


def select(tx: Transaction, task_ids: Iterable[str]) -> list[sqlite3.Row]:
    """Return the rows of those tasks that exist, in order of arrival."""
    return tx.rows(
        "SELECT * FROM task WHERE task_id IN (SELECT value FROM json_each(?)) ORDER BY seq",
        (json.dumps(list(task_ids)),),
    )


def move(
    plane: DataPlane, tx: Transaction, task: sqlite3.Row, to: TaskStatus, **columns: object
) -> bool:
    """Give a task a new status (and other columns) if the state machine allows it.

    Returns:
        False if the task is gone or its present status does not lead there; then nothing changed.
    """
    settings = "".join(f", {name} = ?" for name in columns)
    cursor = tx.execute(
        f"UPDATE task SET status = ?{settings} WHERE task_id = ? AND status IN ({_SOURCES[to]})",
        (int(to), *columns.values(), task["task_id"]),
    )
    if cursor.rowcount != 1:
        return False
    announce(plane, tx, task["session_id"], task["task_id"], to)
    return True


def move_all(
    plane: DataPlane,
    tx: Transaction,
    rows: Sequence[sqlite3.Row],
    to: TaskStatus,
    **columns: object,
) -> list[sqlite3.Row]:
    """Give many tasks a new status, with one statement for all; see `move`.

    Args:
        rows: rows that have at least the columns `HANDLES`.

    Returns:
        Those of the rows that the state machine let go there; as they were before.
    """
    return _move_all(plane, tx, rows, to, columns)


def _move_all(
    plane: DataPlane,
    tx: Transaction,
    rows: Sequence[sqlite3.Row],
    to: TaskStatus,
    columns: Mapping[str, object],
    computed: Mapping[str, str] = MappingProxyType({}),
) -> list[sqlite3.Row]:
    """See `move_all`; ``computed`` are columns whose values are SQL expressions."""
    if not rows:
        return []
    able = {
        row["seq"]
        for row in tx.rows(
            "SELECT seq FROM task WHERE seq IN (SELECT value FROM json_each(?))"
            f" AND status IN ({_SOURCES[to]})",
            (json.dumps([row["seq"] for row in rows]),),
        )
    }
    moved = [row for row in rows if row["seq"] in able]
    settings = [f", {name} = ?" for name in columns]
    settings += [f", {name} = {expression}" for name, expression in computed.items()]
    tx.execute(
        f"UPDATE task SET status = ?{''.join(settings)}"
        " WHERE seq IN (SELECT value FROM json_each(?))",
        (int(to), *columns.values(), json.dumps([row["seq"] for row in moved])),
    )
    for row in moved:
        if plane.feed.wanted(row["session_id"]):
            announce(plane, tx, row["session_id"], row["task_id"], to)
    return moved


def announce(
    plane: DataPlane, tx: Transaction, session_id: str, task_id: str, status: TaskStatus
) -> None:
    """Publish the new status of a task."""
    plane.publish(tx, Change(ChangeKind.TASK_STATUS, session_id, task_id, status))


def end(
    plane: DataPlane,
    tx: Transaction,
    task: sqlite3.Row,
    to: TaskStatus,
    error: str = "",
    **columns: object,
) -> bool:
    """Move a task into a final status: instants, durations and output are set here."""
    assert to in FINAL_TASK
    instant = now()
    return move(
        plane,
        tx,
        task,
        to,
        ended_at=instant,
        creation_to_end_duration=instant - task["created_at"],
        processing_to_end_duration=task["started_at"] and instant - task["started_at"],
        received_to_end_duration=task["received_at"] and instant - task["received_at"],
        success=int(not error and to is TaskStatus.COMPLETED),
        error=error,
        **columns,
    )


def end_all(
    plane: DataPlane, tx: Transaction, rows: Sequence[sqlite3.Row], to: TaskStatus, error: str = ""
) -> list[sqlite3.Row]:
    """Move many tasks into a final status that is no success; see `end` and `move_all`."""
    assert to in FINAL_TASK
    assert to is not TaskStatus.COMPLETED
    instant = now()
    columns = {"ended_at": instant, "success": 0, "error": error}
    durations = {
        f"{name}_to_end_duration": f"{instant} - {begin}" for name, begin in _DURATIONS.items()
    }
    return _move_all(plane, tx, rows, to, columns, durations)


_DURATIONS = {"creation": "created_at", "processing": "started_at", "received": "received_at"}
"""Where each duration of a task begins; it has no duration if it never got there."""
