"""The guard: a tiny process that cleans up if the embedded ArmoniK is killed.

A killed process cannot clean up after itself. So it tells the guard, through a pipe, which workers
it has. When the pipe closes, for whatever reason, the guard kills those that are still listed, and
removes the folder of sockets and logs if that was a temporary one.

A worker may be killed before it is listed, or start processes that leave its process group. On
Linux the guard finds these, too: every worker gets a variable that its children inherit.

The guard itself may be killed. So a thread waits for its end, and starts another one with the same
list. The program that it runs is `guard_program`.
"""

from __future__ import annotations

import contextlib
import logging
import os
import subprocess
import sys
import threading
import time
import uuid
from pathlib import Path
from typing import IO

from ..errors import StartError
from . import guard_program

log = logging.getLogger(__name__)

DELAY = 1.0
"""Seconds before another guard is started: it may be that none can live."""


class Guard:
    """The pipe to the guard process.

    Attributes:
        environment: variables that every worker must get.
    """

    def __init__(self, temporary: Path | None = None) -> None:
        """Start the guard, in a session of its own so that no Ctrl-C reaches it.

        Args:
            temporary: a folder to be removed in the end.

        Raises:
            StartError: there can be no more processes.
        """
        mark = uuid.uuid4().hex
        self.environment = {guard_program.MARK: mark}
        self._command = [sys.executable, "-S", "-E", guard_program.__file__, mark]
        self._command += [str(temporary)] if temporary else []
        self._pids: set[int] = set()
        self._turn = threading.Lock()
        self._closed = threading.Event()
        try:
            self._process = self._start()
        except OSError as error:
            raise StartError(
                f"No process can be started: {error.strerror}",
                "End other programs, or have the limits raised that `ulimit -a` shows",
            ) from error
        self._watcher = threading.Thread(target=self._watch, name="watch-guard", daemon=True)
        self._watcher.start()

    def _start(self) -> subprocess.Popen[str]:
        return subprocess.Popen(
            self._command,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd="/" if os.name == "posix" else None,  # else it would keep a file system busy
            start_new_session=True,
            text=True,
            bufsize=1,
        )

    def _watch(self) -> None:
        """Start another guard whenever one has ended before its time."""
        while True:
            began = time.monotonic()
            status = self._process.wait()
            if self._closed.is_set():
                return
            log.warning("The guard has ended (status %d); another one is started", status)
            if time.monotonic() - began < DELAY:
                self._closed.wait(DELAY)
            while not self._restart():
                self._closed.wait(DELAY)

    def _restart(self) -> bool:
        """Start another guard with the same list, unless none is needed; False if none can be."""
        with self._turn:
            if self._closed.is_set():
                return True
            with contextlib.suppress(OSError):
                self._pipe().close()
            try:
                self._process = self._start()
            except OSError as error:
                log.error("No guard can be started: %s", error.strerror)
                return False
            for pid in self._pids:
                self._tell(f"+{pid}")
            return True

    def add(self, pid: int) -> None:
        """Have a worker (its process group) killed should this process end before `remove`."""
        with self._turn:
            self._pids.add(pid)
            self._tell(f"+{pid}")

    def remove(self, pid: int) -> None:
        """Note that a worker has ended; its pid may be used again by somebody else."""
        with self._turn:
            self._pids.discard(pid)
            self._tell(f"-{pid}")

    def _tell(self, line: str) -> None:
        with contextlib.suppress(OSError, ValueError):
            self._pipe().write(line + "\n")

    def _pipe(self) -> IO[str]:
        assert self._process.stdin is not None
        return self._process.stdin

    def close(self) -> None:
        """End the guard; it kills what is still there."""
        self._closed.set()
        with self._turn, contextlib.suppress(OSError):
            self._pipe().close()
        self._watcher.join()
