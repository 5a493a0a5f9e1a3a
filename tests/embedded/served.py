"""An embedded ArmoniK that a test may kill and start again: ``hello-armonik serve`` on a folder."""

from __future__ import annotations

import contextlib
import shlex
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

import psutil
import pytest

from tests.commands import CLI
from tests.conformance.driver import SCRIPTED, ArmoniK
from tests.conformance.waiting import eventually

START_LIMIT = 30.0  # seconds

# Runs the command line with other constants: MODULE.NAME=VALUE ... -- ARGUMENTS
HURRIED = """
import importlib, sys
split = sys.argv.index("--")
for setting in sys.argv[1:split]:
    name, value = setting.split("=")
    module, attribute = name.rsplit(".", 1)
    module = importlib.import_module("hello_helpers.embedded." + module)
    setattr(module, attribute, type(getattr(module, attribute))(value))
from hello_helpers.__main__ import main
sys.exit(main(sys.argv[split + 1 :]))
"""


class Served:
    """Serves from one data folder, at one address, as often as it is started.

    Attributes:
        log: all lines that it wrote to stderr, in all its lives.
    """

    def __init__(
        self,
        folder: Path,
        partitions: Mapping[str, Sequence[str]] | None = None,
        *,
        pods: int = 2,
        data: Path | None = None,
        options: Sequence[str] = (),
        constants: Mapping[str, float] | None = None,
        **popen: Any,
    ) -> None:
        """Describe it; `start` starts it.

        Args:
            folder: where its socket and, unless ``data`` is given, its data lie.
            options: more options of `serve`.
            constants: other values for constants of `hello_helpers.embedded`, by dotted name.
            popen: more arguments for the process.
        """
        self.data = data or folder / "data"
        self.socket = folder / "s"
        self.endpoint = f"unix://{self.socket}"
        self.log: list[str] = []
        self.process: subprocess.Popen[str] | None = None
        self._popen = popen
        self._others: set[Path] = set()
        self._others = self.runtime  # of an ArmoniK that other tests share
        self._command = hurried(constants) if constants else CLI
        self._arguments = ["serve", "--socket", str(self.socket), "--data", str(self.data)]
        self._arguments += ["--pods", str(pods), *options]
        for name, command in (partitions or {"default": SCRIPTED}).items():
            self._arguments += ["--partition", f"{name}={shlex.join(command)}"]

    def spawn(self) -> None:
        """Start the process, and do not wait for anything."""
        assert self.process is None
        self.process = process = subprocess.Popen(
            [*self._command, *self._arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
            **self._popen,
        )
        self._lines: SimpleQueue[str] = SimpleQueue()
        self._threads = [
            threading.Thread(target=lambda: self._lines.put(process.stdout.readline())),
            threading.Thread(target=lambda: self.log.extend(process.stderr)),
        ]
        for thread in self._threads:
            thread.start()

    def start(self) -> Served:
        """Start it, and wait until it says where it serves."""
        self.spawn()
        try:
            line = self._lines.get(timeout=START_LIMIT)
        except Empty:
            line = ""
        if not line:
            self.kill()
            pytest.fail(f"serve did not start: {self.text}")
        assert line.strip() == self.endpoint
        return self

    def kill(self) -> None:
        """End it as the kernel does when memory runs out: at once, and without its knowledge."""
        self.end(signal.SIGKILL)

    def stop(self) -> int:
        """End it as Ctrl-C does; return its exit status."""
        return self.end(signal.SIGINT)

    def end(self, number: signal.Signals) -> int:
        """End it by a signal and wait for that; return its exit status."""
        assert self.process is not None
        with contextlib.suppress(ProcessLookupError):
            self.process.send_signal(number)
        return self.wait()

    def wait(self, within: float = 20.0) -> int:
        """Wait for its end; return its exit status."""
        assert self.process is not None
        status = self.process.wait(within)
        for thread in self._threads:
            thread.join(timeout=5)
        self.process.stdout.close()
        self.process.stderr.close()
        self.process = None
        return status

    @property
    def text(self) -> str:
        """Its log, as one text."""
        return "".join(self.log)

    @property
    def runtime(self) -> set[Path]:
        """The folders in which its pods, present and past, had their sockets and logs."""
        return set(Path(tempfile.gettempdir()).glob("armonik-*")) - self._others

    def workers(self) -> list[psutil.Process]:
        """Its worker processes; not the guard, and not what workers have started."""
        assert self.process is not None
        with contextlib.suppress(psutil.Error):
            return [
                child for child in psutil.Process(self.process.pid).children() if is_worker(child)
            ]
        return []

    def cpu(self) -> float:
        """Seconds of processor time that it has used, without its workers."""
        assert self.process is not None
        times = psutil.Process(self.process.pid).cpu_times()
        return times.user + times.system

    @contextlib.contextmanager
    def client(self, partition: str = "default") -> Iterator[ArmoniK]:
        """A client of it."""
        with contextlib.closing(ArmoniK(self.endpoint, partition)) as armonik:
            yield armonik

    def __enter__(self) -> Served:
        return self if self.process else self.start()

    def __exit__(self, *_: object) -> None:
        if self.process is not None:
            self.end(signal.SIGTERM)


def hurried(constants: Mapping[str, float]) -> list[str]:
    """Return the command `hello-armonik`, with other values for constants, by dotted name."""
    settings = [f"{name}={value}" for name, value in constants.items()]
    return [sys.executable, "-c", HURRIED, *settings, "--"]


def is_worker(process: psutil.Process) -> bool:
    """Tell a worker from the guard, by the variables that every worker gets."""
    try:
        return "ComputePlane__WorkerChannel__Address" in process.environ()
    except psutil.Error:
        return False


def marked(name: str, value: str) -> list[psutil.Process]:
    """Return all processes, of whomever, that have a variable with this value."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if process.environ().get(name) == value:
                found.append(process)
    return found


def peak_memory(pid: int) -> int:
    """Return the most memory that a process ever had, in bytes."""
    status = Path(f"/proc/{pid}/status").read_text()
    (line,) = (line for line in status.splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) * 1024


def all_gone(processes: Sequence[psutil.Process], within: float = 10.0) -> None:
    """Wait until processes have ended; zombies count as ended."""

    def living() -> list[psutil.Process]:
        left = []
        for process in processes:
            with contextlib.suppress(psutil.Error):
                if process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
                    left.append(process)
        return left

    eventually(living, lambda left: not left, within)
