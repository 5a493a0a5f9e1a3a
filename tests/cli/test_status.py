"""``hello-armonik status``, as a program: on the shared embedded ArmoniK, and on any other."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from armonik.client import ArmoniKSessions
from armonik.common import TaskStatus
from armonik.protogen.common.health_checks_common_pb2 import CheckHealthRequest

from hello_helpers.cli.terminal import span
from hello_helpers.connect.endpoint import Endpoint
from hello_helpers.course.sessions import create_session
from hello_helpers.embedded import EmbeddedArmonik
from hello_helpers.messages import Payload
from hello_helpers.steps import create_payload, submit_task, wait_for_result
from tests.commands import HELLO_WORKER, hello_armonik
from tests.conformance.driver import ArmoniK
from tests.conformance.waiting import eventually

BROKEN = ["sh", "-c", r"printf 'first\nlast \033[2J'; exit 3"]


@pytest.fixture(scope="module")
def armonik() -> Iterator[EmbeddedArmonik]:
    """An ArmoniK with the hello worker in one partition, and a worker that ends in the other."""
    with EmbeddedArmonik({"default": HELLO_WORKER, "broken": BROKEN}, pods=1) as embedded:
        yield embedded


def told(run: subprocess.CompletedProcess[str]) -> dict[str, str]:
    """Return what is said, by title."""
    assert run.returncode == 0, run.stderr
    found: dict[str, str] = {}
    title = ""
    for line in run.stdout.splitlines():
        title = line[:12].strip() or title
        found[title] = f"{found[title]}\n{line[12:]}" if title in found else line[12:]
    return found


@pytest.fixture
def shared(tmp_path: Path) -> Iterator[dict[str, str]]:
    """The environment of a running shared embedded ArmoniK, stopped after the test."""
    environment = {"HELLO_ARMONIK_DIR": str(tmp_path)}
    assert hello_armonik("run", **environment).returncode == 0
    yield environment
    hello_armonik("stop", **environment)


def process_of(environment: dict[str, str]) -> int:
    return int(told(hello_armonik("status", **environment))["Process"].partition(",")[0])


def is_refused(run: subprocess.CompletedProcess[str], saying: str = "") -> None:
    """Show that one or two lines tell what was wrong, and nothing else."""
    assert (run.returncode, run.stdout) == (1, "")
    assert 1 <= len(run.stderr.splitlines()) <= 2
    assert saying in run.stderr


@pytest.mark.embedded_only
def test_if_none_runs_it_says_so_and_starts_none(tmp_path: Path):
    run = hello_armonik("status", HELLO_ARMONIK_DIR=str(tmp_path / "private"))
    assert (run.returncode, run.stderr) == (0, "")
    assert run.stdout.startswith("No embedded ArmoniK is running.")
    assert list((tmp_path / "private").iterdir()) == []


@pytest.mark.parametrize("command", ["status", "learners"])
def test_tls_files_without_an_endpoint_are_refused(command: str, tmp_path: Path):
    private = {"HELLO_ARMONIK_DIR": str(tmp_path / "private"), "AK_ENDPOINT": ""}
    run = hello_armonik(command, "--ca", "ca.pem", **private)
    is_refused(run, "--ca, --cert and --key are for an endpoint")
    assert not (tmp_path / "private").exists()


@pytest.mark.embedded_only
def test_of_the_shared_one_it_also_shows_process_and_log(shared: dict[str, str]):
    seen = told(hello_armonik("status", **shared))
    process, log = seen.pop("Process"), seen.pop("Log file")
    version = seen.pop("Version")
    assert seen == {
        "Endpoint": f"unix://{shared['HELLO_ARMONIK_DIR']}/armonik.sock",
        "Health": "database: healthy\nobject: healthy\nqueue: healthy",
        "Partitions": "default: 2 pods",
        "Sessions": "1 closed",
        "Tasks": "1 completed",
    }
    assert re.fullmatch(r"core \d+\.\d+\.\d+\+[0-9a-f]{40}, api [\w.]+, embedded", version)
    assert Path(log).is_file()
    pid, _, lives = process.partition(",")
    assert "hello_helpers.embedded" in psutil.Process(int(pid)).cmdline()
    assert re.search(r"running for \d+ s$", lives)


@pytest.mark.embedded_only
def test_of_one_that_is_ending_it_says_just_that(shared: dict[str, str], tmp_path: Path):
    pid = process_of(shared)
    (tmp_path / "armonik.sock").unlink()  # the first thing that one does that ends
    run = hello_armonik("status", **shared)
    assert (run.returncode, run.stderr) == (0, "")
    assert run.stdout == f"Process     {pid}, which is ending\n"


@pytest.mark.embedded_only
def test_one_that_does_not_answer_is_told_without_python(shared: dict[str, str]):
    process = psutil.Process(process_of(shared))
    process.suspend()
    try:
        run = hello_armonik("status", **shared)
    finally:
        process.resume()
    assert run.returncode == 1
    assert "did not answer in time" in run.stderr
    assert "endpoint.check()" not in run.stderr


def test_of_any_endpoint_named_or_in_the_environment_it_shows_what_the_api_tells(
    armonik: EmbeddedArmonik,
):
    with Endpoint.parse(armonik.endpoint).open_channel() as channel:
        session_id = create_session(channel)
        data = create_payload(channel, session_id, Payload([1, 2]))
        submit_task(channel, session_id, data)
        wait_for_result(channel, session_id, data.result_id, 30)
        sessions = [create_session(channel) for _ in range(2)]
        ArmoniKSessions(channel).pause_session(sessions[0])
        ArmoniKSessions(channel).cancel_session(sessions[1])
    seen = told(hello_armonik("status", "-e", armonik.endpoint))
    assert seen == told(hello_armonik("status", AK_ENDPOINT=armonik.endpoint))
    assert seen["Endpoint"] == armonik.endpoint
    assert seen["Version"].endswith(", embedded")
    assert seen["Sessions"] == "1 running, 1 cancelled, 1 paused"
    assert seen["Tasks"] == f"1 {TaskStatus.COMPLETED.name.lower()}"
    assert seen["Partitions"] == "broken: 1 pod\ndefault: 1 pod"
    assert not {"Process", "Log file"} & set(seen)


def test_why_a_partition_does_not_work_is_shown_and_the_terminal_obeys_none_of_it(
    armonik: EmbeddedArmonik,
):
    client = ArmoniK(armonik.endpoint, "default")
    eventually(
        lambda: str(client.health.CheckHealth(CheckHealthRequest())), lambda text: "broken" in text
    )
    client.close()
    run = hello_armonik("status", "-e", armonik.endpoint)
    health = told(run)["Health"]
    assert "queue: degraded: broken: worker of pod broken-0" in health
    assert "exited with status 3" in health
    assert r"last \x1b[2J" in health
    assert all(line.isprintable() for line in run.stdout.splitlines())


def test_it_speaks_tls(tmp_path: Path):
    with EmbeddedArmonik({"default": HELLO_WORKER}, pods=1, tls=tmp_path / "tls") as armonik:
        options = {
            "--ca": armonik.certificate_authority,
            "--cert": armonik.client_certificate,
            "--key": armonik.client_key,
        }
        words = [str(word) for option in options.items() for word in option]
        seen = told(hello_armonik("status", "-e", armonik.endpoint, *words))
        assert seen["Endpoint"] == armonik.endpoint
        assert hello_armonik("status", "-e", armonik.endpoint, *words[:2]).returncode == 1


@pytest.mark.parametrize(
    "endpoint", ["127.0.0.1:1", "nonsense", "unix:///no/such/socket", "ftp://x"]
)
def test_what_does_not_answer_is_an_error_in_one_or_two_lines(endpoint: str):
    is_refused(hello_armonik("status", "-e", endpoint))


@pytest.mark.embedded_only
def test_a_private_folder_that_is_none_is_an_error_in_one_or_two_lines(tmp_path: Path):
    (tmp_path / "file").touch()
    is_refused(hello_armonik("status", HELLO_ARMONIK_DIR=str(tmp_path / "file")))


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(-1, "0 s"), (59.9, "59 s"), (61, "1 min 1 s"), (7265, "2 h 1 min"), (360000, "100 h 0 min")],
)
def test_time_spans_are_told_in_two_units(seconds: float, text: str):
    assert span(seconds) == text
