"""The one embedded ArmoniK that all kernels and commands of a user share.

Every notebook has a kernel of its own, and a kernel restart must not lose a session. So the shared
one is a process apart. Whoever needs it takes a lease; it ends when the last lease is over.
A file tells where it listens; a lock makes sure that two who come at once start only one.
"""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from .config import Configuration, PartitionSpec
from .errors import StartError
from .leases import Leases, Owner
from .private_folder import private_folder

START_LIMIT = 20.0
"""Seconds that a new process has to say that it accepts calls."""

LOCK_LIMIT = 30.0
"""Seconds to wait for somebody else who is starting or ending it."""

STOP_LIMIT = 10.0
"""Seconds between asking it to end and killing it."""


class SharedFolder:
    """The files by which the shared embedded ArmoniK is found, in the private folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.leases = Leases(folder / "leases")
        self.socket = folder / "armonik.sock"
        self.data = folder / "data"
        self.log = folder / "armonik.log"
        self._running = folder / "running.json"

    def lock(self) -> FileLock:
        """Return the lock under which it is started, leased and ended."""
        return FileLock(self.folder / "start.lock", timeout=LOCK_LIMIT)

    def note_running(self, endpoint: str) -> None:
        """Write down where this process listens."""
        owner = Owner.of(os.getpid(), 0)
        partial = self._running.with_suffix(".partial")
        partial.write_text(json.dumps({**asdict(owner), "endpoint": endpoint}), "utf-8")
        partial.replace(self._running)

    def running(self) -> tuple[Owner, str] | None:
        """Return the process that runs and its endpoint, or None."""
        try:
            note = json.loads(self._running.read_text("utf-8"))
            process = Owner.from_note(note)
            return (process, str(note["endpoint"])) if process.lives() else None
        except (OSError, ValueError, KeyError):
            return None

    def configuration(self) -> Configuration:
        """Return what is served from here.

        Raises:
            StartError: the folder will not do.
        """
        return Configuration(
            partitions=(PartitionSpec("default"),),
            runtime=self.folder,
            data=self.data,
            socket=self.socket,
        )

    def clean(self) -> None:
        """Remove what an ended one leaves behind, except lock and log."""
        self._running.unlink(missing_ok=True)
        self.socket.unlink(missing_ok=True)
        for name in ("data", "pods", "leases"):
            shutil.rmtree(self.folder / name, ignore_errors=True)


def shared_endpoint() -> str:
    """Find the shared embedded ArmoniK, or start it; lease it to this process or its JupyterLab.

    Returns:
        Its URL, ``unix:///…``.

    Raises:
        StartError: it cannot be started; the message says why and what to do.
    """
    shared = SharedFolder(private_folder())
    shared.configuration()  # that it will not do is said at once
    with _alone(shared):
        shared.leases.add(Owner.current())
        running = shared.running()
        if running and shared.socket.exists():
            return running[1]
        if running:  # somebody has told it to end, and it has closed its door: let it go first
            _end(running[0])
        return _start(shared)


@dataclass(frozen=True)
class SharedArmonik:
    """The shared embedded ArmoniK, as it runs.

    Attributes:
        endpoint: its URL, ``unix:///…``.
        pid: of its process.
        started: when it was started, in seconds since 1970.
        log: its log file.
        ending: it takes no more calls, and its process is about to end.
    """

    endpoint: str
    pid: int
    started: float
    log: Path
    ending: bool = False


def find_shared() -> SharedArmonik | None:
    """Find the shared embedded ArmoniK; None if none runs. It is neither started nor leased.

    Raises:
        StartError: the private folder cannot be used.
    """
    shared = SharedFolder(private_folder())
    if not (running := shared.running()):
        return None
    process, endpoint = running
    ending = not shared.socket.exists()
    return SharedArmonik(endpoint, process.pid, process.born, shared.log, ending)


def stop_shared() -> bool:
    """End the shared embedded ArmoniK of this user, with its sessions and data.

    Returns:
        True if one was running.

    Raises:
        StartError: the private folder cannot be used; the message says why and what to do.
    """
    shared = SharedFolder(private_folder())
    with _alone(shared):
        running = shared.running()
        if running:
            _end(running[0])
        shared.clean()
    return running is not None


@contextmanager
def _alone(shared: SharedFolder) -> Iterator[None]:
    """Hold the lock under which it is started, leased and ended.

    Raises:
        StartError: somebody else holds it for too long, or the folder cannot be used.
    """
    try:
        with shared.lock():
            yield
    except Timeout:
        raise StartError(
            "Somebody has been starting or ending the embedded ArmoniK for too long",
            "Run `hello-armonik stop`, then try again",
        ) from None
    except OSError as error:
        raise StartError(
            f"The private folder of the embedded ArmoniK cannot be used: {error.strerror}",
            "Make room on its disk, or name another folder in HELLO_ARMONIK_DIR",
        ) from error


def _start(shared: SharedFolder) -> str:
    """Start the process and wait for its one line on stdout, the endpoint."""
    with shared.log.open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "hello_helpers.embedded.daemon", str(shared.folder)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=log,
            cwd=shared.folder,
            start_new_session=True,  # no Ctrl-C, kernel interrupt or hang-up reaches it
        )
    assert process.stdout is not None
    with selectors.DefaultSelector() as selector, process.stdout as stdout:
        selector.register(stdout, selectors.EVENT_READ)
        ready = selector.select(START_LIMIT)
        line = stdout.readline().decode().strip() if ready else ""
    if not line:
        process.kill()
        process.wait()
        raise StartError("The embedded ArmoniK did not start", _tail(shared.log))
    return line


def _end(process: Owner) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(process.pid, signal.SIGTERM)
        deadline = time.monotonic() + STOP_LIMIT
        while process.lives():
            if time.monotonic() > deadline:
                os.kill(process.pid, signal.SIGKILL)
            time.sleep(0.02)  # it is not our child: there is nothing to wait on


def _tail(log: Path) -> str:
    with contextlib.suppress(OSError):
        lines = log.read_text("utf-8", "replace").splitlines()
        return "The last lines of its log:\n" + "\n".join(lines[-5:])
    return "It left no log"
