"""What follows when a result is completed, or will never be: tasks are released, or fail."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Sequence

from . import tasks
from .clock import now
from .database import Transaction
from .feed import Change, ChangeKind
from .plane import DataPlane
from .states import ResultStatus, SessionStatus, TaskStatus


def release(plane: DataPlane, tx: Transaction, result_ids: Sequence[str]) -> None:
    """Let the tasks run that waited for nothing but these results, now COMPLETED."""
    ids = json.dumps(result_ids)
    waiting = tx.rows(
        "SELECT DISTINCT task_id FROM waiting WHERE result_id IN (SELECT value FROM json_each(?))",
        (ids,),
    )
    if not waiting:
        return
    tx.execute("DELETE FROM waiting WHERE result_id IN (SELECT value FROM json_each(?))", (ids,))
    ready = tx.rows(
        "SELECT * FROM task WHERE task_id IN (SELECT value FROM json_each(?)) AND status = ?"
        " AND NOT EXISTS (SELECT 1 FROM waiting WHERE waiting.task_id = task.task_id)"
        " ORDER BY seq",
        (json.dumps([row["task_id"] for row in waiting]), int(TaskStatus.PENDING)),
    )
    for task in ready:
        make_ready(plane, tx, task)


def make_ready(plane: DataPlane, tx: Transaction, task: sqlite3.Row) -> None:
    """Queue a task whose data is all there; in a paused session it is held back instead."""
    session = tx.row("SELECT status FROM session WHERE session_id = ?", (task["session_id"],))
    if session is not None and session["status"] == SessionStatus.PAUSED:
        tasks.move(plane, tx, task, TaskStatus.PAUSED, submitted_at=now())
    elif tasks.move(plane, tx, task, TaskStatus.SUBMITTED, submitted_at=now()):
        plane.enqueue(tx, task["task_id"], task["partition_id"], task["priority"])


def abort_outputs(
    plane: DataPlane, tx: Transaction, failed: Iterable[sqlite3.Row], reason: str
) -> None:
    """Abort what failed tasks should have produced; fail what waits for it; and so on.

    Args:
        failed: rows of tasks that ended in ERROR, TIMEOUT or CANCELLED.
        reason: names the root of the failure; every task down the line gets it as its error.
    """
    while failed := list(failed):
        aborted: list[str] = []
        for task in failed:
            outputs = tx.rows(
                "SELECT result_id, session_id FROM result"
                " WHERE result_id IN (SELECT value FROM json_each(?))"
                " AND status = ? AND owner_task_id IN ('', ?)",
                (task["expected_output_ids"], int(ResultStatus.CREATED), task["task_id"]),
            )
            for output in outputs:
                abort_result(plane, tx, output, completed_at=now())
            aborted += [output["result_id"] for output in outputs]
        failed = _fail_dependents(plane, tx, aborted, reason)


def abort_result(
    plane: DataPlane, tx: Transaction, result: sqlite3.Row, completed_at: int | None
) -> None:
    """Mark one result as ABORTED: nobody will produce it."""
    tx.execute(
        "UPDATE result SET status = ?, completed_at = ? WHERE result_id = ?",
        (int(ResultStatus.ABORTED), completed_at, result["result_id"]),
    )
    plane.publish(
        tx,
        Change(
            ChangeKind.RESULT_STATUS,
            result["session_id"],
            result["result_id"],
            ResultStatus.ABORTED,
        ),
    )


def _fail_dependents(
    plane: DataPlane, tx: Transaction, result_ids: list[str], reason: str
) -> list[sqlite3.Row]:
    """Fail the tasks that wait for aborted results; return their rows."""
    if not result_ids:
        return []
    dependents = tx.rows(
        "SELECT * FROM task WHERE task_id IN (SELECT task_id FROM waiting"
        " WHERE result_id IN (SELECT value FROM json_each(?))) ORDER BY seq",
        (json.dumps(result_ids),),
    )
    failed = [
        task for task in dependents if tasks.end(plane, tx, task, TaskStatus.ERROR, error=reason)
    ]
    forget(tx, [task["task_id"] for task in dependents])
    return failed


def forget(tx: Transaction, task_ids: Sequence[str]) -> None:
    """Stop waiting on behalf of tasks that will not run."""
    tx.execute(
        "DELETE FROM waiting WHERE task_id IN (SELECT value FROM json_each(?))",
        (json.dumps(task_ids),),
    )
