"""What an ArmoniK has acknowledged, and so must have when all is over."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field

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
