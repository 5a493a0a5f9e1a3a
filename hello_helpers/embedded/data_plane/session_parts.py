"""The parts of a session's changes: each changes the next rows of one kind, a bounded number.

A part takes a ``seq``; it changes the first `CHUNK` rows of the session that come after it, and
returns them.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from . import cancellation, dependencies, results, tasks
from .database import CHUNK, Transaction
from .plane import DataPlane
from .states import MOVES, ResultStatus, TaskStatus

_STOPPABLE = [status for status, next_ in MOVES.items() if TaskStatus.CANCELLING in next_]

Part: TypeAlias = Callable[[DataPlane, Transaction, str, int], list[sqlite3.Row]]

UNOWNED: dict[str, Any] = {
    "owner_pod_id": "",
    "pod_hostname": "",
    "received_at": None,
    "acquired_at": None,
}
"""What is cleared when a task goes from a pod back to the queue."""


def _rows(
    tx: Transaction, table: str, columns: str, session_id: str, after: int, condition: str = "1"
) -> list[sqlite3.Row]:
    """Return a session's next rows, in order of arrival."""
    return tx.rows(
        f"SELECT {columns} FROM {table} WHERE session_id = ? AND seq > ? AND {condition}"
        f" ORDER BY seq LIMIT {CHUNK}",
        (session_id, after),
    )


def _tasks(tx: Transaction, session_id: str, *statuses: TaskStatus) -> list[sqlite3.Row]:
    """Return the first tasks with these statuses; once they have another, it is others' turn."""
    numbers = ", ".join(str(int(status)) for status in statuses)
    return tx.rows(
        f"SELECT {tasks.HANDLES} FROM task WHERE session_id = ? AND status IN ({numbers})"
        f" LIMIT {CHUNK}",  # an order would have to be made anew each time
        (session_id,),
    )


def hold_back(plane: DataPlane, tx: Transaction, session_id: str, _after: int) -> list[sqlite3.Row]:
    """Pause tasks that no worker has seen yet."""
    waiting = _tasks(tx, session_id, TaskStatus.SUBMITTED, TaskStatus.DISPATCHED)
    tasks.move_all(plane, tx, waiting, TaskStatus.PAUSED, **UNOWNED)
    plane.tell_holders(tx, [task["task_id"] for task in waiting])
    return waiting


def queue_again(
    plane: DataPlane, tx: Transaction, session_id: str, _after: int
) -> list[sqlite3.Row]:
    """Queue tasks that were paused."""
    held = _tasks(tx, session_id, TaskStatus.PAUSED)
    dependencies.queue(plane, tx, held)
    return held


def cancel_tasks(
    plane: DataPlane, tx: Transaction, session_id: str, _after: int
) -> list[sqlite3.Row]:
    """Stop tasks; their outputs are aborted with all others of the session."""
    unfinished = _tasks(tx, session_id, *_STOPPABLE)
    cancellation.stop(plane, tx, unfinished)
    return unfinished


def abort_results(
    plane: DataPlane, tx: Transaction, session_id: str, after: int
) -> list[sqlite3.Row]:
    """Abort results; what waits for them in other sessions fails."""
    condition = f"status = {int(ResultStatus.CREATED)}"
    unmade = _rows(tx, "result", "seq, result_id, session_id", session_id, after, condition)
    dependencies.abort_results(plane, tx, unmade, completed_at=None)
    reason = f"Session {session_id} was cancelled"
    failed = dependencies.fail_dependents(plane, tx, unmade, reason)
    dependencies.abort_outputs(plane, tx, failed, reason)
    return unmade


def cancel_paused(
    plane: DataPlane, tx: Transaction, session_id: str, _after: int
) -> list[sqlite3.Row]:
    """Cancel tasks that are in no queue."""
    held = _tasks(tx, session_id, TaskStatus.PAUSED)
    cancellation.cancel(plane, tx, held, f"Session {session_id} was closed")
    return held


def erase_data(plane: DataPlane, tx: Transaction, session_id: str, after: int) -> list[sqlite3.Row]:
    """Erase the data of results, except those under manual deletion."""
    rows = _rows(tx, "result", "*", session_id, after)
    results.delete_data(plane, tx, rows)
    return rows


def delete_tasks(
    plane: DataPlane, tx: Transaction, session_id: str, after: int
) -> list[sqlite3.Row]:
    """Remove tasks; pods that hold one are told."""
    rows = _rows(tx, "task", tasks.HANDLES, session_id, after)
    task_ids = [row["task_id"] for row in rows]
    plane.tell_holders(tx, task_ids)
    dependencies.forget(tx, task_ids)
    _delete(tx, "task", rows)
    return rows


def delete_results(
    plane: DataPlane, tx: Transaction, session_id: str, after: int
) -> list[sqlite3.Row]:
    """Remove results and their data."""
    rows = _rows(tx, "result", "seq, opaque_id", session_id, after)
    plane.erase(tx, [row["opaque_id"] for row in rows])
    _delete(tx, "result", rows)
    return rows


def _delete(tx: Transaction, table: str, rows: Sequence[sqlite3.Row]) -> None:
    tx.executemany(f"DELETE FROM {table} WHERE seq = ?", [(row["seq"],) for row in rows])
