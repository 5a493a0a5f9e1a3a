"""What can happen to a session: pause, resume, cancel, close, purge, delete, stop submission.

A session may have a hundred thousand tasks and results, and whoever else is served must not wait
until all are changed. So they are changed in order of arrival, `CHUNK` at a time, and others have
their turn in between. A session with less than that is changed in one transaction. Of a larger one,
others may see a part changed, as on a cluster.

Nothing stays half done: cancel, close, purge and delete change the session itself last, so what was
interrupted (the disk is full, everything is killed) can be asked for again. Pause and resume change
it first: pods do not run tasks of a PAUSED session, and `recovery` resumes what was not.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import TypeAlias

from ..errors import NotFound
from . import cancellation, dependencies, results, sessions, tasks
from .clock import now
from .database import CHUNK, Transaction
from .plane import DataPlane
from .states import MOVES, ResultStatus, SessionAction, SessionStatus, TaskStatus, session_after

_STOPPABLE = [status for status, next_ in MOVES.items() if TaskStatus.CANCELLING in next_]

Step: TypeAlias = Callable[[Transaction], None]

Part: TypeAlias = Callable[[DataPlane, Transaction, str, int], list[sqlite3.Row]]
"""Changes the next rows of one kind in a session: the first `CHUNK` of those that come after a
``seq``; it returns them."""


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
    tasks.move_all(plane, tx, waiting, TaskStatus.PAUSED, **tasks.UNOWNED)
    plane.dequeue_all(tx, waiting)
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
    plane.dequeue_all(tx, rows)
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


_PARTS: dict[SessionAction, list[Part]] = {
    SessionAction.PAUSE: [hold_back],
    SessionAction.RESUME: [queue_again],
    SessionAction.CANCEL: [cancel_tasks, abort_results],
    SessionAction.CLOSE: [cancel_paused],
    SessionAction.PURGE: [erase_data],
}
_FIRST = (SessionAction.PAUSE, SessionAction.RESUME)
"""What changes the session itself before its tasks."""


async def act(plane: DataPlane, session_id: str, action: SessionAction) -> sqlite3.Row:
    """Lead a session on; return its row afterwards.

    - PAUSE holds back what no worker has seen yet; what is being processed goes on.
    - RESUME queues again what was held back. A RUNNING session stays as it is.
    - CANCEL cancels all tasks that are not final, and aborts all results that nobody will produce.
    - CLOSE takes no more tasks. Running ones finish; queued ones are cancelled when a pod meets
      them. Tasks of a paused session are in no queue, so they are cancelled here.
    - PURGE erases the data of all results, except those under manual deletion. The state is checked
      first. (A real ArmoniK erases first and refuses afterwards.)

    Raises:
        NotFound: there is no such session.
        FailedPrecondition: its status does not allow the action.
    """

    def step(tx: Transaction) -> None:
        session = sessions.get(plane, session_id)
        columns = {
            "status": int(session_after(action, SessionStatus(session["status"]))),
            **_columns(action, now(), session),
        }
        settings = ", ".join(f"{name} = ?" for name in columns)
        tx.execute(
            f"UPDATE session SET {settings} WHERE session_id = ?", (*columns.values(), session_id)
        )

    if action not in _FIRST:  # else the first transaction tells whether it is allowed
        session_after(action, SessionStatus(sessions.get(plane, session_id)["status"]))
    first, last = (step, _nothing) if action in _FIRST else (_nothing, step)
    await plane.to_the_end(_in_turns(plane, session_id, _PARTS[action], first, last))
    return sessions.get(plane, session_id)


def _columns(action: SessionAction, instant: int, session: sqlite3.Row) -> Mapping[str, int]:
    """Return what an action changes of a session besides its status."""
    no_more = {"client_submission": 0, "worker_submission": 0}
    if action is SessionAction.CANCEL:
        return {**no_more, "cancelled_at": instant}
    if action is SessionAction.CLOSE:
        return {**no_more, "closed_at": instant, "duration": instant - session["created_at"]}
    return {"purged_at": instant} if action is SessionAction.PURGE else {}


async def delete(plane: DataPlane, session_id: str) -> sqlite3.Row | None:
    """Remove a session with its tasks, results and data; None if there was none."""
    session = None
    with suppress(NotFound):
        session = sessions.get(plane, session_id)

    def last(tx: Transaction) -> None:
        tx.execute("DELETE FROM session WHERE session_id = ?", (session_id,))
        tx.execute("DELETE FROM caller WHERE session_id = ?", (session_id,))
        tx.after_commit(partial(plane.feed.vanish, session_id))

    steps = [delete_tasks, delete_results]
    await plane.to_the_end(_in_turns(plane, session_id, steps, _nothing, last))
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


def _nothing(_tx: Transaction) -> None:
    pass


async def _in_turns(
    plane: DataPlane, session_id: str, steps: Sequence[Part], first: Step, last: Step
) -> None:
    """Change a session, part by part, in as many transactions as it takes.

    Args:
        first: what belongs into the first transaction, before everything else.
        last: what belongs into the last one, when there is nothing left to change.
    """
    after = dict.fromkeys(steps, -1)

    def is_done(part: Part, tx: Transaction) -> bool:
        rows = part(plane, tx, session_id, after[part])
        if rows:
            after[part] = rows[-1]["seq"]
        return len(rows) < CHUNK

    async with plane.lock(session_id):
        while True:
            with plane.transaction() as tx:
                first(tx)
                first = _nothing
                if all(is_done(part, tx) for part in steps):
                    last(tx)
                    return
            await asyncio.sleep(0)  # whoever waits for the event loop is served
