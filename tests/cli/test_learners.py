"""``hello-armonik learners``: a teacher sees who is where, on the ArmoniK that a class shares."""

import re
from collections.abc import Iterator
from contextlib import closing

import grpc
import pytest
from armonik.client import ArmoniKResults, ArmoniKSessions, ArmoniKTasks
from armonik.common import TaskDefinition, TaskStatus

from hello_helpers import steps
from hello_helpers.__main__ import main
from hello_helpers.connect import pages
from hello_helpers.connect.endpoint import Endpoint
from hello_helpers.course import learners
from hello_helpers.course.sessions import course_labels, pick_up_session
from hello_helpers.embedded import EmbeddedArmonik
from hello_helpers.errors import WaitTimeoutError
from hello_helpers.messages import Payload
from hello_helpers.wait.waiting import wait_for_results
from tests.conformance.driver import SCRIPTED, ArmoniK
from tests.unit import listeners

pytestmark = pytest.mark.embedded_only


@pytest.fixture
def armonik() -> Iterator[EmbeddedArmonik]:
    """The ArmoniK of a class, on which nobody has been yet."""
    with EmbeddedArmonik(pods=1) as embedded:
        yield embedded


@pytest.fixture
def channel(armonik: EmbeddedArmonik) -> Iterator[grpc.Channel]:
    with Endpoint.parse(armonik.endpoint).open_channel() as opened:
        yield opened


@pytest.fixture
def become(monkeypatch: pytest.MonkeyPatch):
    """Be one of the learners from now on."""
    return lambda name: monkeypatch.setenv("HELLO_LEARNER", name)


def hello(channel: grpc.Channel, session_id: str) -> None:
    """Send one task, and wait until it is over."""
    data = steps.create_payload(channel, session_id, Payload([1]))
    steps.submit_task(channel, session_id, data)
    steps.wait_for_result(channel, session_id, data.result_id, 30)


def fail_at_a_task(channel: grpc.Channel, session_id: str) -> None:
    """Send a task that the worker cannot understand, and wait until it is over."""
    results = ArmoniKResults(channel)
    stored = results.create_results({"payload": b"3 4 5"}, session_id)
    announced = results.create_results_metadata(["sum"], session_id)
    payload_id, result_id = stored["payload"].result_id, announced["sum"].result_id
    ArmoniKTasks(channel).submit_tasks(session_id, [TaskDefinition(payload_id, [result_id])])
    with pytest.raises(Exception, match="does not understand"):
        wait_for_results(channel, session_id, [result_id], 30)


def table(armonik: EmbeddedArmonik, capsys: pytest.CaptureFixture[str]) -> list[str]:
    """Return the lines that a teacher sees, with blanks made single."""
    assert main(["learners", "-e", armonik.endpoint]) == 0
    return [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]


def row_of(name: str, shown: list[str]) -> list[str]:
    """Return the cells of a learner's row: the last three are counts, if nobody needs help."""
    (row,) = [line for line in shown if line.startswith(f"{name} ")]
    return row.split(" ")


def test_each_learner_has_a_row_and_who_fails_a_reason(armonik, channel, capsys, become):
    become("grace")
    session_id = pick_up_session(channel)
    hello(channel, session_id)
    fail_at_a_task(channel, session_id)
    become("ada")
    hello(channel, pick_up_session(channel))
    hello(channel, steps.create_session(channel))
    shown = table(armonik, capsys)
    assert re.fullmatch(r"2 learners, at \d\d:\d\d:\d\d", shown[0])
    assert row_of("ada", shown)[-3:] == ["2", "0", "0"]
    assert row_of("grace", shown)[-3:] == ["1", "1", "0"]
    assert shown[4] == "Lessons 02-05: ■■ 2"
    assert shown[5].startswith("grace: The hello worker does not understand its task")
    assert len(shown) == 6


def test_tasks_that_go_on_are_unfinished_and_closed_sessions_do_not_run(
    armonik, channel, capsys, become
):
    become("ada")
    ArmoniKSessions(channel).close_session(pick_up_session(channel))
    paused = steps.create_session(channel, labels=course_labels())
    ArmoniKSessions(channel).pause_session(paused)
    data = steps.create_payload(channel, paused, Payload([1]))
    steps.submit_task(channel, paused, data)
    with pytest.raises(WaitTimeoutError):
        steps.wait_for_result(channel, paused, data.result_id, 0.2)
    assert row_of("ada", table(armonik, capsys))[-3:] == ["0", "0", "1"]


def test_a_newer_success_makes_an_old_failure_no_news(armonik, channel, capsys, become):
    become("ada")
    session_id = pick_up_session(channel)
    fail_at_a_task(channel, session_id)
    hello(channel, session_id)
    shown = table(armonik, capsys)
    assert row_of("ada", shown)[-3:] == ["1", "1", "0"]
    assert len(shown) == 4  # the last one is about the lessons


def test_more_sessions_than_a_call_tells_of_are_all_seen(channel, become, monkeypatch):
    monkeypatch.setattr(pages, "LONGEST", 2)
    monkeypatch.setattr(learners, "BATCH", 2)
    for number in range(3):
        become(f"learner {number}")
        for _ in range(3):
            hello(channel, steps.create_session(channel))
    found = [(each.name, each.completed) for each in learners.learners(channel)]
    assert found == [(f"learner {number}", 3) for number in range(3)]


def test_what_one_learner_has_made_too_large_is_cut_or_left_out_and_all_others_are_shown(
    caplog, capsys
):
    """The message of a client holds 4 MiB."""
    with EmbeddedArmonik({"default": SCRIPTED}, pods=1) as armonik:
        error = ["error", f"It failed: {'x' * 5_000_000} at last"]
        with closing(ArmoniK(armonik.endpoint, "default")) as raw:
            for name, options in {
                "ada": {},
                "careless": {},
                "c" * 3_000: {},
                "d" * 3_900_000: {},
                "left out": {"note": "n" * 5_000_000},
            }.items():
                labels = {"hello": "own", "learner": name, **options}
                session_id = raw.create_session(options=labels)
                if name == "careless":
                    raw.wait_task(raw.submit(session_id, error).task_id, TaskStatus.ERROR)
        _, *rows, _, complaint = table(armonik, capsys)[1:]
    assert [row.split(" ")[0] for row in rows] == [
        "ada",
        "careless",
        "c" * 39 + "…",
        "d" * 39 + "…",
    ]
    assert len(complaint) < 120
    assert complaint.startswith("careless: It failed: xxx")
    assert complaint.endswith("x…")
    assert "it is too large: row 5" in caplog.text


def test_sessions_of_others_are_none_of_the_class(armonik, channel, capsys):
    steps.create_session(channel, labels={"learner": "somebody else's program"})
    assert table(armonik, capsys) == ["No learner has made a session here yet."]


@pytest.mark.parametrize(
    ("name", "shown"), [("a\x1b[2Jda", r"a\x1b[2Jda ? "), ("ad\udce9", r"ad\xe9 ? ")]
)
def test_a_name_cannot_command_the_terminal_and_may_be_any_bytes(
    armonik, channel, capsys, become, name, shown
):
    become(name)
    steps.create_session(channel)
    assert table(armonik, capsys)[2].startswith(shown)


def test_an_endpoint_where_nobody_listens_is_told_in_words(capsys):
    port = listeners.closed_port()
    assert main(["learners", "-e", f"localhost:{port}"]) == 1
    assert f"Nothing listens at localhost:{port}." in capsys.readouterr().err
