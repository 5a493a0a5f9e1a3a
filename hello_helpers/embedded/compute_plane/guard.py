"""The guard: a tiny process that cleans up if the embedded ArmoniK is killed.

A killed process cannot clean up after itself. So it tells the guard, through a pipe, which workers
it has. When the pipe closes, for whatever reason, the guard kills those that are still listed, and
removes the folder of sockets and logs if that was a temporary one.

A worker may be killed before it is listed, or start processes that leave its process group. On
Linux the guard finds these, too: every worker gets a variable that its children inherit.

Run as a program, this module is the guard itself; it needs nothing but the standard library.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Iterable, Iterator
from pathlib import Path

MARK = "HELLO_ARMONIK_GUARD"
"""The environment variable by which workers, and what they start, are found."""

ROUNDS = 50
"""How often processes are looked for that start others while they are being killed."""


class Guard:
    """The pipe to the guard process.

    Attributes:
        environment: variables that every worker must get.
    """

    def __init__(self, temporary: Path | None = None) -> None:
        """Start the guard, in a session of its own so that no Ctrl-C reaches it.

        Args:
            temporary: a folder to be removed in the end.
        """
        mark = uuid.uuid4().hex
        self.environment = {MARK: mark}
        self._process = subprocess.Popen(
            [sys.executable, "-S", "-E", __file__, mark, *([str(temporary)] if temporary else [])],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd="/" if os.name == "posix" else None,  # else it would keep a file system busy
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
        """End the guard; it kills what is still there."""
        assert self._process.stdin is not None
        with contextlib.suppress(OSError):
            self._process.stdin.close()
        self._process.wait()


def watch(lines: Iterable[str], mark: str, temporary: Path | None) -> None:
    """Follow the list of workers until the pipe closes, then kill those on it, and clean up."""
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
    for _ in range(ROUNDS):
        found = list(marked(f"{MARK}={mark}".encode()))
        for pid in found:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        if not found:
            break
        time.sleep(0.01)  # they are nobody's children here: there is nothing to wait on
    if temporary:
        shutil.rmtree(temporary, ignore_errors=True)


def marked(variable: bytes) -> Iterator[int]:
    """Yield the living processes that have an environment variable; none where there is no /proc.

    A process that has ended and is not waited for yet has no environment any more.
    """
    for path in Path("/proc").glob("[0-9]*/environ"):
        with contextlib.suppress(OSError):
            if variable in path.read_bytes().split(b"\0"):
                yield int(path.parent.name)


if __name__ == "__main__":
    watch(sys.stdin, sys.argv[1], Path(sys.argv[2]) if len(sys.argv) > 2 else None)
