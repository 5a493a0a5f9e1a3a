"""Cancellation of tasks. Tasks that no pod holds end at once; a pod ends those that it holds."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from . import dependencies, tasks
from .clock import now
from .database import Transaction
from .plane import DataPlane
from .states import FINAL_TASK, QUEUED_TASK, TaskStatus


def cancel(plane: DataPlane, tx: Transaction, rows: Sequence[sqlite3.Row], reason: str) -> None:
    """Cancel those of the given tasks that are not final yet.

    Their outputs are ABORTED, and what waits for these fails with ``reason``. (A real ArmoniK
    leaves PENDING and PAUSED tasks in CANCELLING for ever, since no agent will ever see them.)
    """
    stopped = [row for row in rows if row["status"] not in FINAL_TASK]
    for task in stopped:
        if tasks.move(plane, tx, task, TaskStatus.CANCELLING, ended_at=now()):
            if task["status"] in QUEUED_TASK:
                finish(plane, tx, task)
            else:
                plane.tell_holders(tx, [task["task_id"]])
    dependencies.forget(tx, [task["task_id"] for task in stopped])
    dependencies.abort_outputs(plane, tx, stopped, reason)


def finish(plane: DataPlane, tx: Transaction, task: sqlite3.Row) -> None:
    """End a CANCELLING task, once nothing works on it any more."""
    tasks.end(plane, tx, task, TaskStatus.CANCELLED)


def refuse(plane: DataPlane, tx: Transaction, task: sqlite3.Row, why: str) -> None:
    """Cancel a SUBMITTED task that a pod took from the queue but must not run."""
    cancel(plane, tx, [task], f"Task {task['task_id']} was cancelled: {why}")
