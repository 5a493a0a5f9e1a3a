"""Task rows: every change of a task's status goes through `move`."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable

from ..errors import NotFound
from .clock import now
from .database import Transaction
from .feed import Change, ChangeKind
from .plane import DataPlane
from .states import FINAL_TASK, MOVES, TaskStatus

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
