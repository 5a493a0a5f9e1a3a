"""Keeping SQLite's write-ahead log small, however fast it is written, and however full the disk.

What is committed is in the log first, and a *checkpoint* copies it into the file. SQLite begins the
log anew only if all of it is copied at the moment of a write; a checkpoint beside a writer that
goes on writing is always a little behind, so the log would grow for as long as there is work, and
keep its size for ever. So each checkpoint here has two parts: the bulk is copied beside the writer,
and then the rest under the write lock, after which the log is cut to nothing. The writer waits for
the second part only.
"""

from __future__ import annotations

import logging
import os
import sqlite3
from collections.abc import Callable
from concurrent.futures import Executor
from pathlib import Path

log = logging.getLogger(__name__)

GROWN = 4 * 1024 * 1024
"""Bytes of the log at which a checkpoint is due; less on a disk that is nearly full, since what is
new in the log finds its place in the file only while there is room for both."""

SHARE = 1 / 4
"""Of what is free on the disk: how much of it the log may take before a checkpoint is due."""

PATIENCE = 100
"""Milliseconds that a checkpoint waits for the write lock, and then, holding it, for readers: a
program of somebody else may be reading the tables, and nobody can write meanwhile."""


class WriteAheadLog:
    """Makes checkpoints of one file, in a thread, on a connection that is used in that thread."""

    def __init__(self, path: Path, connection: sqlite3.Connection, thread: Executor) -> None:
        """Take what it needs.

        Args:
            path: of the file that holds the tables.
            connection: not the writer's; nothing is read on it while a checkpoint is made.
            thread: one single thread, in which this connection is used.
        """
        self._path = path.with_name(path.name + "-wal")
        self._connection = connection
        self._thread = thread
        self._due_at = self._limit()
        self._under_way = False

    def after_commit(self) -> None:
        """Have a checkpoint made if it is due; returns at once."""
        if not self._under_way and self.size() >= self._due_at:
            self.cut()

    def size(self) -> int:
        """Return how many bytes the log has; 0 if there is none."""
        try:
            return self._path.stat().st_size
        except OSError:
            return 0

    def cut(self) -> None:
        """Have a checkpoint made, however small the log is: the disk is full, say."""
        if not self._under_way:
            self._under_way = True
            self._thread.submit(self._cut)

    def _limit(self) -> int:
        disk = os.statvfs(self._path.parent)
        return min(GROWN, int(SHARE * disk.f_bavail * disk.f_frsize))

    def _cut(self) -> None:
        try:
            done = checkpoint(self._connection)
            # If it was held up, it is tried again when the log has grown by a part; after a failure
            # at the next commit: the disk was full, and there is room now.
            self._due_at = self._limit() if done else self.size() + GROWN // 4
        except (sqlite3.Error, OSError) as error:
            log.debug("The write-ahead log cannot be cut: %s", error)
            self._due_at = 0
        finally:
            self._under_way = False


def checkpoint(connection: sqlite3.Connection) -> bool:
    """Copy the log into the file, and cut it to nothing; return whether that could be done.

    Raises:
        sqlite3.Error: the disk is full, or fails.
    """
    run: Callable[[str], sqlite3.Cursor] = connection.execute
    run("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
    (patience,) = run("PRAGMA busy_timeout").fetchone()
    run(f"PRAGMA busy_timeout = {PATIENCE}")
    try:
        blocked, *_ = run("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    finally:
        run(f"PRAGMA busy_timeout = {patience}")
    return not blocked
