"""What to do with the tables at the start: nobody works on anything any more."""

from __future__ import annotations

import logging
import sqlite3

from . import attempts, tasks
from .clock import now
from .database import Transaction
from .plane import DataPlane
from .states import SessionStatus, TaskStatus

log = logging.getLogger(__name__)

LOST = "The agent that ran this attempt was lost: the embedded ArmoniK ended while it was running"


def recover(plane: DataPlane) -> None:
    """Bring tables, objects and queues in step after an end of any kind, kill -9 included.

    Tasks that waited go back to their queues. A task that a worker was busy with counts as a
    crashed attempt: it is retried under the usual rules.
    """
    with plane.transaction() as tx:
        for task in tx.rows("SELECT * FROM task WHERE status = ?", (int(TaskStatus.CANCELLING),)):
            attempts.finish_cancelled(plane, task)
        for task in tx.rows("SELECT * FROM task WHERE status = ?", (int(TaskStatus.DISPATCHED),)):
            tasks.move(plane, tx, task, TaskStatus.SUBMITTED, **tasks.UNOWNED)
        unresumed = _left(tx, TaskStatus.PAUSED, SessionStatus.RUNNING)
        tasks.move_all(plane, tx, unresumed, TaskStatus.SUBMITTED, submitted_at=now())
        unpaused = _left(tx, TaskStatus.SUBMITTED, SessionStatus.PAUSED)
        tasks.move_all(plane, tx, unpaused, TaskStatus.PAUSED)
        waiting = tx.rows(
            f"SELECT {tasks.HANDLES} FROM task WHERE status = ? ORDER BY seq",
            (int(TaskStatus.SUBMITTED),),
        )
        plane.enqueue_all(tx, waiting)
        lost = tx.rows("SELECT * FROM task WHERE status = ?", (int(TaskStatus.PROCESSING),))
        for task in lost:
            attempts.retry_or_fail(plane, task, LOST)
    strays = plane.objects.sweep()
    if waiting or lost or strays:
        log.info(
            "Recovered: %d tasks queued again, %d lost attempts, %d stray objects erased",
            len(waiting),
            len(lost),
            strays,
        )


def _left(tx: Transaction, task: TaskStatus, session: SessionStatus) -> list[sqlite3.Row]:
    """Return the tasks that a pause or a resume of their session has left as they were."""
    return tx.rows(
        f"SELECT {tasks.HANDLES} FROM task WHERE status = ?"
        " AND session_id IN (SELECT session_id FROM session WHERE status = ?)",
        (int(task), int(session)),
    )
