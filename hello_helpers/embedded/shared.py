"""The one embedded ArmoniK that all kernels and commands of a user share.

Every notebook has a kernel of its own, and a kernel restart must not lose a session. So the shared
one is a process apart. Whoever needs it takes a lease; it ends when the last lease is over.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .errors import StartError
from .folders import private_folder
from .locks import LOOK_EVERY
from .process import first_line, start
from .shared_folder import SharedArmonik, SharedFolder

START_LIMIT = 20.0
"""Seconds that a new process has to say that it accepts calls."""

LOCK_LIMIT = 30.0
"""Seconds to wait for somebody else who is starting or ending it."""

STOP_LIMIT = 10.0
"""Seconds between asking it to end and killing it."""


def shared_endpoint() -> str:
    """Find the shared embedded ArmoniK, or start it; lease it to this process or its JupyterLab.

    One that a former version of this package has started is ended, and the new one goes on from
    its sessions and data.

    Returns:
        Its URL, ``unix:///…``.

    Raises:
        StartError: it cannot be started; the message says why and what to do.
    """
    shared = SharedFolder(private_folder())
    shared.configuration()  # that it will not do is said at once
    with _alone(shared):
        shared.leases.add()
        running = shared.running()
        if running and not running.ending and not running.old:
            return running.endpoint
        if running:  # somebody has told it to end, and it has closed its door: let it go first
            _end(shared, running)
        return _start(shared)


def find_shared() -> SharedArmonik | None:
    """Find the shared embedded ArmoniK; None if none runs. It is neither started nor leased.

    Raises:
        StartError: the private folder cannot be used.
    """
    return SharedFolder(private_folder()).running()


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
            _end(shared, running)
        shared.clean()
    return running is not None


@contextmanager
def _alone(shared: SharedFolder) -> Iterator[None]:
    """Hold the lock under which it is started, leased and ended.

    Raises:
        StartError: somebody else holds it for too long, or the folder cannot be used.
    """
    try:
        deadline = time.monotonic() + LOCK_LIMIT
        with shared.alone(LOCK_LIMIT) or contextlib.nullcontext() as lock:
            while lock and shared.is_starting() and time.monotonic() < deadline:
                time.sleep(LOOK_EVERY)
            if not lock or shared.is_starting():
                raise StartError(
                    "Somebody has been starting or ending the embedded ArmoniK for too long",
                    "Run `hello-armonik stop`, then try again",
                )
            yield
    except OSError as error:
        raise StartError(
            "The private folder of the embedded ArmoniK cannot be used:"
            f" {error.strerror}: {shared.folder}",
            "Make room on its disk, or name another folder in HELLO_ARMONIK_DIR",
        ) from error


def _start(shared: SharedFolder) -> str:
    """Start the process and wait for its one line on stdout, the endpoint."""
    with shared.log.open("ab") as log:
        process = start(
            shared.configuration(), stdin=subprocess.DEVNULL, stderr=log, cwd=shared.folder
        )
    endpoint = first_line(process, START_LIMIT)
    if not endpoint:
        process.kill()
        process.wait()
        raise StartError("The embedded ArmoniK did not start", _tail(shared.log))
    # It may outlive us, and may end before us: either way somebody has to wait for it.
    threading.Thread(target=process.wait, name="shared ArmoniK", daemon=True).start()
    return endpoint


def _end(shared: SharedFolder, running: SharedArmonik) -> None:
    deadline = time.monotonic() + STOP_LIMIT
    with contextlib.suppress(ProcessLookupError):
        os.kill(running.pid, signal.SIGTERM)
        while (now := shared.running()) and now.pid == running.pid:
            if time.monotonic() > deadline:
                os.kill(running.pid, signal.SIGKILL)
            time.sleep(LOOK_EVERY)  # it is not our child: there is nothing to wait on


def _tail(log: Path) -> str:
    with contextlib.suppress(OSError):
        lines = log.read_text("utf-8", "replace").splitlines()
        return "The last lines of its log:\n" + "\n".join(lines[-5:])
    return "It left no log"
