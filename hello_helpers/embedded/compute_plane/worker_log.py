"""The log of a worker: a file that the worker appends to, and that is kept from growing."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path
from typing import BinaryIO

TAIL = 2_000
"""Bytes that are shown when a worker does not start."""

SEARCHED = 256_000
"""Bytes that are read at most, looking for an exception."""

ROOM = 4 * 1024 * 1024
"""Bytes that the file may have; if there are more, all but the last `KEPT` are dropped."""

KEPT = 1024 * 1024

LOOK_EVERY = 0.5
"""Seconds between two looks at the size."""

CUT = b"[what was written before has been dropped]\n"


class WorkerLog:
    """The file that all workers of one pod write to, one after the other.

    Positions count bytes from the very beginning, dropped ones included.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._dropped = 0
        self._start = self.position()

    def open(self) -> BinaryIO:
        """Open the file for a worker: for appending, so that it may be cut at any time."""
        return self.path.open("ab")

    def position(self) -> int:
        """Return where the log ends now."""
        return self._dropped + self._size()

    def tail(self) -> str:
        """Return the last lines of the present worker."""
        return self.since(max(self._start, self.position() - TAIL)).strip()

    def since(self, position: int) -> str:
        """Return what was written after a position; the last `SEARCHED` bytes at most."""
        with contextlib.suppress(OSError), self.path.open("rb") as file:
            file.seek(max(0, position - self._dropped, self._size() - SEARCHED))
            return file.read(SEARCHED).decode("utf-8", "replace")
        return ""

    async def keep_small(self) -> None:
        """Drop the beginning whenever the file has grown too large, until cancelled.

        Copied and cut in place, since nobody can make a program in any language change its file.
        """
        while True:
            await asyncio.sleep(LOOK_EVERY)
            with contextlib.suppress(OSError):
                if self._size() > ROOM:
                    self._cut()

    def _cut(self) -> None:
        with self.path.open("rb+") as file:
            size = file.seek(0, 2)
            file.seek(size - KEPT)
            _, _, rest = file.read(KEPT).partition(b"\n")
            file.truncate(0)
        with self.open() as file:
            file.write(CUT + rest)
        self._dropped += size - len(CUT + rest)

    def _size(self) -> int:
        try:
            return self.path.stat().st_size
        except OSError:
            return 0
