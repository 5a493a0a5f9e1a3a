"""``hello-armonik run`` and ``stop``, as programs, against a real embedded ArmoniK."""

import contextlib
import re
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme
from armonik.client import ArmoniKSessions, ArmoniKTasks
from armonik.common import SessionStatus, Task

from hello_helpers.__main__ import COMMANDS, main, parse
from hello_helpers.connect.endpoint import Endpoint
from hello_helpers.embedded import EmbeddedArmonik
from hello_helpers.labels import VERSION
from tests.commands import CLI, HELLO_WORKER, SILENT_WORKER, complaint, hello_armonik, started
from tests.unit import listeners
from tests.workers import other


@pytest.fixture(scope="module")
def armonik() -> Iterator[EmbeddedArmonik]:
    """An ArmoniK with the hello worker in one partition, and nobody in the other."""
    with EmbeddedArmonik({"default": HELLO_WORKER, "idle": SILENT_WORKER}, pods=1) as embedded:
        yield embedded


@pytest.fixture
def doomed(tmp_path) -> Iterator[EmbeddedArmonik]:
    """An ArmoniK whose worker never gets ready."""
    data = tmp_path / "data"
    with EmbeddedArmonik({"default": SILENT_WORKER}, pods=1, data=data) as embedded:
        yield embedded


@pytest.fixture
def sessions(armonik: EmbeddedArmonik) -> Iterator[ArmoniKSessions]:
    with Endpoint.parse(armonik.endpoint).open_channel() as channel:
        yield ArmoniKSessions(channel)


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run ``hello-armonik run`` to its end."""
    return hello_armonik("run", *arguments, **environment)


@contextlib.contextmanager
def sent(*arguments: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Start the command; yield it with what it has said, when its task has been sent."""
    with started([*CLI, "run", *arguments]) as process:
        told = "".join(process.stdout.readline() for _ in range(3))
        assert told.endswith("Main tasks have been sent\n"), "each line comes at once"
        yield process, told


def status(sessions: ArmoniKSessions, output: str) -> SessionStatus:
    """Return the status of the session that the output names."""
    session_id = re.search(r"Session (\S+) has been created", output)[1]
    return SessionStatus(sessions.get_session(session_id).status)


def test_it_prints_the_five_lines_of_the_contract(armonik, sessions):
    done = run("-e", armonik.endpoint)
    assert (done.returncode, done.stderr) == (0, "")
    hello, second, *rest = done.stdout.splitlines()
    assert re.fullmatch(r"Session [0-9a-f-]{36} has been created", second)
    assert [hello, *rest] == [
        "Hello ArmoniK Python Example !",
        "Main tasks have been sent",
        "Result : 45",
        "Good bye !",
    ]
    assert status(sessions, done.stdout) == SessionStatus.CLOSED


def test_all_its_tasks_are_of_one_application_by_which_the_admin_gui_groups_them(armonik):
    done = run("-e", armonik.endpoint, "-n", "1000")  # so many that the worker makes subtasks
    session_id = re.search(r"Session (\S+) has been created", done.stdout)[1]
    with Endpoint.parse(armonik.endpoint).open_channel() as channel:
        total, tasks = ArmoniKTasks(channel).list_tasks(Task.session_id == session_id)
    assert total == len(tasks) > 1
    named = {(task.options.application_name, task.options.application_version) for task in tasks}
    assert named == {("hello-armonik", VERSION)}


@pytest.mark.parametrize(
    ("arguments", "result"),
    [
        (["-n", "0"], "0"),
        (["-n", "1"], "0"),
        (["-n", "1000"], "499500"),
        (["-v", "1.5", "2.5"], "4.0"),
        (["-v", "1", "2"], "3"),
        (["-v", "-1", "-.5", "-1e2"], "-101.5"),
        (["-v", "5", "-n", "3"], "5"),
        (["-p", "default", "--timeout", "30"], "45"),
    ],
)
def test_the_sum_is_printed(armonik, arguments, result):
    done = run("-e", armonik.endpoint, *arguments)
    assert f"Result : {result}\n" in done.stdout
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("variable", ["AK_ENDPOINT", "Grpc__Endpoint"])
def test_the_endpoint_is_taken_from_the_environment(armonik, variable):
    assert "Result : 45" in run(**{variable: armonik.endpoint}).stdout


@pytest.mark.embedded_only
def test_without_an_endpoint_the_shared_embedded_armonik_is_started_and_stop_ends_it(monkeypatch):
    with tempfile.TemporaryDirectory() as folder:  # not the one that other tests share
        monkeypatch.setenv("HELLO_ARMONIK_DIR", folder)
        # Whoever lets warnings be errors sees none of ours, neither here nor in the log.
        monkeypatch.setenv("PYTHONWARNINGS", "error")
        done = run(AK_ENDPOINT="")
        assert "Result : 45" in done.stdout
        assert done.stderr == ""
        for told in ("The embedded ArmoniK has been stopped.", "No embedded ArmoniK was running."):
            done = hello_armonik("stop")
            assert (done.returncode, done.stdout, done.stderr) == (0, f"{told}\n", "")
        assert "Warning" not in Path(folder, "armonik.log").read_text()


def failed(done: subprocess.CompletedProcess[str]) -> str:
    """Return what a failed run says: one or two lines, and no traceback."""
    assert "Result" not in done.stdout
    assert 1 <= len(done.stderr.splitlines()) <= 2
    return complaint(done)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["http://localhost:{closed}"], "Nothing listens"),
        (["http://no-such-host.invalid:5001"], "no machine named"),
        (["unix:///no/such.sock"], "not there"),
        (["localhost"], "port is missing"),
        (["http://localhost:99999"], "Port must be 1 to 65535"),
        (["htp://localhost:5001"], "htp://"),
        (["{endpoint}", "-p", "typo"], "default, idle"),
        (["https://localhost:1", "--ca", "/no/such/ca.pem"], "'ca.pem' cannot be read"),
        (["https://localhost:{untrusted}"], "not signed by"),  # and gRPC itself writes nothing
    ],
)
def test_an_endpoint_partition_or_certificate_that_is_none_is_told_at_once(
    armonik, arguments, words
):
    certificate = trustme.CA().issue_cert("localhost")
    with listeners.grpc_server(certificate=certificate) as untrusted:
        ports = {"closed": listeners.closed_port(), "untrusted": untrusted}
        told = [word.format(endpoint=armonik.endpoint, **ports) for word in arguments]
        assert words in failed(run("-e", *told))


@pytest.mark.parametrize(
    "talk", [listeners.answer_like_a_web_server, listeners.say_nothing, listeners.hang_up]
)
def test_a_port_that_is_not_grpc_is_told_long_before_a_learner_gives_up(talk):
    with listeners.tcp(talk) as port:
        failed(run("-e", f"127.0.0.1:{port}"))


def test_without_the_option_the_partition_is_the_one_of_the_environment(armonik):
    text = failed(run("-e", armonik.endpoint, HELLO_PARTITION="typo"))
    assert "'typo'" in text
    done = run("-e", armonik.endpoint, "-p", "default", HELLO_PARTITION="typo")
    assert "Result : 45" in done.stdout.splitlines()


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["nonsense"],
        ["run", "-v"],
        ["run", "-v", "abc"],
        ["run", "-v", "nan"],
        ["run", "-v", "1", "inf"],
        ["run", "-v", "1e999"],
        ["run", "-n", "-1"],
        ["run", "-n", "1.5"],
        ["run", "-n", "1000000"],
        ["run", "--timeout", "0"],
        ["run", "--timeout", "soon"],
        ["run", "--nonsense"],
    ],
)
def test_missing_unknown_and_wrong_arguments_are_told_with_exit_status_2(arguments, capsys):
    with pytest.raises(SystemExit, match="2"):
        main(arguments)
    command = "run" if "run" in arguments else "[-h]"
    assert capsys.readouterr().err.startswith(f"usage: hello-armonik {command}")


@pytest.mark.parametrize("name", COMMANDS)
def test_each_command_is_listed_and_has_help(name, capsys):
    for asked in (["--help"], [name, "--help"]):
        with pytest.raises(SystemExit, match="0"):
            main(asked)
    shown = capsys.readouterr().out
    assert re.search(rf"^ +{name} +\w", shown, re.MULTILINE)
    assert f"usage: hello-armonik {name}" in shown


def test_options_that_lab_does_not_know_are_kept_for_jupyter():
    _, args = parse(["lab", "--no-browser", "--port", "8899", "--ServerApp.token=x"])
    assert args.no_browser
    assert args.rest == ["--port", "8899", "--ServerApp.token=x"]


def test_a_wait_that_is_too_long_is_told_with_the_reason_and_cancels_the_session(armonik, sessions):
    arguments = ("-e", armonik.endpoint, "-p", "idle", "--timeout", "1")
    done = subprocess.run(
        [*CLI, "run", *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    cancelled, reason, *_, bye = done.stdout.splitlines()[3:]
    assert reason.startswith("No result after 1 seconds. The task waits in the partition 'idle'")
    assert (cancelled, bye) == ("Session has been cancelled", "Good bye !")
    assert done.returncode == 1
    assert status(sessions, done.stdout) == SessionStatus.CANCELLED


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_cancels_the_session_and_says_so(armonik, sessions, number):
    with sent("-e", armonik.endpoint, "-p", "idle") as (process, output):
        process.send_signal(number)
        rest, complaints = process.communicate(timeout=10)
    assert rest == "Session has been cancelled\nGood bye !\n"
    assert (process.returncode, complaints) == (130, "")
    assert status(sessions, output) == SessionStatus.CANCELLED


def test_a_reader_that_goes_away_ends_it_quietly_and_its_session_too(armonik, sessions):
    with sent("-e", armonik.endpoint, "-p", "idle") as (process, output):
        process.stdout.close()
        process.send_signal(signal.SIGINT)
        assert process.stderr.read() == ""
        assert process.wait(10) in (130, 141)
    assert status(sessions, output) == SessionStatus.CANCELLED


def test_tls_files_without_an_endpoint_are_refused_and_nothing_is_started(tmp_path):
    private = tmp_path / "private"
    done = run("--ca", "ca.pem", HELLO_ARMONIK_DIR=str(private), AK_ENDPOINT="")
    assert failed(done).startswith("--ca, --cert and --key are for an endpoint")
    assert not private.exists()


def test_the_answer_of_another_worker_is_told_as_such():
    with EmbeddedArmonik({"default": other.command("13")}, pods=1) as embedded:
        complaint = failed(run("-e", embedded.endpoint))
    assert "A result is a JSON object with value; found 13 (int)." in complaint
    assert "made by another worker than the hello worker" in complaint
    assert "-p on the command line" in complaint


def test_after_ctrl_c_it_says_if_the_session_could_not_be_cancelled(doomed):
    with sent("-e", doomed.endpoint) as (process, _):
        doomed.process.kill()
        trouble = process.stderr.readline()
        process.send_signal(signal.SIGINT)
        rest, complaints = process.communicate(timeout=20)
    assert trouble.startswith(("The connection was lost", "ArmoniK does not answer"))
    assert "The session could not be cancelled: ArmoniK does not answer." in complaints
    assert (rest, process.returncode) == ("Good bye !\n", 130)


def test_an_armonik_that_dies_meanwhile_is_told(doomed):
    with sent("-e", doomed.endpoint, "--timeout", "2") as (process, _):
        doomed.process.kill()
        rest, complaints = process.communicate(timeout=20)
    assert (rest, process.returncode) == ("Good bye !\n", 1)
    assert "does not answer" in complaints
