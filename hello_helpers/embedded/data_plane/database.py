"""The tables: one SQLite file in WAL mode, written by one connection, in transactions.

All writes happen in the thread of the event loop, one transaction after the other, so no lock is
needed. Long reads (lists, counts) have a connection of their own and run in a worker thread; they
see the last committed state. A killed process loses nothing that was committed: the operating
system holds the written pages. (Only a power failure may lose the last moments.)

Long work is done in turns: some thousand rows in a transaction, and then others have theirs.
"""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager, nullcontext
from importlib import resources
from pathlib import Path
from typing import Any, TypeVar

from ..errors import InvalidArgument, StorageError
from .write_ahead_log import GROWN, WriteAheadLog, checkpoint

T = TypeVar("T")
Parameters = Sequence[Any]

READERS = 1
"""Threads for long reads. SQLite releases the interpreter lock only in part: more do not help."""

VERSION = 1
"""Of the tables, in the file as `PRAGMA user_version`. Versions 0.1 and 0.2.0 of the package, which
have the same tables, wrote none: 0."""

CACHE = 64 * 1024
"""KiB of pages that the writer keeps in memory at most. SQLite's own 2 MB are too little for the
indexes of 100,000 tasks, whose ids are random: each new one would have to be fetched."""

CHECKPOINT_AT_LAST = 50_000
"""Pages (of 4 KiB) of the write-ahead log after which the writer itself copies it into the file."""


class _InWords:
    """Tells what a failure of SQLite or of the disk means. It is entered several times a task.

    Raises:
        StorageError: the disk is full, or the data folder cannot be used.
        InvalidArgument: SQLite cannot hold a value at all, so that waiting would not help.
    """

    def __enter__(self) -> None:
        """Do nothing."""

    def __exit__(self, kind: object, error: BaseException | None, traceback: object) -> None:
        """Raise another error in place of those of SQLite and the disk."""
        if isinstance(error, sqlite3.DataError | sqlite3.InterfaceError | sqlite3.ProgrammingError):
            raise InvalidArgument(f"The tables cannot hold this: {error}") from error
        if isinstance(error, OSError | sqlite3.Error):
            raise StorageError.from_exception(error) from error


_IN_WORDS = _InWords()


def in_words() -> _InWords:
    """Return what tells what a failure of SQLite or of the disk means, for a block.

    It raises `StorageError` or `InvalidArgument`.
    """
    return _IN_WORDS


class Transaction:
    """An open transaction: statements now, deeds after its end."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.execute = connection.execute
        self.executemany = connection.executemany
        self.deeds: list[Callable[[], None]] = []
        self.after_commit = self.deeds.append
        """Has something done once the transaction is committed, in order; never if it is not."""
        self.undoings: list[Callable[[], None]] = []
        self.after_rollback = self.undoings.append
        """Has something done if the transaction is not committed."""

    def row(self, sql: str, parameters: Parameters = ()) -> sqlite3.Row | None:
        """Return the first row, or None."""
        row: sqlite3.Row | None = self.execute(sql, parameters).fetchone()
        return row

    def rows(self, sql: str, parameters: Parameters = ()) -> list[sqlite3.Row]:
        """Return all rows."""
        return self.execute(sql, parameters).fetchall()


class Database:
    """The SQLite file that holds all tables."""

    def __init__(self, path: Path) -> None:
        """Open or make the file.

        Raises:
            StorageError: the file cannot be opened, written, or is not a database.
        """
        self._path = path
        schema = resources.files(__package__).joinpath("schema.sql").read_text("utf-8")
        with in_words():
            self._writer = self._connect()
            _require_version(self._writer)
            self._writer.execute("PRAGMA journal_mode = WAL")
            with contextlib.suppress(sqlite3.OperationalError):  # no room: there may be for rows
                checkpoint(self._writer)  # what was left, before anything is added
            self._writer.execute(f"PRAGMA wal_autocheckpoint = {CHECKPOINT_AT_LAST}")
            self._writer.execute(f"PRAGMA cache_size = -{CACHE}")
            self._writer.execute(f"PRAGMA journal_size_limit = {GROWN}")
            self._writer.executescript(schema)
            self._writer.execute(f"PRAGMA user_version = {VERSION}")
            self._reader = self._connect()
        self._open: Transaction | None = None
        self._readers = ThreadPoolExecutor(READERS, "armonik-reader")
        self._log = WriteAheadLog(path, self._reader, self._readers)

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self._path, isolation_level=None, check_same_thread=False, cached_statements=512
        )
        connection.row_factory = sqlite3.Row
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("PRAGMA busy_timeout = 5000")
        connection.execute("PRAGMA case_sensitive_like = ON")
        return connection

    def transaction(self) -> AbstractContextManager[Transaction]:
        """Open a transaction; commit at the end of the block, roll back on any exception.

        A block inside a block joins the outer transaction. Do not await inside.

        Raises:
            StorageError: SQLite could not write (disk full, read-only, …); nothing has changed.
            InvalidArgument: it cannot hold a value at all; nothing has changed.
        """
        return self._outer() if self._open is None else nullcontext(self._open)

    @contextmanager
    def _outer(self) -> Iterator[Transaction]:
        try:
            with in_words():
                self._writer.execute("BEGIN IMMEDIATE")
                self._open = transaction = Transaction(self._writer)
                try:
                    yield transaction
                    self._writer.execute("COMMIT")
                except BaseException:
                    if self._writer.in_transaction:
                        self._writer.execute("ROLLBACK")
                    for undo in transaction.undoings:
                        undo()
                    raise
                finally:
                    self._open = None
        except StorageError as error:
            if error.is_full:  # what the write-ahead log has of the disk is given back
                self._log.cut()
            raise
        self._log.after_commit()
        for deed in transaction.deeds:
            deed()

    def row(self, sql: str, parameters: Parameters = ()) -> sqlite3.Row | None:
        """Return the first row of a quick query, or None."""
        with in_words():
            row: sqlite3.Row | None = self._writer.execute(sql, parameters).fetchone()
            return row

    def rows(self, sql: str, parameters: Parameters = ()) -> list[sqlite3.Row]:
        """Return all rows of a quick query."""
        with in_words():
            return self._writer.execute(sql, parameters).fetchall()

    async def read(self, query: Callable[[sqlite3.Connection], T]) -> T:
        """Run a long query in a reader thread, on a connection of its own."""

        def run() -> T:
            with in_words():
                return query(self._reader)

        return await asyncio.get_running_loop().run_in_executor(self._readers, run)

    async def read_rows(self, sql: str, parameters: Parameters = ()) -> list[sqlite3.Row]:
        """Return all rows of a long query."""
        return await self.read(lambda reader: reader.execute(sql, parameters).fetchall())

    def close(self) -> None:
        """Close the file; the write-ahead log is folded into it."""
        self._readers.shutdown(wait=True, cancel_futures=True)
        self._reader.close()
        self._writer.close()


def _require_version(connection: sqlite3.Connection) -> None:
    """Do nothing if the tables are of this version, or are not there yet.

    Raises:
        StorageError: they are of another one; nothing has been changed.
    """
    (found,) = connection.execute("PRAGMA user_version").fetchone()
    if found not in (0, VERSION):
        raise StorageError(
            "The data folder was written by another version of hello-armonik: its tables are of"
            f" version {found}, and this one knows version {VERSION}",
            hint="Use that version for it, or begin anew in another folder with --data DIR",
        )


CHUNK = 1_000
"""Tasks or results that are changed in one transaction; it takes some 10 ms."""


async def in_turns(items: Sequence[T]) -> AsyncIterator[Sequence[T]]:
    """Yield slices of at most `CHUNK` items; between two of them, others have their turn."""
    for start in range(0, len(items), CHUNK):
        if start:
            await asyncio.sleep(0)
        yield items[start : start + CHUNK]
