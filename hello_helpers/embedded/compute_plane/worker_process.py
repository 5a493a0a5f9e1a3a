"""The worker's side of a pod: any program that speaks ArmoniK's Worker protocol, as a process.

This module starts fast (no gRPC), so that worker processes can be under way while the rest of the
embedded ArmoniK is still being imported.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from ..config import PartitionSpec
from ..errors import StartError
from .addresses import Addresses
from .guard import Guard
from .worker_log import WorkerLog

log = logging.getLogger(__name__)

TERMINATION_GRACE = 1.0
"""Seconds between asking a worker to end and killing it."""

LOG_FILE = "worker.log"
"""What the worker writes to stdout and stderr, in the pod's folder."""

LAUNCHER = Path(__file__).with_name("inside") / "launcher.py"
SOCKET_VARIABLE = "HELLO_ARMONIK_INSIDE"
"""Environment variable that tells a Python worker's inside where its pod listens."""

PYTHON = ("python", "python3", f"python3.{sys.version_info.minor}")
"""Names of this Python."""


class WorkerProcess:
    """One run of a worker command.

    Attributes:
        addresses: where it meets its agent.
        shared: as its partition says it.
    """

    def __init__(self, partition: PartitionSpec, name: str, pods: Path, guard: Guard) -> None:
        """Start the command of a partition.

        Args:
            partition: says what to run, and whether worker and agent meet on loopback ports.
            name: the pod's name.
            pods: the folder in which the pod has its own, for sockets and the log.
            guard: kills the worker should this process be killed.

        Raises:
            StartError: there is no such program, or it may not be run.
        """
        command, folder = with_this_python(partition.command), pods / name
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.name = name
        self.shared = partition.shared
        self.addresses = Addresses.tcp() if partition.tcp else Addresses.unix(folder)
        self.log = WorkerLog(folder / LOG_FILE)
        self._guard = guard
        # Whoever names the folder may look into it, so the data must lie there: by the long road.
        inside = None if partition.tcp or partition.shared else inside_command(command)
        self.inside = _listen(folder / "inside.sock") if inside else None
        self._inside_socket = folder / "inside.sock"
        self._exited: asyncio.Event | None = None
        with self.log.open() as output:
            try:
                self._process = subprocess.Popen(
                    list(inside or command),
                    env=self._environment(),
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,  # Ctrl-C is for us; and the group can be killed whole
                )
            except (OSError, ValueError) as error:
                reason = error.strerror if isinstance(error, OSError) else str(error)
                raise StartError(
                    f"Cannot start the worker of pod {name}: {reason}: {command[0]!r}",
                    "Check the command after --partition NAME=",
                ) from error
        guard.add(self._process.pid)

    def _environment(self) -> dict[str, str]:
        """Return the environment of a worker: as in an ArmoniK pod."""
        here = str(Path(sys.executable).parent)  # for scripts that say "python"
        return {
            **os.environ,
            **self._guard.environment,
            "PATH": os.pathsep.join([here, os.environ.get("PATH", os.defpath)]),
            "PYTHONUNBUFFERED": "1",
            SOCKET_VARIABLE: str(self._inside_socket),
            **self.addresses.environment(),
        }

    async def inside_connection(self) -> socket.socket:
        """Wait until the inside of a Python worker connects (see `inside`)."""
        assert self.inside is not None, "not a Python worker"
        connection, _ = await asyncio.get_running_loop().sock_accept(self.inside)
        return connection

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    @property
    def exited(self) -> asyncio.Event:
        """An event of the running loop, set when the process has ended."""
        if self._exited is None:
            self._exited = event = asyncio.Event()
            loop = asyncio.get_running_loop()

            def watch() -> None:
                self._process.wait()
                with contextlib.suppress(RuntimeError):  # the loop may be closed by now
                    loop.call_soon_threadsafe(event.set)

            threading.Thread(target=watch, name=f"watch-{self.name}", daemon=True).start()
        return self._exited

    def has_ended(self) -> bool:
        """Look whether the process has ended; `exited` follows a moment later."""
        if not hasattr(os, "waitid"):
            return self.exited.is_set()
        try:
            how = os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        except ChildProcessError:  # it has, and the thread that waits for it knows
            return True
        return how is not None

    def end_report(
        self, alive: str = "is running but does not answer", since: int | None = None
    ) -> str:
        """Say how the process ended, with the last lines of its log.

        Args:
            alive: what to say if it has not ended.
            since: position in the log before which nothing is of interest.
        """
        code = self._process.poll()
        if code is None:
            how = alive
        elif code < 0:
            how = f"was ended by signal {_signal_name(-code)}"
        else:
            how = f"exited with status {code}"
        tail = self.log.tail(since)
        return f"worker of pod {self.name} {how}" + (f"; its last lines:\n{tail}" if tail else "")

    def kill(self) -> None:
        """Kill the worker and whatever it started."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)

    async def stop(self) -> None:
        """End the worker: ask first, then kill; returns when it is gone."""
        exited = self.exited
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGTERM)
        try:
            await asyncio.wait_for(exited.wait(), TERMINATION_GRACE)
        except asyncio.TimeoutError:
            log.warning("The worker of pod %s does not end; killing it", self.name)
        finally:
            self.kill()
            self._guard.remove(self._process.pid)
            if self.inside:
                self.inside.close()
        await exited.wait()


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:  # most real-time signals have none
        return str(number)


def with_this_python(command: Sequence[str]) -> list[str]:
    """Return the command with the path of this Python for a plain ``python``.

    There may be none of that name beside it, or on PATH; or another one, without our packages.
    """
    program, *arguments = command
    return [sys.executable if program in PYTHON else program, *arguments]


def inside_command(command: Sequence[str]) -> list[str] | None:
    """Return the command that runs a Python worker with the agent's hand inside.

    Args:
        command: see `with_this_python`.

    None if it is no worker of this very Python: another program, another interpreter, or options
    of the interpreter that would be lost.
    """
    program, *arguments = command
    path = Path(program)
    is_this_python = path.parent == Path(sys.executable).parent and path.name.startswith("python")
    if arguments[:1] == ["-u"]:
        arguments = arguments[1:]
    if not is_this_python or not arguments:
        return None
    if arguments[0].startswith("-") and (arguments[0] != "-m" or len(arguments) < 2):
        return None
    return [program, str(LAUNCHER), *arguments]


def _listen(path: Path) -> socket.socket:
    """Open the private socket for the inside of a Python worker."""
    path.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(path))
    listener.listen(1)
    listener.setblocking(False)
    return listener


def pod_names(partition: PartitionSpec) -> list[str]:
    """Return the names of a partition's pods; a task's row shows them as hostnames."""
    return [f"{partition.name}-{number}" for number in range(partition.pods)]


def start_workers(
    partitions: Sequence[PartitionSpec], folder: Path, guard: Guard
) -> dict[str, WorkerProcess]:
    """Start all worker processes at once, ahead of everything else; by pod name.

    Raises:
        StartError: a command cannot be started at all.
    """
    return {
        name: WorkerProcess(partition, name, folder, guard)
        for partition in partitions
        for name in pod_names(partition)
    }
