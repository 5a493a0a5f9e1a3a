"""What follows when a result is completed, or will never be: tasks are released, or fail."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from itertools import groupby
from operator import itemgetter

from . import tasks
from .clock import now
from .database import Transaction
from .feed import Change, ChangeKind
from .plane import DataPlane
from .states import ResultStatus, SessionStatus, TaskStatus


def release(plane: DataPlane, tx: Transaction, result_id: str) -> None:
    """Let the tasks run that waited for nothing but this result, now COMPLETED."""
    waiting = tx.rows("SELECT task_id FROM waiting WHERE result_id = ?", (result_id,))
    if not waiting:
        return
    tx.execute("DELETE FROM waiting WHERE result_id = ?", (result_id,))
    ready = tx.rows(
        f"SELECT {tasks.HANDLES} FROM task"
        " WHERE task_id IN (SELECT value FROM json_each(?)) AND status = ?"
        " AND NOT EXISTS (SELECT 1 FROM waiting WHERE waiting.task_id = task.task_id)"
        " ORDER BY session_id, seq",
        (json.dumps([row["task_id"] for row in waiting]), int(TaskStatus.PENDING)),
    )
    make_ready(plane, tx, ready)


def make_ready(plane: DataPlane, tx: Transaction, rows: Sequence[sqlite3.Row]) -> None:
    """Queue tasks whose data is all there; in a paused session they are held back instead."""
    for session_id, of_session in groupby(rows, key=itemgetter("session_id")):
        session = tx.row("SELECT status FROM session WHERE session_id = ?", (session_id,))
        if session is not None and session["status"] == SessionStatus.PAUSED:
            tasks.move_all(plane, tx, list(of_session), TaskStatus.PAUSED, submitted_at=now())
        else:
            queue(plane, tx, list(of_session))


def queue(plane: DataPlane, tx: Transaction, rows: Sequence[sqlite3.Row]) -> None:
    """Make tasks SUBMITTED, and put them in the queues of their partitions."""
    plane.enqueue_all(tx, tasks.move_all(plane, tx, rows, TaskStatus.SUBMITTED, submitted_at=now()))


def abort_outputs(
    plane: DataPlane, tx: Transaction, failed: Sequence[sqlite3.Row], reason: str
) -> None:
    """Abort what failed tasks should have produced; fail what waits for it; and so on.

    Args:
        failed: rows of tasks that ended in ERROR, TIMEOUT or CANCELLED.
        reason: names the root of the failure; every task down the line gets it as its error.
    """
    while failed:
        outputs = tx.rows(
            "SELECT DISTINCT result.seq, result.result_id, result.session_id"
            " FROM json_each(?) AS failed CROSS JOIN task ON task.seq = failed.value"
            " CROSS JOIN json_each(task.expected_output_ids) AS output"
            " CROSS JOIN result ON result.result_id = output.value"
            " WHERE result.status = ? AND result.owner_task_id IN ('', task.task_id)",
            (json.dumps([task["seq"] for task in failed]), int(ResultStatus.CREATED)),
        )
        abort_results(plane, tx, outputs, completed_at=now())
        failed = fail_dependents(plane, tx, outputs, reason)


def abort_results(
    plane: DataPlane, tx: Transaction, rows: Sequence[sqlite3.Row], completed_at: int | None
) -> None:
    """Mark results as ABORTED: nobody will produce them."""
    if not rows:
        return
    tx.execute(
        "UPDATE result SET status = ?, completed_at = ?"
        " WHERE seq IN (SELECT value FROM json_each(?))",
        (int(ResultStatus.ABORTED), completed_at, json.dumps([row["seq"] for row in rows])),
    )
    for row in rows:
        change = (ChangeKind.RESULT_STATUS, row["session_id"], row["result_id"])
        plane.publish(tx, Change(*change, ResultStatus.ABORTED))


def fail_dependents(
    plane: DataPlane, tx: Transaction, results: Sequence[sqlite3.Row], reason: str
) -> list[sqlite3.Row]:
    """Fail the tasks that wait for aborted results; return their rows."""
    if not results:
        return []
    dependents = tx.rows(
        f"SELECT {tasks.HANDLES} FROM task WHERE task_id IN (SELECT task_id FROM waiting"
        " WHERE result_id IN (SELECT value FROM json_each(?))) ORDER BY seq",
        (json.dumps([row["result_id"] for row in results]),),
    )
    failed = tasks.end_all(plane, tx, dependents, TaskStatus.ERROR, error=reason)
    forget(tx, [task["task_id"] for task in dependents])
    return failed


def forget(tx: Transaction, task_ids: Sequence[str]) -> None:
    """Stop waiting on behalf of tasks that will not run."""
    tx.execute(
        "DELETE FROM waiting WHERE task_id IN (SELECT value FROM json_each(?))",
        (json.dumps(task_ids),),
    )
