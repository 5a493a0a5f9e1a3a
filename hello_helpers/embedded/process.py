"""An embedded ArmoniK as a child process: one of one's own, for tests, lessons and scripts."""

from __future__ import annotations

import os
import selectors
import shlex
import subprocess
import sys
import tempfile
import weakref
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from .config import (
    DEFAULT_PODS,
    HELLO_WORKER,
    Configuration,
    PartitionSpec,
    QueueRules,
    new_runtime,
)
from .errors import StartError
from .folders import ScratchFolder, no_room, temporary_place
from .switchboard import Switchboard
from .tls import TlsFolder

START_LIMIT = 30.0
"""Seconds that a new process has to say that it accepts calls."""

STOP_LIMIT = 10.0
"""Seconds between asking the process to end and killing it."""

LOG_SHOWN = 20_000
"""Bytes of the log that are kept in sight: its end."""


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
        queues: QueueRules | None = None,
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
            queues: how the next task is chosen; None: learners take turns.

        Raises:
            StartError: what was asked for makes no sense, or it ended at once, or did not accept
                calls in time.
        """
        runtime = new_runtime()
        folder = TlsFolder(Path(tls).absolute()) if tls is not None else None
        files = folder.client_files() if folder else {}
        self.certificate_authority = files.get("certificate_authority")
        self.client_certificate = files.get("client_certificate")
        self.client_key = files.get("client_key")
        scratch = ScratchFolder() if switchboard else None
        path = Path(scratch.name) / "switchboard.sock" if scratch else None
        self.switchboard = Switchboard(path) if path else None
        configuration = Configuration(
            partitions=tuple(
                PartitionSpec(
                    name,
                    tuple(shlex.split(command) if isinstance(command, str) else command),
                    pods,
                    tcp_workers,
                )
                for name, command in (partitions or {"default": HELLO_WORKER}).items()
            ),
            runtime=runtime,
            data=runtime / "data" if data is None else Path(data).absolute(),
            socket=runtime / "armonik.sock" if port is None and tls is None else None,
            port=port or 0,
            tls=folder,
            queues=queues or QueueRules(),
            switchboard=path,
            temporary=True,
            lifeline=True,
        )
        try:
            self._log = tempfile.TemporaryFile(dir=temporary_place())  # noqa: SIM115
        except OSError as error:
            raise no_room(error) from error
        weakref.finalize(self, self._log.close)  # it is read after the end, too
        self.process = start(configuration, stdin=subprocess.PIPE, stderr=self._log)
        self._end = weakref.finalize(self, _end, self.process, scratch)
        try:
            self.endpoint = first_line(self.process, START_LIMIT)
        except KeyboardInterrupt:
            self.close()  # nobody has it yet who could
            raise
        if not self.endpoint:
            self.close()
            raise StartError("The embedded ArmoniK did not start", self.log.strip()[-2000:])

    @property
    def log(self) -> str:
        """The last lines of its log."""
        descriptor = self._log.fileno()  # read from a place of our own: the child writes at its end
        size = os.fstat(descriptor).st_size
        return os.pread(descriptor, LOG_SHOWN, max(0, size - LOG_SHOWN)).decode("utf-8", "replace")

    def close(self) -> None:
        """End it with its workers; does nothing if it has ended."""
        self._end()

    def __enter__(self) -> EmbeddedArmonik:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def start(configuration: Configuration, **streams: Any) -> subprocess.Popen[str]:
    """Start an embedded ArmoniK as a process; `first_line` tells when it accepts calls.

    Args:
        streams: its stdin and stderr, and its working directory, as `Popen` takes them.

    Raises:
        StartError: there can be no more processes.
    """
    command = [sys.executable, "-m", "hello_helpers.embedded", configuration.to_json()]
    try:
        return subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            text=True,
            errors="surrogateescape",  # a path may be any bytes
            start_new_session=True,  # no Ctrl-C, kernel interrupt or hang-up reaches it
            **streams,
        )
    except OSError as error:
        raise StartError(
            f"No process can be started: {error.strerror}",
            "End other programs, or have the limits raised that `ulimit -a` shows",
        ) from error


def first_line(process: subprocess.Popen[str], seconds: float) -> str:
    """Wait for the one line that it prints, its endpoint; "" if it ends, or takes too long."""
    assert process.stdout is not None
    with selectors.DefaultSelector() as selector, process.stdout as stdout:
        selector.register(stdout, selectors.EVENT_READ)
        ready = selector.select(seconds)
        return stdout.readline().strip() if ready else ""


def _end(process: subprocess.Popen[str], scratch: ScratchFolder | None) -> None:
    """End the process, and clean up after it."""
    process.terminate()
    try:
        process.wait(STOP_LIMIT)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stdin:
        process.stdin.close()
    if scratch:
        scratch.cleanup()
