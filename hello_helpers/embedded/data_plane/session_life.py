"""What can happen to a session: pause, resume, cancel, close, purge, delete, stop submission."""

from __future__ import annotations

import sqlite3
from contextlib import suppress
from functools import partial

from ..errors import NotFound
from . import cancellation, dependencies, results, sessions, tasks
from .clock import now
from .database import Transaction
from .plane import DataPlane
from .states import (
    FINAL_TASK,
    ResultStatus,
    SessionAction,
    SessionStatus,
    TaskStatus,
    session_after,
)

_FINAL = ", ".join(str(int(status)) for status in FINAL_TASK)


def pause(plane: DataPlane, session_id: str) -> sqlite3.Row:
    """Hold back what no worker has seen yet; what is being processed goes on."""
    with plane.transaction() as tx:
        _step(plane, tx, session_id, SessionAction.PAUSE)
        waiting = _tasks(tx, session_id, TaskStatus.SUBMITTED, TaskStatus.DISPATCHED)
        for task in waiting:
            tasks.move(plane, tx, task, TaskStatus.PAUSED, **UNOWNED)
        plane.tell_holders(tx, [task["task_id"] for task in waiting])
        return sessions.get(plane, session_id)


def resume(plane: DataPlane, session_id: str) -> sqlite3.Row:
    """Queue again what was held back, higher priority first. A RUNNING session stays as it is."""
    with plane.transaction() as tx:
        _step(plane, tx, session_id, SessionAction.RESUME)
        held = _tasks(tx, session_id, TaskStatus.PAUSED)
        for task in sorted(held, key=lambda task: -task["priority"]):
            dependencies.make_ready(plane, tx, task)
        return sessions.get(plane, session_id)


def cancel(plane: DataPlane, session_id: str) -> sqlite3.Row:
    """Cancel all tasks that are not final, abort all results that nobody will produce now."""
    with plane.transaction() as tx:
        _step(
            plane,
            tx,
            session_id,
            SessionAction.CANCEL,
            client_submission=0,
            worker_submission=0,
            cancelled_at=now(),
        )
        open_tasks = tx.rows(
            f"SELECT * FROM task WHERE session_id = ? AND status NOT IN ({_FINAL})", (session_id,)
        )
        for result in tx.rows(
            "SELECT * FROM result WHERE session_id = ? AND status = ?",
            (session_id, int(ResultStatus.CREATED)),
        ):
            dependencies.abort_result(plane, tx, result, completed_at=None)
        cancellation.cancel(plane, tx, open_tasks, f"Session {session_id} was cancelled")
        return sessions.get(plane, session_id)


def close(plane: DataPlane, session_id: str) -> sqlite3.Row:
    """Take no more tasks. Running ones finish; queued ones are cancelled when a pod meets them.

    Tasks of a paused session are in no queue, so they are cancelled here.
    """
    with plane.transaction() as tx:
        session = sessions.get(plane, session_id)
        closed = now()
        _step(
            plane,
            tx,
            session_id,
            SessionAction.CLOSE,
            client_submission=0,
            worker_submission=0,
            closed_at=closed,
            duration=closed - session["created_at"],
        )
        held = _tasks(tx, session_id, TaskStatus.PAUSED)
        cancellation.cancel(plane, tx, held, f"Session {session_id} was closed")
        return sessions.get(plane, session_id)


def purge(plane: DataPlane, session_id: str) -> sqlite3.Row:
    """Erase the data of all results, except those under manual deletion.

    The state is checked first. (A real ArmoniK erases first and refuses afterwards.)
    """
    with plane.transaction() as tx:
        _step(plane, tx, session_id, SessionAction.PURGE, purged_at=now())
        rows = tx.rows("SELECT * FROM result WHERE session_id = ?", (session_id,))
        results.delete_data(plane, tx, rows)
        return sessions.get(plane, session_id)


def delete(plane: DataPlane, session_id: str) -> sqlite3.Row | None:
    """Remove a session with its tasks, results and data; None if there was none."""
    with plane.transaction() as tx:
        session = None
        with suppress(NotFound):
            session = sessions.get(plane, session_id)
        held = tx.rows("SELECT task_id FROM task WHERE session_id = ?", (session_id,))
        plane.tell_holders(tx, [task["task_id"] for task in held])
        objects = tx.rows("SELECT opaque_id FROM result WHERE session_id = ?", (session_id,))
        plane.erase(tx, [row["opaque_id"] for row in objects])
        tx.execute(
            "DELETE FROM waiting WHERE task_id IN (SELECT task_id FROM task WHERE session_id = ?)",
            (session_id,),
        )
        for table in ("task", "result", "session"):
            tx.execute(f"DELETE FROM {table} WHERE session_id = ?", (session_id,))
        tx.after_commit(partial(plane.feed.vanish, session_id))
        return session


def stop_submission(
    plane: DataPlane, session_id: str, *, client: bool, worker: bool
) -> sqlite3.Row:
    """Let clients, workers or both submit no more tasks; there is no way back."""
    with plane.transaction() as tx:
        sessions.get(plane, session_id)
        tx.execute(
            "UPDATE session SET client_submission = client_submission AND ?,"
            " worker_submission = worker_submission AND ? WHERE session_id = ?",
            (not client, not worker, session_id),
        )
        return sessions.get(plane, session_id)


UNOWNED: dict[str, object] = {
    "owner_pod_id": "",
    "pod_hostname": "",
    "received_at": None,
    "acquired_at": None,
}
"""What is cleared when a task goes from a pod back to the queue."""


def _step(
    plane: DataPlane, tx: Transaction, session_id: str, action: SessionAction, **columns: object
) -> None:
    """Move a session to its next status and set columns.

    Raises:
        NotFound: there is no such session.
        FailedPrecondition: its status does not allow the action.
    """
    session = sessions.get(plane, session_id)
    status = session_after(action, SessionStatus(session["status"]))
    settings = "".join(f", {name} = ?" for name in columns)
    tx.execute(
        f"UPDATE session SET status = ?{settings} WHERE session_id = ?",
        (int(status), *columns.values(), session_id),
    )


def _tasks(tx: Transaction, session_id: str, *statuses: TaskStatus) -> list[sqlite3.Row]:
    numbers = ", ".join(str(int(status)) for status in statuses)
    return tx.rows(
        f"SELECT * FROM task WHERE session_id = ? AND status IN ({numbers}) ORDER BY seq",
        (session_id,),
    )
