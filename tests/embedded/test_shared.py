"""The one embedded ArmoniK that all of a user's kernels and commands share; then, no trace."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import psutil
import pytest

from hello_helpers.embedded.folders import private_folder
from hello_helpers.embedded.shared import SharedFolder
from tests.commands import hello_armonik
from tests.conformance.driver import ArmoniK
from tests.conformance.waiting import eventually

from .served import all_gone

STAYS = {"start.lock", "running.lock", "armonik.log"}  # what an ended one leaves in its folder
LINGER = 0.5  # seconds, instead of 30: how long the lease of a command outlives it

# Takes a lease, says where it serves, and lives until its stdin is closed.
HOLDER = f"""
import sys
from hello_helpers.embedded import leases, shared_endpoint
leases.COMMAND_LINGER = {LINGER}
print(shared_endpoint(), flush=True)
sys.stdin.read()
"""


class Shared:
    """A private folder, and the processes that share the embedded ArmoniK in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._holders: list[subprocess.Popen[str]] = []

    def hold(self, **environment: str) -> subprocess.Popen[str]:
        """Start a process that takes a lease; it has not said anything yet."""
        holder = subprocess.Popen(
            [sys.executable, "-c", HOLDER],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "HELLO_ARMONIK_DIR": str(self.folder), **environment},
        )
        self._holders.append(holder)
        return holder

    def endpoint(self, holder: subprocess.Popen[str] | None = None) -> str:
        """Where it serves, as a process with a lease is told."""
        return (holder or self.hold()).stdout.readline().strip()

    def command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return hello_armonik(*arguments, HELLO_ARMONIK_DIR=str(self.folder))

    @property
    def daemons(self) -> list[psutil.Process]:
        """The embedded ArmoniKs that serve from this folder."""
        found = []
        for process in psutil.process_iter():
            with suppress(psutil.Error):
                command = process.cmdline()
                runs = "hello_helpers.embedded" in command
                if runs and f'"runtime": "{self.folder}"' in command[-1]:
                    found.append(process)
        return found

    @property
    def daemon(self) -> psutil.Process:
        (daemon,) = self.daemons
        return daemon

    @property
    def leased_to(self) -> set[int]:
        """The ids of the processes that have a lease."""
        return {int(path.name.split("-")[0]) for path in (self.folder / "leases").iterdir()}

    def has_ended(self, processes: list[psutil.Process]) -> None:
        """Show that it is gone, with its workers and files."""
        all_gone(processes)
        eventually(
            lambda: {path.name for path in self.folder.iterdir()}, lambda left: left <= STAYS
        )

    def let_go(self, holder: subprocess.Popen[str]) -> None:
        holder.stdin.close()
        holder.wait(10)

    def end(self) -> None:
        for holder in self._holders:
            with suppress(BrokenPipeError):
                holder.stdin.close()
            holder.wait(10)
            holder.stdout.close()
        self.command("stop")


@pytest.fixture
def shared(folder: Path) -> Iterator[Shared]:
    shared = Shared(folder / "a")
    yield shared
    shared.end()


def family(daemon: psutil.Process) -> list[psutil.Process]:
    """It, its guard and its workers."""
    return [daemon, *daemon.children(recursive=True)]


# --- one for all ----------------------------------------------------------------------------------


def test_who_comes_later_finds_what_the_first_one_started(shared: Shared):
    first = shared.endpoint()
    daemon = shared.daemon
    with closing(ArmoniK(first, "default")) as client:
        session = client.create_session()
    assert shared.endpoint() == first
    assert shared.daemon == daemon
    with closing(ArmoniK(first, "default")) as client:
        assert client.session(session).session_id == session
    assert shared.folder.stat().st_mode & 0o777 == 0o700


def test_four_that_come_at_once_start_one(shared: Shared):
    holders = [shared.hold() for _ in range(4)]
    endpoints = {shared.endpoint(holder) for holder in holders}
    assert len(endpoints) == 1
    assert len(shared.daemons) == 1
    with closing(ArmoniK(endpoints.pop(), "default")) as client:
        client.create_session()


def test_it_ends_with_the_last_lease_and_leaves_nothing(shared: Shared):
    ending, killed = holders = [shared.hold() for _ in range(2)]
    for holder in holders:
        shared.endpoint(holder)
    processes = family(shared.daemon)
    assert len(processes) == 4  # itself, the guard, two workers
    shared.let_go(ending)
    time.sleep(LINGER + 1.5)  # it looks once a second; that it does not end cannot be awaited
    assert shared.daemon.is_running()
    killed.kill()
    shared.has_ended(processes)


def test_kernels_lease_it_to_their_jupyterlab(shared: Shared):
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as lab:
        kernel = shared.hold(JPY_PARENT_PID=str(lab.pid))
        shared.endpoint(kernel)
        assert shared.leased_to == {lab.pid}
        processes = family(shared.daemon)
        shared.let_go(kernel)
        assert shared.daemon.is_running()
        lab.communicate(b"\n")
    shared.has_ended(processes)


def test_the_pid_of_a_jupyterlab_that_is_gone_is_no_lease(shared: Shared):
    with subprocess.Popen(["true"]) as gone:
        pass
    kernel = shared.hold(JPY_PARENT_PID=str(gone.pid))
    shared.endpoint(kernel)
    assert shared.leased_to == {kernel.pid}


# --- after an end of any kind ---------------------------------------------------------------------


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_after_a_kill_the_next_one_finds_the_sessions_again(shared: Shared, number: signal.Signals):
    endpoint = shared.endpoint()
    with closing(ArmoniK(endpoint, "default")) as client:
        session = client.create_session()
        data = client.create_data(session, b"kept")
    before = family(shared.daemon)
    before[0].send_signal(number)
    all_gone(before)
    assert shared.endpoint() == endpoint
    assert shared.daemon != before[0]
    with closing(ArmoniK(endpoint, "default")) as client:
        assert client.data(session, data) == b"kept"
        client.submit(session)


NOTES = [
    "",
    "no json",
    "null",
    "[]",
    '{"pid": "x", "started": 0, "endpoint": "unix:///nowhere"}',
    '{"pid": 1e999, "born": 0, "started": 0, "endpoint": "unix:///nowhere"}',
    '{"pid": 99999999999999999999, "born": 0, "started": 0, "endpoint": "unix:///nowhere"}',
    '{"pid": 1, "born": 0, "started": 0, "endpoint": "unix:///nowhere"}',
]


@pytest.mark.parametrize("held", [False, True])
@pytest.mark.parametrize("note", NOTES)
def test_a_note_counts_only_if_it_is_one_and_its_lock_is_held(folder: Path, note: str, held: bool):
    shared = SharedFolder(folder)
    if held:
        shared.take()
    for name in ("running.lock", "running.json"):
        (folder / name).write_text(note)
    running = shared.running()
    assert bool(running) == (held and note in NOTES[-2:])
    assert shared.is_starting() == (held and not running)


@pytest.mark.parametrize("name", ["1.json", "1-2-3.jupyter", "x-y-z.held", "1-2.held", "-.jupyter"])
def test_a_lease_of_nobody_is_forgotten(folder: Path, name: str, monkeypatch: pytest.MonkeyPatch):
    shared = SharedFolder(folder)
    (folder / "leases").mkdir()
    (folder / "leases" / name).write_text("{}")
    shared.leases.any_left()
    now = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: now + 4)
    assert not shared.leases.any_left()
    assert list((folder / "leases").iterdir()) == []


def test_a_stale_note_and_a_stale_socket_are_no_obstacle(shared: Shared):
    shared.folder.mkdir(mode=0o700)
    (shared.folder / "running.lock").write_text(NOTES[-1])
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(shared.folder / "armonik.sock"))
    with closing(ArmoniK(shared.endpoint(), "default")) as client:
        client.create_session()


def test_stop_ends_it_and_leaves_nothing(shared: Shared):
    shared.endpoint()
    processes = family(shared.daemon)
    stop = shared.command("stop")
    assert (stop.returncode, stop.stdout) == (0, "The embedded ArmoniK has been stopped.\n")
    shared.has_ended(processes)
    again = shared.command("stop")
    assert (again.returncode, again.stdout) == (0, "No embedded ArmoniK was running.\n")


# --- a folder that will not do --------------------------------------------------------------------


OBSTACLES = {
    "a folder that is a file": ("echo x > a", "a", "private folder"),
    "a folder that cannot be made": ("true", "/proc/hello/armonik", "cannot be made or used"),
    "a folder that others may enter": (
        "mkdir -m 755 a; touch a/thesis.txt",
        "a",
        "can be entered by others",
    ),
    "a link to another folder": ("mkdir -m 700 b; ln -s b a", "a", ""),
    "a name that is too long for sockets": ("true", "long" * 25, "too long"),
    "a name that is too long for any file": ("true", "very long" * 40, ""),
    "a folder of somebody else": (
        "mkdir -m 700 a; chown 65534:65534 a",
        "a",
        "does not belong to you",
    ),
}


@pytest.mark.parametrize("command", ["run", "stop"])
@pytest.mark.parametrize("obstacle", OBSTACLES)
def test_of_a_folder_that_will_not_do_a_learner_is_told_in_a_sentence_or_two(
    folder: Path, obstacle: str, command: str, request: pytest.FixtureRequest
):
    if "chown" in OBSTACLES[obstacle][0]:
        request.getfixturevalue("as_root")
    script, name, saying = OBSTACLES[obstacle]
    subprocess.run(["sh", "-c", script], cwd=folder, check=True)
    before = {path: path.stat().st_mode for path in folder.iterdir()}
    said = Shared(folder / name).command(command)
    assert {path: path.stat().st_mode for path in before} == before
    if command == "stop" and said.returncode == 0:
        assert said.stdout == "No embedded ArmoniK was running.\n"
        return
    assert said.returncode == 1, said
    assert "Traceback" not in said.stderr
    assert len(said.stderr.splitlines()) <= 3, said.stderr
    assert saying in said.stderr
    assert "HELLO_ARMONIK_DIR" in said.stderr


def test_an_empty_folder_is_closed_to_others_and_used(
    folder: Path, monkeypatch: pytest.MonkeyPatch
):
    (folder / "a").mkdir(mode=0o755)
    monkeypatch.setenv("HELLO_ARMONIK_DIR", str(folder / "a"))
    assert private_folder() == folder / "a"
    assert (folder / "a").stat().st_mode & 0o777 == 0o700
