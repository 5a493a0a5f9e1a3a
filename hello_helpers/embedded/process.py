"""An embedded ArmoniK of one's own, as a child process: for tests, lessons and scripts."""

from __future__ import annotations

import os
import queue
import shlex
import signal
import subprocess
import sys
import tempfile
import threading
import weakref
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

from .config import DEFAULT_PODS
from .errors import StartError
from .scratch import scratch_folder
from .switchboard import Switchboard
from .tls import TlsFolder

START_LIMIT = 30.0
"""Seconds that a new process has to say that it accepts calls."""

STOP_LIMIT = 10.0
"""Seconds between asking the process to end and killing it."""


class EmbeddedArmonik:
    """A private embedded ArmoniK; use it as a context manager. It never outlives this process.

    >>> with EmbeddedArmonik({"default": ["python", "worker.py"]}, pods=1) as armonik:
    ...     channel = create_channel(armonik.endpoint)

    Attributes:
        endpoint: its URL, ``unix:///…`` or ``http://127.0.0.1:PORT``; https with TLS.
        certificate_authority, client_certificate, client_key: with TLS the paths of the files that
            a client needs, named as `armonik.common.create_channel` does; else None.
        process: the child process.
        switchboard: breaks it on purpose, if that was asked for; else None.
    """

    def __init__(
        self,
        partitions: Mapping[str, Sequence[str] | str] | None = None,
        *,
        pods: int = DEFAULT_PODS,
        data: str | os.PathLike[str] | None = None,
        port: int | None = None,
        tls: str | os.PathLike[str] | None = None,
        switchboard: bool = False,
        tcp_workers: bool = False,
    ) -> None:
        """Start it and wait until it accepts calls.

        Args:
            partitions: a worker command for each partition; None: ``default``, the hello worker.
            pods: number of pods of each partition.
            data: folder for tables and objects; None: a temporary one, removed at the end.
            port: TCP port on loopback, 0 for a free one; None: a Unix socket (without TLS).
            tls: folder of throw-away certificates, made if need be; None: no TLS.
            tcp_workers: workers and agents meet on loopback ports instead of Unix sockets.
            switchboard: open the failure switchboard; see the attribute of that name.

        Raises:
            StartError: it ended at once, or did not accept calls in time.
        """
        arguments = ["serve", "--with-stdin", "--pods", str(pods)]
        for name, command in (partitions or {}).items():
            words = command if isinstance(command, str) else shlex.join(command)
            arguments += ["--partition", f"{name}={words}"]
        if data is not None:
            arguments += ["--data", os.fspath(Path(data).absolute())]
        if tcp_workers:
            arguments.append("--tcp-workers")
        if port is not None:
            arguments += ["--port", str(port)]
        files: dict[str, str] = {}
        if tls is not None:
            folder = TlsFolder(Path(tls).absolute())
            files = folder.client_files()
            arguments += ["--tls", str(folder.folder)]
        self.certificate_authority = files.get("certificate_authority")
        self.client_certificate = files.get("client_certificate")
        self.client_key = files.get("client_key")
        self.switchboard: Switchboard | None = None
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        if switchboard:
            self._folder = scratch_folder()
            path = Path(self._folder.name) / "switchboard.sock"
            self.switchboard = Switchboard(path)
            arguments += ["--switchboard", str(path)]
        self.process = subprocess.Popen(
            [sys.executable, "-m", "hello_helpers", *arguments],
            stdin=subprocess.PIPE,  # its end is the end of this process, even if that is killed
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        self._log: list[str] = []
        assert self.process.stderr is not None
        follower = threading.Thread(
            target=_follow, args=(self.process.stderr, self._log), name="armonik-log", daemon=True
        )
        follower.start()
        self._end = weakref.finalize(self, _end, self.process, follower, self._folder)
        try:
            self.endpoint = self._first_line()
        except KeyboardInterrupt:
            self.close()  # nobody has it yet who could
            raise

    def _first_line(self) -> str:
        lines: queue.SimpleQueue[str] = queue.SimpleQueue()
        stream = self.process.stdout
        assert stream is not None
        threading.Thread(target=lambda: lines.put(stream.readline()), daemon=True).start()
        try:
            line = lines.get(timeout=START_LIMIT).strip()
        except queue.Empty:
            line = ""
        if not line:
            self.close()
            raise StartError("The embedded ArmoniK did not start", self.log.strip()[-2000:])
        return line

    @property
    def log(self) -> str:
        """The last lines of its log."""
        return "".join(self._log)

    def close(self) -> None:
        """End it with its workers; does nothing if it has ended."""
        self._end()

    def __enter__(self) -> EmbeddedArmonik:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _follow(stream: IO[str], log: list[str]) -> None:
    """Read the log as it comes, so that the pipe never fills up; keep its end."""
    for line in stream:
        log.append(line)
        del log[:-200]


def _end(
    process: subprocess.Popen[str],
    follower: threading.Thread,
    folder: tempfile.TemporaryDirectory[str] | None,
) -> None:
    """End the process, and clean up after it."""
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(STOP_LIMIT)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    follower.join(timeout=5)
    for stream in (process.stdin, process.stdout, process.stderr):
        if stream is not None:
            stream.close()
    if folder:
        folder.cleanup()
