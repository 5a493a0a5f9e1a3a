"""The data plane as a whole: what the control plane and the compute plane both stand on."""

from __future__ import annotations

import asyncio
import sqlite3
from collections import defaultdict
from collections.abc import Callable, Coroutine, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path
from typing import Any, TypeVar
from weakref import WeakValueDictionary

from ..config import QueueRules
from ..errors import NotFound
from ..folders import TABLES
from .database import Database, Transaction, in_words
from .feed import Change, ChangeFeed
from .health import Health
from .objects import ObjectStorage
from .queues import PartitionQueue, Share
from .shares import Shares
from .states import TaskStatus

T = TypeVar("T")


class DataPlane:
    """Tables, objects, queues and the change feed of one embedded ArmoniK.

    Everything here belongs to one event loop and is called from its thread only.
    """

    def __init__(self, folder: Path, rules: QueueRules | None = None) -> None:
        """Open the data folder, or make it; ``rules``: how the queues choose.

        Raises:
            StorageError: the folder cannot be made, read or written.
        """
        with in_words():
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.folder = folder
        self.shared = folder / "shared"
        """Where the data folders of tasks are, unless their partition says so."""
        self.database = Database(folder / TABLES)
        self.objects = ObjectStorage(self.database, folder / "objects")
        self.rules = rules or QueueRules()
        self.queues: defaultdict[str, PartitionQueue] = defaultdict(PartitionQueue)
        self.shares = Shares(self.database, first_come=self.rules.first_come)
        self.feed = ChangeFeed()
        self.health = Health()
        self._held: dict[str, list[Callable[[], None]]] = {}
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._unfinished: set[asyncio.Task[Any]] = set()

    def transaction(self) -> AbstractContextManager[Transaction]:
        """Open a transaction on the tables; see `Database.transaction`."""
        return self.database.transaction()

    def get(self, table: str, id_: str) -> sqlite3.Row:
        """Return the row of a session, task or result.

        Raises:
            NotFound: there is none.
        """
        row = self.database.row(f"SELECT * FROM {table} WHERE {table}_id = ?", (id_,))
        if row is None:
            raise NotFound(f"{table.title()} was not found: no {table} has the id {id_!r}")
        return row

    def publish(self, tx: Transaction, change: Change) -> None:
        """Tell the event streams of a change, once it is committed."""
        if self.feed.wanted(change.session_id):
            tx.after_commit(partial(self.feed.publish, change))

    def enqueue(
        self, tx: Transaction, session_id: str, task_id: str, partition_id: str, priority: int
    ) -> None:
        """Put a task in its partition's queue, once its state is committed."""
        share = self.shares.of(session_id)
        tx.after_commit(partial(self._put, partition_id, task_id, priority, share))

    def _put(self, partition_id: str, task_id: str, priority: int, share: Share) -> None:
        self.queues[partition_id].put(task_id, priority, share)

    def enqueue_all(self, tx: Transaction, rows: Iterable[sqlite3.Row]) -> None:
        """Put tasks in the queues of their partitions, once their state is committed."""
        for row in rows:
            self.enqueue(
                tx, row["session_id"], row["task_id"], row["partition_id"], row["priority"]
            )

    def dequeue_all(self, tx: Transaction, rows: Iterable[sqlite3.Row]) -> None:
        """Remove tasks that are not to be run from their queues, after the commit.

        Args:
            rows: as they were before; those that were in no queue are passed over.
        """
        for row in [row for row in rows if row["status"] == TaskStatus.SUBMITTED]:
            share = self.shares.of(row["session_id"])
            discard = self.queues[row["partition_id"]].discard
            tx.after_commit(partial(discard, row["task_id"], row["priority"], share))

    def erase(self, tx: Transaction, opaque_ids: Iterable[bytes]) -> None:
        """Erase objects as soon as no committed row names them; shared ones stay."""
        owned = [
            opaque_id
            for opaque_id in opaque_ids
            if opaque_id
            and not tx.row("SELECT 1 FROM shared_object WHERE opaque_id = ?", (opaque_id,))
        ]
        if owned:
            self.objects.remove(owned)  # joins the transaction

    @contextmanager
    def holding(self, task_id: str, look: Callable[[], None]) -> Iterator[None]:
        """Note that a pod has a task in hand for the time of the block, and how to have it look.

        Several pods may: one that does not know yet that it has lost the task, and the next one.
        """
        holders = self._held.setdefault(task_id, [])
        holders.append(look)
        try:
            yield
        finally:
            holders.remove(look)
            if not holders:
                del self._held[task_id]

    def tell_holders(self, tx: Transaction, task_ids: Iterable[str]) -> None:
        """Tell the pods that hold these tasks to look at them again, after the commit."""
        for task_id in task_ids:
            for look in self._held.get(task_id, ()):
                tx.after_commit(look)

    def lock(self, session_id: str) -> asyncio.Lock:
        """Return the lock under which a session is changed in several transactions."""
        return self._locks.setdefault(session_id, asyncio.Lock())

    async def to_the_end(self, work: Coroutine[Any, Any, T]) -> T:
        """Do something to its end, even if whoever waits for it is cancelled meanwhile."""
        task = asyncio.ensure_future(work)
        self._unfinished.add(task)
        task.add_done_callback(self._unfinished.discard)
        return await asyncio.shield(task)

    def close(self) -> None:
        """Close the tables and the object storage."""
        self.objects.close()
        self.database.close()
