"""The guard: a tiny process that kills the workers if the embedded ArmoniK is killed.

A killed process cannot clean up after itself. So it tells the guard, through a pipe, which workers
it has. When the pipe closes, for whatever reason, the guard kills those that are still listed.

Run as a program, this module is the guard itself; it needs nothing but the standard library.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterable


class Guard:
    """The pipe to the guard process."""

    def __init__(self) -> None:
        """Start the guard, in a session of its own so that no Ctrl-C reaches it."""
        self._process = subprocess.Popen(
            [sys.executable, "-S", "-E", __file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            text=True,
            bufsize=1,
        )

    def add(self, pid: int) -> None:
        """Have a worker (its process group) killed should this process end before `remove`."""
        self._tell(f"+{pid}")

    def remove(self, pid: int) -> None:
        """Note that a worker has ended; its pid may be used again by somebody else."""
        self._tell(f"-{pid}")

    def _tell(self, line: str) -> None:
        assert self._process.stdin is not None
        with contextlib.suppress(OSError, ValueError):
            self._process.stdin.write(line + "\n")

    def close(self) -> None:
        """End the guard; it kills what is still listed."""
        assert self._process.stdin is not None
        with contextlib.suppress(OSError):
            self._process.stdin.close()
        self._process.wait()


def watch(lines: Iterable[str]) -> None:
    """Follow the list of workers until the pipe closes, then kill those on it."""
    pids: set[int] = set()
    for line in lines:
        change, pid = line[0], int(line[1:])
        if change == "+":
            pids.add(pid)
        else:
            pids.discard(pid)
    for pid in pids:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(pid, signal.SIGKILL)


if __name__ == "__main__":
    watch(sys.stdin)
