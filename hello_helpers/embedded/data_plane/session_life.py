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

from ..errors import NotFound
from . import session_parts as parts
from . import sessions
from .clock import now
from .database import CHUNK, Transaction
from .plane import DataPlane
from .session_parts import Part
from .states import SessionAction, SessionStatus, session_after

_PARTS: dict[SessionAction, list[Part]] = {
    SessionAction.PAUSE: [parts.hold_back],
    SessionAction.RESUME: [parts.queue_again],
    SessionAction.CANCEL: [parts.cancel_tasks, parts.abort_results],
    SessionAction.CLOSE: [parts.cancel_paused],
    SessionAction.PURGE: [parts.erase_data],
}
_FIRST = (SessionAction.PAUSE, SessionAction.RESUME)
"""What changes the session itself before its tasks."""

Step = Callable[[Transaction], None]


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
        tx.after_commit(partial(plane.feed.vanish, session_id))

    steps = [parts.delete_tasks, parts.delete_results]
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
