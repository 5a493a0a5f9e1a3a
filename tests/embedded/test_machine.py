"""What a machine may not give: room, threads, locks, /proc, a steady clock, a folder of one's own.

Parts of this need root: another user, or a mount. Without it they are left out, but not in CI.
"""

import errno
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from hello_helpers.embedded import (
    Configuration,
    EmbeddedArmonik,
    Host,
    PartitionSpec,
    ScratchFolder,
    StartError,
    TlsFolder,
    find_shared,
    shared_endpoint,
    stop_shared,
)
from hello_helpers.embedded.folders import private_folder, sweep
from hello_helpers.embedded.shared_folder import SharedFolder
from tests.commands import CLI, finish, hello_armonik

from .served import Served

SOMEBODY = 54321  # the id of a user who runs nothing else

# Runs a command as that user, who may read whatever there is: this Python may be in root's home.
# What is measured of it could not be written.
AS_SOMEBODY = [
    "env",
    "--unset=COVERAGE_PROCESS_CONFIG",
    "setpriv",
    f"--reuid={SOMEBODY}",
    f"--regid={SOMEBODY}",
    "--clear-groups",
    "--inh-caps=-all,+dac_read_search",
    "--ambient-caps=-all,+dac_read_search",
]


def shell(script: str, *prefix: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a shell script, in which ``hello-armonik`` is ours."""
    words = " ".join(CLI)
    return subprocess.run(
        [*prefix, "sh", "-c", f'hello() {{ {words} "$@"; }}; {script}'],
        env={**os.environ, "AK_ENDPOINT": "", **environment},
        capture_output=True,
        text=True,
        timeout=100,
    )


def is_told(run: subprocess.CompletedProcess[str], *sayings: str) -> None:
    """Show that a command has failed in a few words."""
    assert run.returncode == 1, run
    assert "Traceback" not in run.stderr, run.stderr
    assert len(run.stderr.splitlines()) <= 4, run.stderr
    for saying in sayings:
        assert saying in run.stderr


# --- where the private folder is ------------------------------------------------------------------


@pytest.fixture
def environment(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """An environment that does not say where, but for a home and a place for temporary files."""
    for name in ("HELLO_ARMONIK_DIR", "XDG_RUNTIME_DIR"):
        monkeypatch.delenv(name, raising=False)
    for name, variable in (("home", "HOME"), ("tmp", "TMPDIR")):
        (folder / name).mkdir()
        monkeypatch.setenv(variable, str(folder / name))
    return monkeypatch


@pytest.mark.parametrize(
    ("named", "found"), [("~/x", "home/x"), ("x", "home/x"), ("./a/../b", "home/b"), ("", None)]
)
def test_a_named_folder_is_the_same_from_everywhere(
    environment: pytest.MonkeyPatch, folder: Path, named: str, found: str | None
):
    environment.setenv("HELLO_ARMONIK_DIR", named)
    expected = folder / (found or f"tmp/hello-armonik-{os.geteuid()}")
    for working in ("home", "tmp"):
        environment.chdir(folder / working)
        assert private_folder().samefile(expected)


def test_a_home_that_nobody_has_is_told(environment: pytest.MonkeyPatch):
    environment.setenv("HELLO_ARMONIK_DIR", "~nobody-of-this-name/x")
    with pytest.raises(StartError, match="There is no such folder as HELLO_ARMONIK_DIR names"):
        private_folder()


@pytest.mark.usefixtures("as_root")
def test_root_with_the_runtime_folder_of_a_user_takes_its_own(
    environment: pytest.MonkeyPatch, folder: Path
):
    (folder / "run").mkdir(mode=0o700)
    environment.setenv("XDG_RUNTIME_DIR", str(folder / "run"))
    assert private_folder() == folder / "run" / "hello-armonik"
    private_folder().rmdir()
    os.chown(folder / "run", SOMEBODY, SOMEBODY)  # as `sudo` leaves the variable
    assert private_folder() == folder / "tmp" / f"hello-armonik-{os.geteuid()}"
    assert list((folder / "run").iterdir()) == []


@pytest.mark.usefixtures("as_root")
def test_a_folder_that_cannot_be_written(folder: Path):
    (folder / "a").mkdir(mode=0o500)
    for path in (folder, folder / "a"):
        os.chown(path, SOMEBODY, SOMEBODY)
    for command in ("run", "stop"):
        run = finish(*AS_SOMEBODY, *CLI, command, HELLO_ARMONIK_DIR=str(folder / "a"))
        is_told(run, "cannot be used: Permission denied", "HELLO_ARMONIK_DIR")


@pytest.mark.usefixtures("as_root", "environment")
@pytest.mark.parametrize(
    "obstacle",
    [
        "dd if=/dev/zero of=$TMPDIR/full",
        "mount --bind $TMPDIR $TMPDIR; mount -o remount,bind,ro $TMPDIR",
    ],
)
def test_a_place_that_is_full_or_read_only_stays_the_place(folder: Path, obstacle: str):
    run = shell(
        "mount -t tmpfs -o size=40m,mode=1777 tmpfs $TMPDIR; hello run; exec 2>&1;"
        f" {obstacle} 2>/dev/null; hello status; hello run; hello status; hello stop",
        "unshare",
        "-m",
    )
    place = f"unix://{folder}/tmp/hello-armonik-{os.geteuid()}/armonik.sock"
    assert run.stdout.count(f"Endpoint    {place}") == 2, run
    processes = [line for line in run.stdout.splitlines() if line.startswith("Process")]
    assert len({line.split(",")[0] for line in processes}) == 1
    assert run.stdout.count("Result : 45") >= 1
    assert "Traceback" not in run.stdout
    if "dd" in obstacle:
        assert run.stdout.endswith("The embedded ArmoniK has been stopped.\n")
    else:
        assert f"cannot be used: Read-only file system: {folder}/tmp" in run.stdout
        pid = int(processes[0].split()[1].rstrip(","))
        os.kill(pid, signal.SIGTERM)
        psutil.Process(pid).wait(20)


# --- what lives -----------------------------------------------------------------------------------


def test_a_step_of_the_clock_changes_nothing(folder: Path, monkeypatch: pytest.MonkeyPatch):
    shared = SharedFolder(folder)
    with (
        subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as lab,
        ScratchFolder() as scratch,
    ):
        shared.take()
        shared.note_running("unix:///nowhere")
        shared.leases.add()
        monkeypatch.setenv("JPY_PARENT_PID", str(lab.pid))
        shared.leases.add()
        born, now = psutil.Process.create_time, time.time
        for step in (-2, 2):
            monkeypatch.setattr(time, "time", lambda s=step: now() + s)
            monkeypatch.setattr(psutil.Process, "create_time", lambda p, s=step: born(p) + s)
            assert find_in(shared) == os.getpid()
            assert len(list((folder / "leases").iterdir())) == 2
            assert shared.leases.any_left()
            assert shared.leases._ended == {}
            sweep()
            assert Path(scratch).exists()
        lab.communicate(b"\n")
    assert shared.leases.any_left()
    assert [path.suffix for path in shared.leases._ended] == [".jupyter"]


def find_in(shared: SharedFolder) -> int | None:
    running = shared.running()
    return running.pid if running else None


def test_one_that_has_not_said_yet_where_it_listens_is_waited_for(
    folder: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("HELLO_ARMONIK_DIR", str(folder))
    monkeypatch.setattr("hello_helpers.embedded.shared.LOCK_LIMIT", 0.1)
    folder.chmod(0o700)
    shared = SharedFolder(folder)
    shared.take()  # and whoever has started it has been killed
    (folder / "data").mkdir()
    for stop_or_find in (stop_shared, shared_endpoint):
        with pytest.raises(StartError, match="Somebody has been starting or ending"):
            stop_or_find()
    assert (folder / "data").is_dir()


def test_a_file_system_without_locks_is_told(folder: Path, monkeypatch: pytest.MonkeyPatch):
    left = ScratchFolder()
    monkeypatch.setenv("HELLO_ARMONIK_DIR", str(folder / "a"))

    def flock(*_: object) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    with monkeypatch.context() as without:
        without.setattr("fcntl.flock", flock)
        with pytest.raises(StartError, match=r"has no locks: No locks available: .*/a\n"):
            shared_endpoint()
        sweep()
        assert Path(left.name).is_dir()
    left.cleanup()


# Lives as the shared embedded ArmoniK of version 0.1.0 did, to all that can be seen.
OLD = "import sys, signal; signal.signal(15, lambda *_: sys.exit()); print(); signal.pause()"


@pytest.mark.parametrize("command", ["stop", "run"])
def test_one_of_version_0_1_is_ended(folder: Path, command: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HELLO_ARMONIK_DIR", str(folder))
    folder.chmod(0o700)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(folder / "armonik.sock"))
    words = [sys.executable, "-c", OLD, "-m", "hello_helpers.embedded.daemon", str(folder)]
    with subprocess.Popen(words, stdout=subprocess.PIPE) as old:
        old.stdout.readline()
        note = f'{{"pid": {old.pid}, "born": 1.5, "linger": 0, "endpoint": "unix:///old"}}'
        (folder / "running.json").write_text(note)
        found = find_shared()
        assert found
        assert (found.pid, found.endpoint, found.old) == (old.pid, "unix:///old", True)
        run = shell(f"hello {command}")
        assert run.returncode == 0, run.stderr
        assert old.wait(10) == 0
    now = find_shared()
    assert now is None if command == "stop" else now is not None and not now.old
    shell("hello stop")


# --- threads, output, /proc, signals --------------------------------------------------------------


@pytest.mark.usefixtures("as_root")
@pytest.mark.parametrize("command", ["run", "doctor"])
@pytest.mark.parametrize("limit", [1, 3, 25])
def test_too_few_threads_to_start_one_are_told(folder: Path, command: str, limit: int):
    os.chown(folder, SOMEBODY, SOMEBODY)
    no_threads(limit, command, HOME=str(folder), HELLO_ARMONIK_DIR=str(folder / "a"))


@pytest.mark.usefixtures("as_root")
@pytest.mark.parametrize("command", ["run", "doctor", "status"])
def test_too_few_threads_to_call_one_are_told(command: str):
    with EmbeddedArmonik(pods=1, port=0) as armonik:
        no_threads(3, command, HOME="/", AK_ENDPOINT=armonik.endpoint)


def no_threads(limit: int, command: str, **variables: str) -> None:
    limited = [*AS_SOMEBODY, "prlimit", f"--nproc={limit}"]
    run = finish(*limited, *CLI, command, **variables)
    assert run.returncode == 1
    told = run.stdout + run.stderr
    assert "Traceback" not in told
    assert re.search("No more threads|No process can be started|gives no more", told), run


@pytest.mark.parametrize("command", ["status", "run", "serve", "stop"])
def test_output_to_a_full_disk_is_told(folder: Path, command: str):
    run = shell(f"hello {command} --help >/dev/full", HELLO_ARMONIK_DIR=str(folder / "a"))
    assert "Traceback" not in run.stderr
    run = shell(
        f"hello {command} >/dev/full; status=$?; hello stop >/dev/null; exit $status",
        HELLO_ARMONIK_DIR=str(folder / "a"),
    )
    is_told(run, "written", "No space left on device")


@pytest.mark.usefixtures("as_root")
def test_it_works_without_proc(folder: Path):
    run = shell(
        "mount -t tmpfs tmpfs /proc; hello run; hello status; hello stop",
        "unshare",
        "-m",
        HELLO_ARMONIK_DIR=str(folder / "a"),
        JPY_PARENT_PID=str(os.getpid()),
    )
    assert "Result : 45" in run.stdout, run
    assert "running for" in run.stdout
    assert run.stdout.endswith("The embedded ArmoniK has been stopped.\n")


def test_a_hang_up_ends_it_in_order(folder: Path):
    served = Served(folder, pods=1).start()
    assert served.end(signal.SIGHUP) == 0
    assert "Ending" in served.text
    assert served.runtime == set()


def ignoring(number: signal.Signals) -> Callable[[], object]:
    return lambda: signal.signal(number, signal.SIG_IGN)


def test_after_nohup_it_does_not_hear_that(folder: Path):
    with Served(folder, pods=1, preexec_fn=ignoring(signal.SIGHUP)) as served:
        served.process.send_signal(signal.SIGHUP)
        with served.client() as client:
            client.create_session()


def test_ctrl_c_ends_it_in_the_background_of_a_script_too(folder: Path):
    served = Served(folder, pods=1, preexec_fn=ignoring(signal.SIGINT)).start()
    assert served.stop() == 0


# --- one configuration ----------------------------------------------------------------------------


def test_a_configuration_stays_the_same_on_its_way_to_the_process(folder: Path):
    one = Configuration(
        partitions=(
            PartitionSpec("a", ("sh", "-c", "x y")),
            PartitionSpec("b", tcp=True, shared=folder),
        ),
        runtime=folder,
        data=Path(os.fsdecode(b"/tmp/\xff")),
        host=Host.find("::1"),
        tls=TlsFolder(folder / "tls"),
        metrics_port=0,
        switchboard=folder / "s",
        lifeline=True,
    )
    assert Configuration.from_json(one.to_json()) == one


def test_on_ports_the_addresses_are_urls_as_on_a_cluster_and_the_hello_worker_finds_them():
    with EmbeddedArmonik(pods=1, tcp_workers=True) as armonik:
        (_, worker) = psutil.Process(armonik.process.pid).children()  # the guard is the other one
        environment = worker.environ()
        for channel in ("Worker", "Agent"):
            assert environment[f"ComputePlane__{channel}Channel__SocketType"] == "tcp"
            address = environment[f"ComputePlane__{channel}Channel__Address"]
            assert re.fullmatch(r"http://127\.0\.0\.1:\d+", address)
        done = hello_armonik("run", "-e", armonik.endpoint)
    assert "Result : 45\n" in done.stdout, done.stderr
