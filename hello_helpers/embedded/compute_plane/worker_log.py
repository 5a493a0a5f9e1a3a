"""The log of a worker: a file that the worker appends to, and that takes limited room on the disk.

Nobody can make a program in any language change its file, and whoever cuts a file that somebody
else appends to loses what is written meanwhile: the error that ends a flood, say. So the beginning
is given back to the disk as a *hole*. The file is as long as before, and reads as zeros there.
"""

from __future__ import annotations

import contextlib
import ctypes
import itertools
import json
import re
from pathlib import Path
from typing import Any, BinaryIO

from .file_watch import writes

TAIL = 2_000
"""Characters of the last lines that are shown when a worker ends or does not start."""

SEARCHED = 256_000
"""Bytes that are read at most, looking for an exception."""

ROOM = 4 * 1024 * 1024
"""Bytes that the file may take of the disk; if more, all but the last `KEPT` are dropped."""

KEPT = 1024 * 1024

PAUSE = 0.02
"""Seconds between two looks at the size while it is written: a worker can write 1 GB/s."""

LOOK_EVERY = 0.5
"""Seconds between two looks where the system does not tell of writes."""

BLOCK = 512
"""Bytes of a block, as `stat` counts them."""

FALLOC_FL_KEEP_SIZE, FALLOC_FL_PUNCH_HOLE = 1, 2  # linux/falloc.h

CUT = b"[what was written before has been dropped]\n"

TRACEBACK = "Traceback (most recent call last):\n"

OF_GROUP = re.compile(r"^ +\| (?!Traceback)(\S.*)$", re.MULTILINE)
"""What a traceback of an exception group says of it and of its exceptions, besides frames."""


class WorkerLog:
    """The file that all workers of one pod write to, one after the other."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._start = self.position()

    def open(self) -> BinaryIO:
        """Open the file for a worker: for appending, one after the other."""
        return self.path.open("ab")

    def position(self) -> int:
        """Return where the log ends now."""
        try:
            return self.path.stat().st_size
        except OSError:
            return 0

    def tail(self, since: int | None = None) -> str:
        """Return the last lines of the present worker, whole ones, as somebody would read them.

        Args:
            since: position before which nothing is of interest.
        """
        text = self.since(self._start if since is None else since)
        lines = [_readable(line) for line in text.splitlines()]
        lines = "\n".join(line for line in lines if line).splitlines()
        room = TAIL - len(lines[-1]) if lines else 0
        first = len(lines) - 1
        while first > 0 and (room := room - len(lines[first - 1]) - 1) >= 0:
            first -= 1
        text = "\n".join(lines[max(first, 0) :])
        return text if len(text) <= TAIL else f"{text[:TAIL]}…"

    def since(self, position: int) -> str:
        """Return the lines that were written after a position.

        There may be very many: then the last ones, of `SEARCHED` bytes at most.
        """
        with contextlib.suppress(OSError), self.path.open("rb") as file:
            limit = self.position() - SEARCHED
            file.seek(max(position, limit))
            data = file.read(SEARCHED)
            if position < limit:  # so this begins within a line
                data = data.partition(b"\n")[2] or data
            return data.decode("utf-8", "replace")
        return ""

    async def keep_small(self) -> None:
        """Drop the beginning whenever the file takes too much room, until cancelled."""
        async with contextlib.aclosing(writes(self.path, PAUSE, LOOK_EVERY)) as written:
            async for _ in written:
                with contextlib.suppress(OSError):
                    if self.path.stat().st_blocks * BLOCK > ROOM:
                        _make_hole(self.path, self.position() - KEPT)


def end_of(path: Path) -> bytes:
    """Return what is left of a log; if its beginning has been dropped, that is said."""
    with path.open("rb") as file:
        begin = max(0, path.stat().st_size - ROOM)
        file.seek(begin)
        data = file.read()
    kept = data.lstrip(b"\0")
    return kept if not begin and len(kept) == len(data) else CUT + kept.partition(b"\n")[2]


def _make_hole(path: Path, size: int) -> None:
    """Give the beginning of a file back to the disk, so many bytes.

    Raises:
        OSError: the file system cannot do it.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    how = FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE
    with path.open("rb+") as file:
        if libc.fallocate(file.fileno(), how, ctypes.c_long(0), ctypes.c_long(size)):
            raise OSError(ctypes.get_errno(), "fallocate")


def exception_in(text: str) -> str:
    """Return the last exception in a log, without its traceback; "" if there is none.

    ArmoniK's Python library logs JSON lines (CLEF) with the traceback under ``@x``; a logger of the
    worker's own may write it as it is.
    """
    for line in reversed(text.splitlines()):
        if exception := _record(line).get("@x"):
            return _without_traceback(str(exception))
    _, found, rest = text.rpartition(TRACEBACK)
    return _without_traceback(found + rest).partition("\n")[0] if found else ""


def _without_traceback(text: str) -> str:
    lines = [line for line in text.rpartition(TRACEBACK)[2].splitlines() if line.strip()]
    frames = itertools.takewhile(lambda line: line.startswith(" "), lines)
    exception = lines[len(list(frames)) :]
    return "\n".join(exception or OF_GROUP.findall(text))


def _readable(line: str) -> str:
    """Return a line of a log as somebody would read it: of a JSON line, what it says."""
    record = _record(line)
    if exception := record.get("@x"):
        return _without_traceback(str(exception))
    return str(record.get("@m") or record.get("@mt") or line)


def _record(line: str) -> dict[str, Any]:
    """Return what a JSON line (CLEF) holds; nothing if it is none."""
    with contextlib.suppress(ValueError):
        record = json.loads(line)
        if isinstance(record, dict):
            return record
    return {}
