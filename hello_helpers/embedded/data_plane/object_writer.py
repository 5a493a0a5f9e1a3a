"""Writing one object: into the table if it is small, into a file if it is large.

A disk that is written faster than it can, or that has a large file erased, has the writer wait for
it, for seconds. So what may be of any size is written and erased in threads: others are served.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import re
import uuid
from collections.abc import Iterable, Sequence
from concurrent.futures import Executor, Future
from functools import partial
from pathlib import Path
from typing import BinaryIO, NamedTuple

from .database import Database, in_words

log = logging.getLogger(__name__)

SMALL = 64 * 1024
"""Bytes up to which an object lives in the table."""

SYNC_EVERY = 16 * 1024 * 1024
"""Bytes of a stream after which it waits until the disk has them. Else the system would take as
many as there is memory for, and then have everybody wait who writes anything."""

FILE_NAME = re.compile(rb"f[0-9a-f]{31}")
"""How the opaque id of a large object looks; it is the name of its file."""


class Stored(NamedTuple):
    """An object that was stored: its opaque id, and its size in bytes."""

    opaque_id: bytes
    size: int

    @property
    def is_file(self) -> bool:
        """Tell whether it is a file (and not a row, which a rollback would take back)."""
        return FILE_NAME.fullmatch(self.opaque_id) is not None


class ObjectWriter:
    """An object being written. If the block fails, or ends without `finish`, nothing of it stays.

    Attributes:
        size: bytes written so far.
    """

    def __init__(self, database: Database, folder: Path, threads: Executor) -> None:
        self.size = 0
        self._threads = threads
        self._writing: Future[None] | None = None
        self._synced = 0
        self._database = database
        self._folder = folder
        self._opaque_id = b""
        self._small = bytearray()
        self._file: BinaryIO | None = None

    def __enter__(self) -> ObjectWriter:
        return self

    def write(self, data: bytes) -> None:
        """Append data.

        Raises:
            StorageError: the disk is full, or the folder cannot be written.
        """
        self.size += len(data)
        if self._file is None and self.size <= SMALL:
            self._small += data
            return
        with in_words():
            if self._file is None:
                self._file = (self._folder / new_opaque_id("f").decode("ascii")).open(
                    "xb", buffering=0
                )
                _write_all(self._file, self._small)
                self._small.clear()
            _write_all(self._file, data)

    async def append(self, data: bytes) -> None:
        """Append data as `write` does; what goes into a file is written in a thread.

        Raises:
            StorageError: the disk is full, or the folder cannot be written.
        """
        if self._file is None and self.size + len(data) <= SMALL:
            self.write(data)
            return
        self._writing = self._threads.submit(self._write_and_sync, data)
        await asyncio.wrap_future(self._writing)

    def _write_and_sync(self, data: bytes) -> None:
        self.write(data)
        if self._file is not None and self.size - self._synced >= SYNC_EVERY:
            self._synced = self.size
            with in_words():
                os.fdatasync(self._file.fileno())

    def finish(self) -> bytes:
        """Complete the object; return its opaque id. Joins the transaction that is open, if any."""
        if self._file is not None:
            file = Path(self._file.name)
            self._opaque_id = file.name.encode("ascii")
            with self._database.transaction() as tx:
                tx.after_rollback(partial(erase_in_thread, self._threads, [file]))
        else:
            self._opaque_id = new_opaque_id("t")
            with self._database.transaction() as tx:
                tx.execute("INSERT INTO object VALUES (?, ?)", (self._opaque_id, self._small))
        return self._opaque_id

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if self._writing is not None and not self._writing.done():  # whoever waited is gone
            self._writing.add_done_callback(lambda _: self._discard())
        elif kind is not None or not self._opaque_id:
            self._threads.submit(self._discard)
        elif self._file is not None:
            self._file.close()

    def _discard(self) -> None:
        if self._file is not None:
            self._file.close()
            erase_files([Path(self._file.name)])


def new_opaque_id(kind: str) -> bytes:
    """Return an opaque id: "t" for the table or "f" for a file, and 31 hexadecimal digits."""
    return (kind + uuid.uuid4().hex[1:]).encode("ascii")


def _write_all(file: BinaryIO, data: bytes | bytearray) -> None:
    view = memoryview(data)
    while view:
        view = view[file.write(view) :]


def erase_in_thread(threads: Executor, files: Sequence[Path]) -> None:
    """Have files removed; a large one takes its time."""
    threads.submit(erase_files, files)


def erase_files(files: Iterable[Path]) -> None:
    """Remove files; those that are gone already do not matter."""
    for file in files:
        with contextlib.suppress(FileNotFoundError):
            try:
                file.unlink()
            except OSError as error:
                log.warning("Could not erase an object: %s", error.strerror)
