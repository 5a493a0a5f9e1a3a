"""Lesson 06: the form with everything, and the program that a cell writes."""

import queue
import signal
import subprocess
import sys
from pathlib import Path

import grpc
import pytest
from armonik.client import ArmoniKSessions, ArmoniKTasks
from armonik.common import SessionStatus, Task, TaskStatus

from hello_helpers import Endpoint, HelloError
from hello_helpers.display.command import terminal_command
from hello_helpers.embedded import EmbeddedArmonik
from hello_helpers.exercises import exercise_06
from hello_helpers.forms import ClientForm
from tests.commands import finish, python
from tests.lessons.running import cell_of, stored

pytestmark = pytest.mark.embedded_only

MAGIC = "%%writefile hello_client.py\n"

ALLOWED = (
    "hello_helpers",
    "hello_helpers.messages",
    "hello_helpers.errors",
    "hello_helpers.connect",
    "hello_helpers.connect.starting",
)
"""What the program may import of this package: the messages, and what is imported with them."""

ONLY_ARMONIK = f"""\
import runpy, sys

class Refuse:
    def find_spec(self, name, *_):
        if name.split(".")[0] == "hello_helpers" and name not in {ALLOWED}:
            raise ImportError(name + " is not for this program")

sys.meta_path.insert(0, Refuse())
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""

DIES_THEN_REFUSES = """\
from armonik.common import Output
from armonik.worker import armonik_worker

@armonik_worker()
def work(task):
    assert "###" in task.task_id, "the first attempt"
    return Output("the last attempt")

work.run()
"""


@pytest.fixture
def program(tmp_path: Path) -> Path:
    """The file that the cell of the lesson writes."""
    source = cell_of(stored("06_the_whole_client"), "write-file").source
    assert source.startswith(MAGIC)
    path = tmp_path / "hello_client.py"
    path.write_text(source.removeprefix(MAGIC))
    return path


def run(program: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return python(ONLY_ARMONIK, str(program), *arguments, cwd=program.parent.parent)


def session_of(line: str) -> str:
    assert line.startswith("Session ")
    return line.split()[1]


def test_the_program_needs_only_armonik_and_the_messages(
    program: Path, endpoint: Endpoint, channel: grpc.Channel
) -> None:
    done = run(program, "-e", endpoint.url, "-p", "default", "-v", "1.5", "-2", "3")
    assert (done.returncode, done.stderr) == (0, "")
    created, sent, result, bye = done.stdout.splitlines()
    assert created.endswith("has been created")
    assert [sent, result, bye] == ["Main tasks have been sent", "Result : 2.5", "Good bye !"]
    session = ArmoniKSessions(channel).get_session(session_of(created))
    assert session.status == SessionStatus.CLOSED


def test_without_values_and_partition_it_adds_the_first_n(
    program: Path, endpoint: Endpoint
) -> None:
    assert "Result : 45\n" in run(program, "-e", endpoint.url).stdout
    assert "Result : 4950\n" in run(program, "-e", endpoint.url, "-n", "100").stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "the following arguments are required: -e/--endpoint"),
        (("-e", "{url}", "-n", "x"), "invalid count value: 'x'"),
        (("-e", "{url}", "-n", "-5"), "invalid count value: '-5'"),
        (("-e", "{url}", "-v", "nan"), "must be a finite number, not nan"),
        (("-e", "{url}", "-p", "nowhere"), "ArmoniK's answer is NOT_FOUND"),
        (("-e", "http://localhost:1"), "ArmoniK's answer is UNAVAILABLE"),
    ],
)
def test_what_is_wrong_it_says_in_a_line(
    program: Path, endpoint: Endpoint, arguments: tuple[str, ...], said: str
) -> None:
    done = run(program, *(argument.format(url=endpoint.url) for argument in arguments))
    assert done.returncode != 0
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_an_endpoint_without_a_scheme_is_taken_as_a_host_and_a_port(program: Path) -> None:
    with EmbeddedArmonik(port=0) as armonik:
        done = run(program, "-e", armonik.endpoint.removeprefix("http://"))
    assert "Result : 45\n" in done.stdout, done.stderr


def test_it_tells_why_the_last_attempt_failed(program: Path, tmp_path: Path) -> None:
    worker = tmp_path / "worker.py"
    worker.write_text(DIES_THEN_REFUSES)
    with EmbeddedArmonik({"default": [sys.executable, str(worker)]}, pods=1) as armonik:
        done = run(program, "-e", armonik.endpoint)
    assert (done.returncode, done.stderr) == (1, "The task has failed: the last attempt\n")


def test_ctrl_c_cancels_the_session_with_its_tasks(
    program: Path, endpoint: Endpoint, channel: grpc.Channel
) -> None:
    command = [sys.executable, "-u", str(program), "-e", endpoint.url, "-n", "100000"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as job:
        assert job.stdout
        session_id = session_of(job.stdout.readline())
        assert job.stdout.readline() == "Main tasks have been sent\n"
        job.send_signal(signal.SIGINT)
        assert job.stdout.read() == "Session has been cancelled\nGood bye !\n"
    assert job.returncode == 130
    session = ArmoniKSessions(channel).get_session(session_id)
    assert session.status == SessionStatus.CANCELLED
    _, tasks = ArmoniKTasks(channel).list_tasks(
        (Task.session_id == session_id) & (Task.status == TaskStatus.SUBMITTED)
    )
    assert tasks == []


LINE = '    add("--priority", type=int, default=1)\n    return parser.parse_args()'
USE = "priority=args.priority,"


@pytest.mark.parametrize(
    "edits",
    [
        {},
        {"    return parser.parse_args()": LINE},
        {"priority=1,": USE},
        {"    return parser.parse_args()": LINE, "priority=1,": USE},
    ],
    ids=["nothing", "the argument", "its use", "both"],
)
def test_the_solution_is_right_whatever_the_learner_has_changed_before(
    program: Path, edits: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    code = program.read_text()
    for old, new in edits.items():
        assert old in code
        code = code.replace(old, new)
    program.write_text(code)
    monkeypatch.chdir(program.parent)
    asked: list[tuple[str, ...]] = []

    def run_client(*arguments: str, program: str) -> str:
        asked.append((*arguments, program))
        return "Session 1234 has been created"

    names: dict[str, object] = {"run_client": run_client}
    exec(exercise_06.solution(), names)
    assert asked == [("--priority", "3", "my_client.py")]
    assert names["my_session_id"] == "1234"
    mended = (program.parent / "my_client.py").read_text()
    assert (mended.count('add("--priority"'), mended.count(USE)) == (1, 1)


def test_the_command_for_a_terminal_runs_and_its_static_copy_has_no_path(
    program: Path, endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(program.parent)
    command = terminal_command("hello_client.py", endpoint, "-v", "20", "22")
    shown = command._repr_mimebundle_()
    for kind in ("text/plain", "text/html"):
        assert "python hello_client.py -e ENDPOINT -v 20 22" in shown[kind]
        assert str(program.parent) not in shown[kind]
    done = finish("sh", "-c", command.here.replace("\n", " && "), cwd=Path("/"))
    assert "Result : 42.0\n" in done.stdout, done.stderr


def test_the_form_sends_with_the_options_that_are_chosen(
    endpoint: Endpoint, channel: grpc.Channel
) -> None:
    form = ClientForm(endpoint)
    assert form.partition.options == ("default",)
    form.priority.value, form.max_duration.value, form.max_retries.value = "3", "60", "2"
    form.values.value = "20 22"
    form.run.click()
    assert form.wait() == 42
    session = ArmoniKSessions(channel).get_session(form.session_id)
    assert session.status == SessionStatus.CLOSED
    assert session.options.max_duration.total_seconds() == 60
    assert (session.options.priority, session.options.max_retries) == (3, 2)
    assert "Right!" in repr(exercise_06.check(endpoint, form.session_id))
    names: dict[str, object] = {}
    exec(form.code, names)
    made = ArmoniKSessions(channel).get_session(names["session_id"])
    assert (made.options.priority, made.status) == (3, SessionStatus.CLOSED)


def test_the_form_reads_the_partitions_of_an_endpoint_that_is_typed(endpoint: Endpoint) -> None:
    form = ClientForm(Endpoint.parse("http://localhost:1"))
    told: queue.Queue[str] = queue.Queue()
    form.partition.observe(lambda change: told.put(change["new"]), "description")
    form.address.value = endpoint.url
    assert [told.get(timeout=20)[:14] for _ in range(2)] == ["Partition (ask", "Partition (of "]
    assert form.partition.options == ("default",)
    assert form.wait() == 45
    form.address.value = "http://localhost:1"
    assert [told.get(timeout=20)[:14] for _ in range(2)] == ["Partition (ask", "Partition (not"]


def test_the_form_refuses_in_words_what_it_cannot_send(endpoint: Endpoint) -> None:
    form = ClientForm(endpoint)
    form.address.value = "htp://x"
    form.run.click()
    with pytest.raises(HelloError):
        form.wait()
    assert "Problem with" in form.problems.value
    form.address.value, form.priority.value = "", "1000"
    form.run.click()
    with pytest.raises(HelloError, match="priority must be a whole number from 1 to 99"):
        form.wait()


def test_the_form_cancels_its_session(endpoint: Endpoint, channel: grpc.Channel) -> None:
    form = ClientForm(endpoint)
    form.first_n.value = "100000"
    form.run.click()
    form.cancel.click()
    with pytest.raises(HelloError, match="cancelled"):
        form.wait()
    if form.session_id:  # else it was cancelled even before
        session = ArmoniKSessions(channel).get_session(form.session_id)
        assert session.status == SessionStatus.CANCELLED
