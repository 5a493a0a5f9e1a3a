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
from collections.abc import Callable, Sequence
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


async def pause(plane: DataPlane, session_id: str) -> sqlite3.Row:
    """Hold back what no worker has seen yet; what is being processed goes on."""

    def begin(tx: Transaction) -> None:
        _step(plane, tx, session_id, SessionAction.PAUSE)

    await _change(plane, session_id, [parts.hold_back], begin=begin)
    return sessions.get(plane, session_id)


async def resume(plane: DataPlane, session_id: str) -> sqlite3.Row:
    """Queue again what was held back. A RUNNING session stays as it is."""

    def begin(tx: Transaction) -> None:
        _step(plane, tx, session_id, SessionAction.RESUME)

    await _change(plane, session_id, [parts.queue_again], begin=begin)
    return sessions.get(plane, session_id)


async def cancel(plane: DataPlane, session_id: str) -> sqlite3.Row:
    """Cancel all tasks that are not final, abort all results that nobody will produce now."""

    def end(tx: Transaction) -> None:
        _step(plane, tx, session_id, SessionAction.CANCEL, **_NO_MORE, cancelled_at=now())

    _check(plane, session_id, SessionAction.CANCEL)
    await _change(plane, session_id, [parts.cancel_tasks, parts.abort_results], end=end)
    return sessions.get(plane, session_id)


async def close(plane: DataPlane, session_id: str) -> sqlite3.Row:
    """Take no more tasks. Running ones finish; queued ones are cancelled when a pod meets them.

    Tasks of a paused session are in no queue, so they are cancelled here.
    """

    def end(tx: Transaction) -> None:
        closed = now()
        duration = closed - sessions.get(plane, session_id)["created_at"]
        times = {"closed_at": closed, "duration": duration}
        _step(plane, tx, session_id, SessionAction.CLOSE, **_NO_MORE, **times)

    _check(plane, session_id, SessionAction.CLOSE)
    await _change(plane, session_id, [parts.cancel_paused], end=end)
    return sessions.get(plane, session_id)


async def purge(plane: DataPlane, session_id: str) -> sqlite3.Row:
    """Erase the data of all results, except those under manual deletion.

    The state is checked first. (A real ArmoniK erases first and refuses afterwards.)
    """

    def end(tx: Transaction) -> None:
        _step(plane, tx, session_id, SessionAction.PURGE, purged_at=now())

    _check(plane, session_id, SessionAction.PURGE)
    await _change(plane, session_id, [parts.erase_data], end=end)
    return sessions.get(plane, session_id)


async def delete(plane: DataPlane, session_id: str) -> sqlite3.Row | None:
    """Remove a session with its tasks, results and data; None if there was none."""
    session = None
    with suppress(NotFound):
        session = sessions.get(plane, session_id)

    def end(tx: Transaction) -> None:
        tx.execute("DELETE FROM session WHERE session_id = ?", (session_id,))
        tx.after_commit(partial(plane.feed.vanish, session_id))

    await _change(plane, session_id, [parts.delete_tasks, parts.delete_results], end=end)
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


# --- one change, in as many transactions as it takes ---------------------------------------------


def _nothing(_tx: Transaction) -> None:
    pass


async def _change(
    plane: DataPlane,
    session_id: str,
    steps: Sequence[Part],
    begin: Callable[[Transaction], None] = _nothing,
    end: Callable[[Transaction], None] = _nothing,
) -> None:
    """Change a session, part by part, to the end, even if the caller is not there any more.

    Args:
        begin: what belongs into the first transaction, before everything else.
        end: what belongs into the last one, when there is nothing left to change.
    """
    await plane.to_the_end(_in_turns(plane, session_id, steps, begin, end))


async def _in_turns(
    plane: DataPlane,
    session_id: str,
    steps: Sequence[Part],
    begin: Callable[[Transaction], None],
    end: Callable[[Transaction], None],
) -> None:
    after = dict.fromkeys(steps, -1)

    def is_done(part: Part, tx: Transaction) -> bool:
        rows = part(plane, tx, session_id, after[part])
        if rows:
            after[part] = rows[-1]["seq"]
        return len(rows) < CHUNK

    async with plane.lock(session_id):
        while True:
            with plane.transaction() as tx:
                begin(tx)
                begin = _nothing
                if all(is_done(part, tx) for part in steps):
                    end(tx)
                    return
            await asyncio.sleep(0)  # whoever waits for the event loop is served


_NO_MORE = {"client_submission": 0, "worker_submission": 0}


def _check(plane: DataPlane, session_id: str, action: SessionAction) -> SessionStatus:
    """Return the status that an action leads to.

    Raises:
        NotFound: there is no such session.
        FailedPrecondition: its status does not allow the action.
    """
    return session_after(action, SessionStatus(sessions.get(plane, session_id)["status"]))


def _step(
    plane: DataPlane, tx: Transaction, session_id: str, action: SessionAction, **columns: object
) -> None:
    """Move a session to its next status and set columns.

    Raises:
        NotFound, FailedPrecondition: see `_check`.
    """
    status = _check(plane, session_id, action)
    settings = "".join(f", {name} = ?" for name in columns)
    tx.execute(
        f"UPDATE session SET status = ?{settings} WHERE session_id = ?",
        (int(status), *columns.values(), session_id),
    )
