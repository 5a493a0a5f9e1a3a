"""Result rows: creation, completion, erasure. The data itself lies in the object storage."""

from __future__ import annotations

import json
import sqlite3
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from ..errors import FailedPrecondition
from . import dependencies, sessions
from .clock import now
from .database import Transaction
from .feed import Change, ChangeKind
from .plane import DataPlane
from .states import ResultStatus


@dataclass(frozen=True)
class NewResult:
    """A result to be created: its id is made here, its data may come later.

    Attributes:
        opaque_id: names the object that holds the data; empty for metadata only.
        owner_task_id: who produces it: "" for nobody yet.
    """

    result_id: str
    name: str
    manual_deletion: bool = False
    owner_task_id: str = ""
    created_by: str = ""
    opaque_id: bytes = b""
    size: int = 0


def new_id() -> str:
    """Return a fresh id for a result or task."""
    return str(uuid.uuid4())


def get(plane: DataPlane, result_id: str) -> sqlite3.Row:
    """Return the row of a result.

    Raises:
        NotFound: there is no such result.
    """
    return plane.get("result", result_id)


def select(tx: Transaction, result_ids: Iterable[str]) -> list[sqlite3.Row]:
    """Return the rows of those results that exist, in order of creation."""
    return tx.rows(
        "SELECT * FROM result WHERE result_id IN (SELECT value FROM json_each(?)) ORDER BY seq",
        (json.dumps(list(result_ids)),),
    )


def insert(
    plane: DataPlane, tx: Transaction, session_id: str, new: Sequence[NewResult]
) -> list[sqlite3.Row]:
    """Insert results, COMPLETED where their data is there; return their rows in order."""
    created = now()
    tx.executemany(
        "INSERT INTO result (result_id, session_id, name, owner_task_id, created_by, status,"
        " created_at, completed_at, size, opaque_id, manual_deletion)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (
                result.result_id,
                session_id,
                result.name,
                result.owner_task_id,
                result.created_by,
                int(ResultStatus.COMPLETED if result.opaque_id else ResultStatus.CREATED),
                created,
                created if result.opaque_id else None,
                result.size,
                result.opaque_id,
                int(result.manual_deletion),
            )
            for result in new
        ],
    )
    rows = select(tx, [result.result_id for result in new])
    for row in rows:
        change = Change(
            ChangeKind.NEW_RESULT, session_id, row["result_id"], row["status"], row["owner_task_id"]
        )
        plane.publish(tx, change)
    return rows


def own(plane: DataPlane, tx: Transaction, session_id: str, owners: Mapping[str, str]) -> None:
    """Give results new owners: the ids of tasks of a session, by the ids of the results."""
    tx.executemany(
        "UPDATE result SET owner_task_id = ? WHERE result_id = ?",
        [(task_id, result_id) for result_id, task_id in owners.items()],
    )
    for result_id, task_id in owners.items():
        plane.publish(tx, Change(ChangeKind.RESULT_OWNER, session_id, result_id, owner=task_id))


def create(plane: DataPlane, session_id: str, new: Sequence[NewResult]) -> list[sqlite3.Row]:
    """Create results on behalf of a client.

    Raises:
        NotFound: there is no such session.
    """
    with plane.transaction() as tx:
        sessions.get(plane, session_id)
        return insert(plane, tx, session_id, new)


def complete(
    plane: DataPlane, tx: Transaction, result: sqlite3.Row, opaque_id: bytes, size: int
) -> None:
    """Give a result its data, whatever its status was, and release who waited for it.

    ArmoniK has no guard here: data that was there before is replaced.
    """
    plane.erase(tx, [result["opaque_id"]])
    tx.execute(
        "UPDATE result SET status = ?, opaque_id = ?, size = ?, completed_at = ?"
        " WHERE result_id = ?",
        (int(ResultStatus.COMPLETED), opaque_id, size, now(), result["result_id"]),
    )
    plane.publish(
        tx,
        Change(
            ChangeKind.RESULT_STATUS,
            result["session_id"],
            result["result_id"],
            ResultStatus.COMPLETED,
        ),
    )
    dependencies.release(plane, tx, result["result_id"])


def import_objects(
    plane: DataPlane, session_id: str, pairs: Sequence[tuple[str, bytes]]
) -> list[sqlite3.Row]:
    """Point CREATED results at objects that exist already.

    Raises:
        NotFound: the session, a result or an object does not exist.
        FailedPrecondition: a result is not CREATED.
    """
    with plane.transaction() as tx:
        sessions.get(plane, session_id)
        sizes = [plane.objects.size(opaque_id) for _, opaque_id in pairs]
        for (result_id, opaque_id), size in zip(pairs, sizes, strict=True):
            result = get(plane, result_id)
            if result["status"] != ResultStatus.CREATED:
                status = ResultStatus(result["status"]).name
                raise FailedPrecondition(
                    f"Result status is invalid: result {result_id} is {status}, not CREATED"
                )
            tx.execute("INSERT OR IGNORE INTO shared_object VALUES (?)", (opaque_id,))
            complete(plane, tx, result, opaque_id, size)
        return select(tx, [result_id for result_id, _ in pairs])


def delete_data(plane: DataPlane, tx: Transaction, rows: Iterable[sqlite3.Row]) -> None:
    """Erase the data of results and mark them DELETED; those under manual deletion stay."""
    going = [
        row for row in rows if not row["manual_deletion"] and row["status"] != ResultStatus.DELETED
    ]
    tx.execute(
        "UPDATE result SET status = ?, opaque_id = x''"
        " WHERE seq IN (SELECT value FROM json_each(?))",
        (int(ResultStatus.DELETED), json.dumps([row["seq"] for row in going])),
    )
    for row in going:
        change = (ChangeKind.RESULT_STATUS, row["session_id"], row["result_id"])
        plane.publish(tx, Change(*change, ResultStatus.DELETED))
    plane.erase(tx, [row["opaque_id"] for row in going])
