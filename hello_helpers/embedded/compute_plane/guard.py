"""The guard: a tiny process that cleans up if the embedded ArmoniK is killed.

A killed process cannot clean up after itself. So it tells the guard, through a pipe, which workers
it has. When the pipe closes, for whatever reason, the guard kills those that are still listed, and
removes the folder of sockets and logs if that was a temporary one.

A worker may be killed before it is listed, or start processes that leave its process group. On
Linux the guard finds these, too: every worker gets a variable that its children inherit.

The program that it runs is `guard_program`.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import uuid
from pathlib import Path

from . import guard_program


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
        program = guard_program.__file__
        self.environment = {guard_program.MARK: mark}
        self._process = subprocess.Popen(
            [sys.executable, "-S", "-E", program, mark, *([str(temporary)] if temporary else [])],
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
