"""Session rows: creation and look-up. What happens in a session's life is in session_life.py."""

from __future__ import annotations

import json
import sqlite3
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import replace

from ..config import MAX_PRIORITY
from ..errors import InvalidArgument
from . import partitions
from .clock import now
from .options import COLUMNS, TaskOptions
from .plane import DataPlane
from .states import SessionStatus


def get(plane: DataPlane, session_id: str) -> sqlite3.Row:
    """Return the row of a session.

    Raises:
        NotFound: there is no such session.
    """
    return plane.get("session", session_id)


def owners(plane: DataPlane, table: str, ids: Iterable[str]) -> set[str]:
    """Return whose the sessions of some sessions, tasks or results are.

    That is the name in the certificate with which one was made; of others nothing is known.
    """
    rows = plane.database.rows(
        f"SELECT DISTINCT caller.name FROM {table} JOIN caller USING (session_id)"
        f" WHERE {table}_id IN (SELECT value FROM json_each(?))",
        (json.dumps(list(ids)),),
    )
    return {row["name"] for row in rows}


def create(
    plane: DataPlane, options: TaskOptions, partition_ids: Sequence[str], caller: str = ""
) -> str:
    """Create a RUNNING session; return its id.

    Args:
        options: defaults for the session's tasks; an empty partition means the default one.
        partition_ids: where its tasks may go; none means the default partition.
        caller: the name in the client's certificate; "" without one.

    Raises:
        NotFound: a partition does not exist.
        InvalidArgument: its priority is above a limit, set at the start, that is below the queues'.
    """
    if options.priority > plane.rules.max_priority < MAX_PRIORITY:
        raise InvalidArgument(f"Max priority is {plane.rules.max_priority}, not {options.priority}")
    default = partitions.default(plane)
    wanted = [partition_id for partition_id in partition_ids if partition_id] or [default]
    options = replace(options, partition_id=options.partition_id or default)
    for partition_id in (*wanted, options.partition_id):
        partitions.get(plane, partition_id)
    session_id = str(uuid.uuid4())
    with plane.transaction() as tx:
        tx.execute(
            "INSERT INTO session (session_id, status, client_submission, worker_submission,"
            f" partition_ids, {', '.join(COLUMNS)}, created_at)"
            f" VALUES (?, ?, 1, 1, ?, {', '.join('?' for _ in COLUMNS)}, ?)",
            (
                session_id,
                int(SessionStatus.RUNNING),
                json.dumps(list(dict.fromkeys(wanted))),
                *options.columns(),
                now(),
            ),
        )
        if caller:
            tx.execute("INSERT INTO caller (session_id, name) VALUES (?, ?)", (session_id, caller))
    return session_id
