"""What an ArmoniK has acknowledged, and so must have when all is over; and whether it has."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from armonik.common import SessionStatus, TaskStatus


@dataclass
class Ledger:
    """Promises, by id.

    Attributes:
        sessions: the statuses that it may have; None: it is deleted.
        tasks: the statuses in which its last attempt may end.
        data: the SHA-256 of a result's data.
    """

    sessions: dict[str, list[int | None]] = field(default_factory=dict)
    tasks: dict[str, list[int]] = field(default_factory=dict)
    data: dict[str, str] = field(default_factory=dict)

    def session(self, session_id: str, *statuses: SessionStatus | None) -> None:
        self.sessions[session_id] = [None if each is None else int(each) for each in statuses]

    def task(self, task_id: str, *statuses: TaskStatus) -> None:
        self.tasks[task_id] = list(map(int, statuses))

    def result(self, result_id: str, *chunks: bytes) -> None:
        digest = hashlib.sha256()
        for chunk in chunks:
            digest.update(chunk)
        self.data[result_id] = digest.hexdigest()

    @classmethod
    def of_all(cls, ledgers: Iterable[Ledger]) -> Ledger:
        whole = cls()
        for ledger in ledgers:
            whole.sessions |= ledger.sessions
            whole.tasks |= ledger.tasks
            whole.data |= ledger.data
        return whole


def kept(data: Path, ledger: Ledger) -> Iterator[str]:
    """Yield a line about each thing that was acknowledged, and is not there or not so."""
    with closing(sqlite3.connect(data / "tables.sqlite")) as tables:
        sessions = dict(tables.execute("SELECT session_id, status FROM session"))
        ends = dict(tables.execute("SELECT initial_task_id, status FROM task ORDER BY seq"))
        yield from _differ("session", ledger.sessions, sessions)
        yield from _differ("task", ledger.tasks, ends)
        for result_id, promised in ledger.data.items():
            found = tables.execute(
                "SELECT opaque_id, object.data FROM result LEFT JOIN object USING (opaque_id)"
                " WHERE result_id = ? AND opaque_id != x''",
                (result_id,),
            ).fetchone()
            if found is None:
                yield f"result {result_id} has no data"
                continue
            opaque_id, small = found
            large = data / "objects" / opaque_id.decode()
            whole = small if small is not None else large.read_bytes() if large.exists() else b""
            if hashlib.sha256(whole).hexdigest() != promised:
                yield f"the data of result {result_id} is another: {len(whole)} bytes"


def _differ(
    what: str, promised: Mapping[str, Sequence[int | None]], found: Mapping[str, int]
) -> Iterator[str]:
    for key, statuses in promised.items():
        if found.get(key) not in statuses:
            yield f"{what} {key} is {found.get(key)}, not one of {statuses}"
