"""Task rows: every change of a task's status goes through `move`."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from types import MappingProxyType
from typing import Any, TypeAlias

from .clock import now
from .database import Transaction
from .feed import Change, ChangeKind
from .plane import DataPlane
from .states import FINAL_TASK, MOVES, TaskStatus

Computed: TypeAlias = Mapping[str, tuple[str, object]]
"""Columns that SQL computes: by name, an expression with one question mark, and its value."""

HANDLES = "seq, task_id, session_id, status, partition_id, priority"
"""The columns that are needed to change many tasks at once."""

UNOWNED: dict[str, Any] = {
    "owner_pod_id": "",
    "pod_hostname": "",
    "received_at": None,
    "acquired_at": None,
}
"""What is cleared when a task goes from a pod back to the queue."""

_SOURCES = {
    to: ", ".join(str(int(status)) for status, targets in MOVES.items() if to in targets)
    for to in TaskStatus
}


def get(plane: DataPlane, task_id: str) -> sqlite3.Row:
    """Return the row of a task.

    Raises:
        NotFound: there is no such task.
    """
    return plane.get("task", task_id)


def select(tx: Transaction, task_ids: Iterable[str]) -> list[sqlite3.Row]:
    """Return the rows of those tasks that exist, in order of arrival."""
    return tx.rows(
        "SELECT * FROM task WHERE task_id IN (SELECT value FROM json_each(?)) ORDER BY seq",
        (json.dumps(list(task_ids)),),
    )


def move(
    plane: DataPlane,
    tx: Transaction,
    task: sqlite3.Row,
    *steps: TaskStatus,
    computed: Computed = MappingProxyType({}),
    **columns: object,
) -> bool:
    """Take a task through one status or several (and set other columns) with one statement.

    It still has to belong to whom the row ``task`` names: to the same pod, or as yet to none.

    Args:
        steps: the statuses in order; each must lead to the next one.

    Returns:
        False if the task is gone, has another owner, or its present status does not lead there;
        then nothing changed.
    """
    assert all(after in MOVES[before] for before, after in pairwise(steps)), steps
    settings, values = _settings(columns, computed)
    cursor = tx.execute(
        f"UPDATE task SET status = ?{settings}"
        f" WHERE task_id = ? AND pod_hostname = ? AND status IN ({_SOURCES[steps[0]]})",
        (int(steps[-1]), *values, task["task_id"], task["pod_hostname"]),
    )
    if cursor.rowcount != 1:
        return False
    for status in steps:
        announce(plane, tx, task["session_id"], task["task_id"], status)
    return True


def move_all(
    plane: DataPlane,
    tx: Transaction,
    rows: Sequence[sqlite3.Row],
    to: TaskStatus,
    computed: Computed = MappingProxyType({}),
    **columns: object,
) -> list[sqlite3.Row]:
    """Give many tasks a new status, whoever owns them, with one statement for all; see `move`.

    Args:
        rows: rows that have at least the columns `HANDLES`.

    Returns:
        Those of the rows that the state machine let go there; as they were before.
    """
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
    settings, values = _settings(columns, computed)
    tx.execute(
        f"UPDATE task SET status = ?{settings} WHERE seq IN (SELECT value FROM json_each(?))",
        (int(to), *values, json.dumps([row["seq"] for row in moved])),
    )
    for row in moved:
        if plane.feed.wanted(row["session_id"]):
            announce(plane, tx, row["session_id"], row["task_id"], to)
    return moved


def _settings(columns: Mapping[str, object], computed: Computed) -> tuple[str, list[object]]:
    """Return the middle of an UPDATE, and what is bound to its question marks."""
    settings = [f", {name} = ?" for name in columns]
    settings += [f", {name} = {expression}" for name, (expression, _) in computed.items()]
    return "".join(settings), [*columns.values(), *(value for _, value in computed.values())]


def announce(
    plane: DataPlane, tx: Transaction, session_id: str, task_id: str, status: TaskStatus
) -> None:
    """Publish the new status of a task."""
    plane.publish(tx, Change(ChangeKind.TASK_STATUS, session_id, task_id, status))


def announce_new(
    plane: DataPlane, tx: Transaction, session_id: str, task_id: str, steps: Iterable[TaskStatus]
) -> None:
    """Publish that there is a new task, and the first statuses that it has had since."""
    plane.publish(tx, Change(ChangeKind.NEW_TASK, session_id, task_id, TaskStatus.CREATING))
    for status in steps:
        announce(plane, tx, session_id, task_id, status)


def end(
    plane: DataPlane,
    tx: Transaction,
    task: sqlite3.Row,
    to: TaskStatus,
    error: str = "",
    processed_at: int | None = None,
) -> bool:
    """Move a task into a final status: instants, durations and output are set here.

    Args:
        processed_at: when its worker was done; None: just now, if it ever started.
    """
    instant = now()
    computed = _durations(to, instant)
    if to is not TaskStatus.CANCELLED:
        expression = "CASE WHEN started_at IS NULL THEN NULL ELSE ? END"
        computed["processed_at"] = (expression, processed_at or instant)
    success = int(not error and to is TaskStatus.COMPLETED)
    columns = {"ended_at": instant, "success": success, "error": error}
    return move(plane, tx, task, to, computed=computed, **columns)


def end_all(
    plane: DataPlane, tx: Transaction, rows: Sequence[sqlite3.Row], to: TaskStatus, error: str = ""
) -> list[sqlite3.Row]:
    """Move many tasks into a final status that is no success; see `end` and `move_all`."""
    instant = now()
    columns = {"ended_at": instant, "success": 0, "error": error}
    return move_all(plane, tx, rows, to, _durations(to, instant), **columns)


def _durations(to: TaskStatus, instant: int) -> dict[str, tuple[str, object]]:
    """Return the durations of a task that ends at an instant; NULL from where it never got."""
    assert to in FINAL_TASK
    return {
        "creation_to_end_duration": ("? - created_at", instant),
        "processing_to_end_duration": ("? - started_at", instant),
        "received_to_end_duration": ("? - received_at", instant),
    }
