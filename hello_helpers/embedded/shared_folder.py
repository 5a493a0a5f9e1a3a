"""The files by which the shared embedded ArmoniK is found, in the private folder of a user.

``running.lock`` is held by its process as long as that runs, and tells where it listens. What
starts, leases and ends it holds ``start.lock`` meanwhile: so two who come at once start only one.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import time
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from .config import Configuration, PartitionSpec
from .errors import StartError
from .leases import Leases
from .locks import hold, is_held, until_exit

LOOK_EVERY = 1.0
"""Seconds between two looks at the leases."""

TAKE_LIMIT = 5.0
"""Seconds to wait for one that has lost its starter, or is at its end."""


@dataclass(frozen=True)
class SharedArmonik:
    """The shared embedded ArmoniK, as it runs.

    Attributes:
        endpoint: its URL, ``unix:///…``.
        pid: of its process.
        started: when it was started, in seconds since 1970: to be told, not to be compared.
        log: its log file.
        ending: it takes no more calls, and its process is about to end.
        old: version 0.1 of this package has started it.
    """

    endpoint: str
    pid: int
    started: float
    log: Path
    ending: bool = False
    old: bool = False


class SharedFolder:
    """The private folder, as the shared embedded ArmoniK and those who look for it use it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.leases = Leases(folder / "leases")
        self.socket = folder / "armonik.sock"
        self.log = folder / "armonik.log"
        self._lock = folder / "running.lock"
        self._old_note = folder / "running.json"
        self._running: IO[bytes] | None = None
        self._ending: IO[bytes] | None = None

    def configuration(self) -> Configuration:
        """Return what is served from here.

        Raises:
            StartError: the folder will not do.
        """
        return Configuration(
            partitions=(PartitionSpec("default"),),
            runtime=self.folder,
            data=self.folder / "data",
            socket=self.socket,
            shared=True,
        )

    def alone(self, within: float = 0.0) -> IO[bytes] | None:
        """Take the lock under which it is started, leased and ended; see `locks.hold`."""
        return hold(self.folder / "start.lock", within)

    def running(self) -> SharedArmonik | None:
        """Return the one that runs, or None."""
        new = is_held(self._lock)
        try:
            note = json.loads((self._lock if new else self._old_note).read_text("utf-8"))
            pid, started = int(note["pid"]), float(note["started" if new else "born"])
            endpoint = str(note["endpoint"])
        except (OSError, ValueError, KeyError, TypeError, OverflowError):
            return None
        if not new and not self._is_of_version_0_1(pid):
            return None
        return SharedArmonik(endpoint, pid, started, self.log, not self.socket.exists(), not new)

    def is_starting(self) -> bool:
        """Tell whether one runs that has not said yet where: its starter may have been killed."""
        return is_held(self._lock) and self.running() is None

    def _is_of_version_0_1(self, pid: int) -> bool:
        """Tell whether a process serves from here, as the version before locks did it."""
        try:
            command = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        except OSError:
            return False
        return {b"hello_helpers.embedded.daemon", os.fsencode(self.folder)} <= set(command)

    def clean(self) -> None:
        """Remove what an ended one leaves behind, except locks and log."""
        for path in (self._old_note, self.socket):
            path.unlink(missing_ok=True)
        for name in ("data", "pods", "leases"):
            shutil.rmtree(self.folder / name, ignore_errors=True)

    # What only the process of the shared embedded ArmoniK itself does. It lets go of its lock
    # when it ends.

    def take(self) -> None:
        """Say that this process is the one that runs, from now to its end.

        Raises:
            StartError: there is another one.
        """
        self._running = hold(self._lock, TAKE_LIMIT)
        if self._running is None:
            raise StartError(
                f"Another one is being started, or is ending, in {self.folder}",
                "Try again in a moment, or run `hello-armonik stop`",
            )
        until_exit(self._running).truncate(0)
        self._old_note.unlink(missing_ok=True)

    def note_running(self, endpoint: str) -> None:
        """Write down where this process listens."""
        assert self._running is not None, "it has been taken"
        note = {"pid": os.getpid(), "started": time.time(), "endpoint": endpoint}
        self._running.write(json.dumps(note).encode())
        self._running.flush()

    async def unneeded(self) -> None:
        """Return when no lease is left.

        From then on nobody takes a new one, until this process has ended.
        """
        while True:
            await asyncio.sleep(LOOK_EVERY)
            if self.leases.any_left() or not (lock := self.alone()):
                continue
            if not self.leases.any_left():
                self._ending = lock
                return
            lock.close()

    @property
    def is_unneeded(self) -> bool:
        """True if it ends since no lease is left, so that nobody else can start one meanwhile."""
        return self._ending is not None
