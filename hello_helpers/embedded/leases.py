"""Who needs the shared embedded ArmoniK: one small file a process, in its private folder.

A lease names a process by its id and its birth (ids are used again). It holds as long as that
process lives, and ``linger`` seconds longer: so that two commands after one another share one
embedded ArmoniK, while JupyterLab takes its own with it when it ends.
"""

from __future__ import annotations

import contextlib
import json
import os
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import psutil

JUPYTER_LINGER = 2.0
"""Seconds after the end of a JupyterLab: long enough for a restart of it, hardly noticed else."""

COMMAND_LINGER = 30.0
"""Seconds after the end of a command or script: the next one starts in a third of the time."""


@dataclass(frozen=True)
class Owner:
    """A process, told apart from later ones with the same id.

    Attributes:
        pid: its id.
        born: when it was started, in seconds since 1970.
        linger: seconds that its lease outlives it.
    """

    pid: int
    born: float
    linger: float

    @classmethod
    def of(cls, pid: int, linger: float) -> Owner:
        """Describe a living process.

        Raises:
            psutil.NoSuchProcess: it has ended.
        """
        return cls(pid, psutil.Process(pid).create_time(), linger)

    @classmethod
    def current(cls) -> Owner:
        """Return who answers for this process: its JupyterLab, if it is a kernel or inside one."""
        parent = os.environ.get("JPY_PARENT_PID", "")
        if parent.isdecimal() and os.name == "posix":  # on Windows it is no process id
            with contextlib.suppress(psutil.NoSuchProcess):
                return cls.of(int(parent), JUPYTER_LINGER)
        return cls.of(os.getpid(), COMMAND_LINGER)

    @classmethod
    def from_note(cls, note: Any) -> Owner:
        """Read what was written about a process; a file may hold anything.

        Raises:
            ValueError: this does not.
        """
        try:
            owner = cls(int(note["pid"]), float(note["born"]), float(note["linger"]))
        except (TypeError, KeyError, OverflowError) as error:
            raise ValueError(f"No process: {note!r}") from error
        if not 0 < owner.pid < 1 << 31:
            raise ValueError(f"No process id: {owner.pid}")
        return owner

    def lives(self) -> bool:
        """Tell whether the process is still there."""
        try:
            process = psutil.Process(self.pid)
            return (
                abs(process.create_time() - self.born) < 1.0
                and process.status() != psutil.STATUS_ZOMBIE
            )
        except psutil.NoSuchProcess:
            return False


class Leases:
    """The folder of leases."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._ended: dict[Path, float] = {}

    def add(self, owner: Owner) -> None:
        """Write a lease; one that is there already is renewed."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        partial = self._folder / f".{owner.pid}"
        partial.write_text(json.dumps(asdict(owner)), "utf-8")
        partial.replace(self._folder / f"{owner.pid}.json")

    def any_left(self) -> bool:
        """Tell whether anybody still needs the embedded ArmoniK; forget those who do not."""
        holding = [self._holds(path) for path in self._folder.glob("*.json")]
        return any(holding)  # all are looked at: each ended process has its own time left

    def _holds(self, path: Path) -> bool:
        try:
            owner = Owner.from_note(json.loads(path.read_text("utf-8")))
        except (OSError, ValueError):
            path.unlink(missing_ok=True)
            return False
        if owner.lives():
            self._ended.pop(path, None)
            return True
        ended = self._ended.setdefault(path, time.monotonic())
        if time.monotonic() - ended < owner.linger:
            return True
        path.unlink(missing_ok=True)
        self._ended.pop(path, None)
        return False
