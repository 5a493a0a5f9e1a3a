"""Object storage: one file an object, named by an opaque id, written whole or not at all.

A result's row names its object only after the object is complete, in the transaction that makes
the result COMPLETED. So a crash can leave a file that no row names (swept at the next start), but
never a row that names half a file.
"""

from __future__ import annotations

import contextlib
import logging
import re
import shutil
import uuid
from collections.abc import AsyncIterator, Iterable
from pathlib import Path
from typing import BinaryIO

from ..errors import NotFound, StorageError

log = logging.getLogger(__name__)

CHUNK = 2 * 1024 * 1024
"""Bytes of a message that carries data: ArmoniK's default (2 MiB); under gRPC's limit of 4 MiB."""

_NAME = re.compile(rb"[0-9a-f]{32}")


class ObjectStorage:
    """The folder that holds the data of results."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        try:
            for shard in range(256):
                (folder / f"{shard:02x}").mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StorageError.from_exception(error) from error

    def path(self, opaque_id: bytes) -> Path:
        """Return where an object lies.

        Raises:
            NotFound: no object can have such a name (so no name leads out of the folder).
        """
        if not _NAME.fullmatch(opaque_id):
            raise NotFound("Result data was not found: no object has this opaque id")
        name = opaque_id.decode("ascii")
        return self._folder / name[:2] / name

    def size(self, opaque_id: bytes) -> int:
        """Return the size of an object, in bytes.

        Raises:
            NotFound: there is no such object.
        """
        try:
            return self.path(opaque_id).stat().st_size
        except OSError:
            raise NotFound("Result data was not found: no object has this opaque id") from None

    def put(self, data: bytes) -> bytes:
        """Store an object; return its opaque id."""
        with self.writer() as writer:
            writer.write(data)
        return writer.opaque_id

    def writer(self) -> ObjectWriter:
        """Store an object piece by piece: a context manager with ``write`` and ``opaque_id``."""
        opaque_id = uuid.uuid4().hex.encode("ascii")
        return ObjectWriter(opaque_id, self.path(opaque_id))

    def adopt(self, file: Path) -> tuple[bytes, int]:
        """Take over a file that a worker wrote, without copying; return opaque id and size.

        Raises:
            StorageError: there is no such regular file, or it cannot be moved.
        """
        opaque_id = uuid.uuid4().hex.encode("ascii")
        try:
            if file.is_symlink() or not file.is_file():
                raise StorageError("A result was announced by the worker but not written")
            size = file.stat().st_size
            file.replace(self.path(opaque_id))
        except OSError as error:
            raise StorageError.from_exception(error) from error
        return opaque_id, size

    def copy_to(self, opaque_id: bytes, target: Path) -> None:
        """Copy an object into a file (blocking; large ones belong into a thread)."""
        try:
            shutil.copyfile(self.path(opaque_id), target)
        except FileNotFoundError:
            raise NotFound("Result data was not found in the object storage") from None
        except OSError as error:
            raise StorageError.from_exception(error) from error

    async def read(self, opaque_id: bytes) -> AsyncIterator[bytes]:
        """Yield the data of an object in chunks of at most `CHUNK` bytes; empty data: nothing."""
        try:
            with self.path(opaque_id).open("rb", buffering=0) as file:
                while chunk := file.read(CHUNK):
                    yield chunk
        except FileNotFoundError:
            raise NotFound("Result data was not found in the object storage") from None
        except OSError as error:
            raise StorageError.from_exception(error) from error

    def remove(self, opaque_ids: Iterable[bytes]) -> None:
        """Erase objects; those that are gone already do not matter."""
        for opaque_id in opaque_ids:
            with contextlib.suppress(NotFound):
                try:
                    self.path(opaque_id).unlink(missing_ok=True)
                except OSError as error:
                    log.warning("Could not erase an object: %s", error.strerror)

    def sweep(self, known: set[bytes]) -> int:
        """Erase what no row names (left by a crash); return how many files that were."""
        strays = [
            file.name.encode()
            for shard in self._folder.iterdir()
            for file in shard.iterdir()
            if file.name.encode() not in known
        ]
        self.remove(strays)
        return len(strays)


class ObjectWriter:
    """An object being written. On an exception inside the block the file is erased."""

    def __init__(self, opaque_id: bytes, path: Path) -> None:
        self.opaque_id = opaque_id
        self.size = 0
        self._path = path
        self._file: BinaryIO | None = None

    def __enter__(self) -> ObjectWriter:
        try:
            self._file = self._path.open("xb", buffering=0)
        except OSError as error:
            raise StorageError.from_exception(error) from error
        return self

    def write(self, data: bytes) -> None:
        """Append data.

        Raises:
            StorageError: the disk is full, or the folder cannot be written.
        """
        assert self._file is not None, "use it as a context manager"
        view = memoryview(data)
        try:
            while view:
                written = self._file.write(view) or 0
                view = view[written:]
                self.size += written
        except OSError as error:
            raise StorageError.from_exception(error) from error

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        assert self._file is not None
        self._file.close()
        if kind is not None:
            self._path.unlink(missing_ok=True)
