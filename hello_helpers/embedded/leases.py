"""Who needs the shared embedded ArmoniK: one empty file a process, in its private folder.

A lease holds as long as its process lives, and some seconds longer: so that two commands after one
another share one embedded ArmoniK, while JupyterLab takes its own with it when it ends. Whether a
process lives is never asked of a clock:

    PID-NAME-LINGER.held       one of ours: it holds the lock of this file
    PID-TICKS-LINGER.jupyter   a JupyterLab, for its kernels: known by its id, and by when it was
                               started, in clock ticks since the machine was
"""

from __future__ import annotations

import os
import secrets
import time
from pathlib import Path
from typing import IO

from .locks import is_held, make_held, until_exit

JUPYTER_LINGER = 2.0
"""Seconds after the end of a JupyterLab: long enough for a restart of it, hardly noticed else."""

COMMAND_LINGER = 30.0
"""Seconds after the end of a command or script: the next one starts in a third of the time."""

_held: dict[Path, IO[bytes]] = {}
"""The leases of this process: held until it ends."""


class Leases:
    """The folder of leases."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._ended: dict[Path, float] = {}

    def add(self) -> None:
        """Lease it to this process, or to its JupyterLab; a lease that is there already will do."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        lab = os.environ.get("JPY_PARENT_PID", "")
        if lab.isdecimal() and (ticks := start_ticks(int(lab))):
            (self._folder / f"{lab}-{ticks}-{JUPYTER_LINGER}.jupyter").touch()
        elif not any(path.parent == self._folder and path.exists() for path in _held):
            name = f"{os.getpid()}-{secrets.token_hex(4)}-{COMMAND_LINGER}.held"
            path = self._folder / name
            _held[path] = until_exit(make_held(path))

    def any_left(self) -> bool:
        """Tell whether anybody still needs the embedded ArmoniK; forget those who do not."""
        holding = [self._holds(path) for path in self._folder.glob("[!.]*")]
        return any(holding)  # all are looked at: each ended process has its own time left

    def _holds(self, path: Path) -> bool:
        try:
            pid, name, linger = path.stem.split("-")
            lives = is_held(path) if path.suffix == ".held" else start_ticks(int(pid)) == name
            left = float(linger)
        except ValueError:  # whatever this is, it is no lease
            lives, left = False, 0.0
        if lives:
            self._ended.pop(path, None)
            return True
        ended = self._ended.setdefault(path, time.monotonic())
        if time.monotonic() - ended < left:
            return True
        path.unlink(missing_ok=True)
        del self._ended[path]
        return False


def start_ticks(pid: int) -> str | None:
    """Return when a process was started, in clock ticks since the machine was.

    None if it has ended, or where there is no ``/proc``.
    """
    try:
        text = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace")
    except (OSError, OverflowError):
        return None
    state, *fields = text.rpartition(")")[2].split()  # the name before it may hold anything
    return None if state in "ZX" else fields[18]
