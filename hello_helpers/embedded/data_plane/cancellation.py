"""Cancellation of tasks. Tasks that no pod holds end at once; a pod ends those that it holds."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from . import dependencies, tasks
from .clock import now
from .database import Transaction, in_turns
from .plane import DataPlane
from .states import QUEUED_TASK, TaskStatus


def cancel(plane: DataPlane, tx: Transaction, rows: Sequence[sqlite3.Row], reason: str) -> None:
    """Cancel those of the given tasks that are not final yet.

    Their outputs are ABORTED, and what waits for these fails with ``reason``. (A real ArmoniK
    leaves PENDING and PAUSED tasks in CANCELLING for ever, since no agent will ever see them.)
    """
    dependencies.abort_outputs(plane, tx, stop(plane, tx, rows), reason)


async def cancel_by_id(plane: DataPlane, task_ids: Sequence[str]) -> list[sqlite3.Row]:
    """Cancel tasks on behalf of a client; unknown and final ones are passed over.

    Returns:
        The rows of the tasks that exist, final ones included, as they are now.
    """
    found = []
    async for some in in_turns(task_ids):
        with plane.transaction() as tx:
            cancel(plane, tx, tasks.select(tx, some), _reason(task_ids))
            found += tasks.select(tx, some)
    return found


def stop(plane: DataPlane, tx: Transaction, rows: Sequence[sqlite3.Row]) -> list[sqlite3.Row]:
    """Cancel those of the given tasks that are not final yet; leave their outputs alone.

    Returns:
        The rows of the tasks that were stopped, as they were before.
    """
    stopped = tasks.move_all(plane, tx, rows, TaskStatus.CANCELLING, ended_at=now())
    queued = [task for task in stopped if task["status"] in QUEUED_TASK]
    tasks.end_all(plane, tx, queued, TaskStatus.CANCELLED)
    plane.dequeue_all(tx, queued)
    dependencies.forget(tx, [task["task_id"] for task in queued])
    plane.tell_holders(tx, [task["task_id"] for task in stopped])
    return stopped


def _reason(task_ids: Sequence[str]) -> str:
    """Return the reason that a client's cancellation of tasks gives to what depended on them.

    It names ten tasks at most: each dependent task keeps a copy.
    """
    more = f" and {len(task_ids) - 10} more" if len(task_ids) > 10 else ""
    return f"Client requested cancellation of tasks {', '.join(task_ids[:10])}{more}"
