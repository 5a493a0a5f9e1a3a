"""Object storage: the data of results, each object whole or not there at all.

Small objects live in a table beside the rows, large ones in a file each. Making a file costs far
more than writing a row (measured: 130 to 950 µs against 20 µs), and most payloads are small.

A result's row names its object only in the transaction that makes the result COMPLETED, after the
object is complete. So a crash can leave an object that no row names (swept at the next start), but
never a row that names half an object.
"""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import AsyncIterator, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from stat import S_ISREG

from ..errors import FailedPrecondition, NotFound
from .database import Database, in_words
from .object_writer import (
    FILE_NAME,
    SMALL,
    ObjectWriter,
    Stored,
    erase_files,
    erase_in_thread,
    new_opaque_id,
)

CHUNK = 2 * 1024 * 1024
"""Bytes of a message that carries data: ArmoniK's default (2 MiB); under gRPC's limit of 4 MiB."""

THREADS = 4
"""In so many threads files are written, read and erased; each waits for the disk."""


class ObjectStorage:
    """The table of small objects and the folder of large ones, by opaque id."""

    def __init__(self, database: Database, folder: Path) -> None:
        """Open the storage.

        Raises:
            StorageError: the folder cannot be made.
        """
        self._database = database
        self._folder = folder
        self._threads = ThreadPoolExecutor(THREADS, "armonik-objects")
        with in_words():
            folder.mkdir(parents=True, exist_ok=True)

    def put(self, data: bytes) -> bytes:
        """Store an object; return its opaque id. Joins the transaction that is open, if any."""
        with self.writer() as writer:
            writer.write(data)
            return writer.finish()

    def writer(self) -> ObjectWriter:
        """Store an object piece by piece: a context manager; see `ObjectWriter`."""
        return ObjectWriter(self._database, self._folder, self._threads)

    def adopt(self, file: Path) -> Stored:
        """Take over a file that a worker wrote; large ones are moved (to another disk: copied).

        Raises:
            FailedPrecondition: there is no such regular file, or it cannot be read.
            StorageError: it cannot be stored.
        """
        not_written = FailedPrecondition("A result was announced by the worker but not written")
        try:
            found = file.lstat()
            if not S_ISREG(found.st_mode):
                raise not_written
            size = found.st_size
            data = file.read_bytes() if size <= SMALL else b""
        except FileNotFoundError:
            raise not_written from None
        except OSError as error:  # the worker's doing: waiting would not help
            reason = error.strerror
            raise FailedPrecondition(f"What the worker wrote cannot be read: {reason}") from error
        if size <= SMALL:
            return Stored(self.put(data), size)
        opaque_id = new_opaque_id("f")
        target = self.path(opaque_id)
        with in_words():
            try:
                shutil.move(file, target)
            except OSError:
                target.unlink(missing_ok=True)
                raise
        return Stored(opaque_id, size)

    def size(self, opaque_id: bytes) -> int:
        """Return the size of an object, in bytes.

        Raises:
            NotFound: there is no such object.
        """
        small = self.small(opaque_id)
        if small is not None:
            return len(small)
        with self._reading(opaque_id) as path:
            return path.stat().st_size

    def small(self, opaque_id: bytes) -> bytes | None:
        """Return the data of a small object; None if it is a large one or is not there."""
        row = self._database.row("SELECT data FROM object WHERE opaque_id = ?", (opaque_id,))
        return row["data"] if row else None

    def copy_small(self, opaque_id: bytes, target: Path) -> bool:
        """Copy an object into a file if it is a small one; tell whether it was.

        Raises:
            StorageError: the file cannot be written.
        """
        small = self.small(opaque_id)
        if small is None:
            return False
        with in_words():
            target.write_bytes(small)
        return True

    def copy_large(self, opaque_id: bytes, target: Path) -> None:
        """Copy a large object into a file; it takes its time, so do it in a thread.

        Raises:
            NotFound: there is no such object.
            StorageError: the file cannot be written.
        """
        with self._reading(opaque_id) as path:
            shutil.copyfile(path, target)

    async def read(self, opaque_id: bytes) -> AsyncIterator[bytes]:
        """Yield the data of an object in chunks of at most `CHUNK` bytes; empty data: nothing.

        Raises:
            NotFound: there is no such object.
        """
        small = self.small(opaque_id)
        if small is not None:
            if small:
                yield small
            return
        in_thread = partial(asyncio.get_running_loop().run_in_executor, self._threads)
        place = 0
        with self._reading(opaque_id) as path, path.open("rb", buffering=0) as file:
            # From a given place: if nobody waits any more, the number of this file may be that of
            # another one before the thread reads.
            while chunk := await in_thread(os.pread, file.fileno(), CHUNK, place):
                place += len(chunk)
                yield chunk

    def remove(self, opaque_ids: Iterable[bytes]) -> None:
        """Erase objects; those that are gone already do not matter."""
        ids = list(opaque_ids)
        with self._database.transaction() as tx:
            tx.executemany("DELETE FROM object WHERE opaque_id = ?", [(id_,) for id_ in ids])
            files = [self.path(id_) for id_ in ids if FILE_NAME.fullmatch(id_)]
            if files:
                tx.after_commit(partial(erase_in_thread, self._threads, files))

    def sweep(self) -> int:
        """Erase what no row names (left by a crash); return how many objects that were."""
        with self._database.transaction() as tx:
            strays = tx.execute(
                "DELETE FROM object WHERE opaque_id NOT IN (SELECT opaque_id FROM result)"
            ).rowcount
            named = {row["opaque_id"] for row in tx.rows("SELECT opaque_id FROM result")}
        files = [file for file in self._folder.iterdir() if file.name.encode() not in named]
        erase_files(files)
        return strays + len(files)

    def close(self) -> None:
        """Wait until all is written and erased that is on its way."""
        self._threads.shutdown()

    @contextmanager
    def _reading(self, opaque_id: bytes) -> Iterator[Path]:
        """Use a large object; say what it means if that fails."""
        with in_words():
            try:
                yield self.path(opaque_id)
            except FileNotFoundError:
                raise _gone() from None

    def path(self, opaque_id: bytes) -> Path:
        """Return where a large object lies; no name leads out of the folder.

        Raises:
            NotFound: no large object can have this name.
        """
        if not FILE_NAME.fullmatch(opaque_id):
            raise _gone()
        return self._folder / opaque_id.decode("ascii")


def _gone() -> NotFound:
    return NotFound("Result data was not found in the object storage")
