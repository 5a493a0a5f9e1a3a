"""What runs in the guard process: it waits for its embedded ArmoniK to end, then tidies up.

There is one for every embedded ArmoniK, and nearly all the time it does nothing. So it imports
little: with pathlib, shutil and the like it would take a third more memory.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time
from collections.abc import Iterable, Iterator

MARK = "HELLO_ARMONIK_GUARD"
"""The environment variable by which workers, and what they start, are found."""

ROUNDS = 50
"""How often processes are looked for that start others while they are being killed."""


def watch(lines: Iterable[str], mark: str, temporary: str) -> None:
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
        import shutil  # not before: each module that waits here costs memory

        shutil.rmtree(temporary, ignore_errors=True)


def marked(variable: bytes) -> Iterator[int]:
    """Yield the living processes that have an environment variable; none where there is no /proc.

    A process that has ended and is not waited for yet has no environment any more.
    """
    pids = filter(str.isdigit, os.listdir("/proc") if os.path.isdir("/proc") else [])
    for pid in pids:
        with contextlib.suppress(OSError), open(f"/proc/{pid}/environ", "rb") as file:
            if variable in file.read().split(b"\0"):
                yield int(pid)


if __name__ == "__main__":
    watch(sys.stdin, sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else "")
