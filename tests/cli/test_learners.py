"""``hello-armonik learners``: a teacher sees who is where, on the ArmoniK that a class shares."""

import io
import re
from collections.abc import Iterator
from contextlib import closing
from types import SimpleNamespace

import grpc
import pytest
from armonik.client import ArmoniKResults, ArmoniKSessions, ArmoniKTasks
from armonik.common import TaskDefinition, TaskStatus

from hello_helpers import labels, steps
from hello_helpers.__main__ import main
from hello_helpers.cli import learners as command
from hello_helpers.connect import pages
from hello_helpers.connect.endpoint import Endpoint
from hello_helpers.course import learners
from hello_helpers.course.frame import begin_lesson
from hello_helpers.course.record import record
from hello_helpers.course.sessions import course_labels, lesson_options, pick_up_session
from hello_helpers.embedded import EmbeddedArmonik
from hello_helpers.errors import WaitTimeoutError
from hello_helpers.messages import Payload
from hello_helpers.wait.waiting import wait_for_results
from tests.conformance.driver import SCRIPTED, ArmoniK
from tests.unit import listeners

pytestmark = pytest.mark.embedded_only


@pytest.fixture(scope="module")
def shared() -> Iterator[EmbeddedArmonik]:
    with EmbeddedArmonik(pods=1) as embedded:
        yield embedded


@pytest.fixture
def armonik(shared: EmbeddedArmonik) -> Iterator[EmbeddedArmonik]:
    """The ArmoniK of a class, on which nobody has been yet."""
    yield shared
    with Endpoint.parse(shared.endpoint).open_channel() as opened:
        client = ArmoniKSessions(opened)
        for session in client.list_sessions()[1]:
            client.delete_session(session.session_id)


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


def test_what_is_made_in_a_lesson_is_labelled_with_it(
    armonik, channel, capsys, become, monkeypatch
):
    become("ada")
    session_id = pick_up_session(channel)
    assert row_of("ada", table(armonik, capsys))[1] == "02-05"
    data = steps.create_payload(channel, session_id, Payload([1]))
    steps.submit_task(channel, session_id, data, lesson_options("04"))
    assert steps.wait_for_result(channel, session_id, data.result_id, 30).value == 1
    assert row_of("ada", table(armonik, capsys))[1] == "04"
    monkeypatch.setattr(labels, "here", "")
    begin_lesson("08")
    steps.create_session(channel)
    assert row_of("ada", table(armonik, capsys))[1] == "08"
    assert pick_up_session(channel) == session_id  # of which the lessons share one
    assert record("07") is None  # nobody has asked for it
    monkeypatch.setenv("HELLO_RECORD", "yes")
    monkeypatch.setenv("AK_ENDPOINT", armonik.endpoint)
    for told in ({}, {"exercise": "tried"}, {"exercise": "right"}, *[{"error": "KeyError"}] * 3):
        record("07", **told).join()
    *_, complaint = shown = table(armonik, capsys)
    assert row_of("ada", shown)[1:3] == ["07", "right"]
    assert "the same failure 3 times" in shown[2]
    assert complaint == "ada: KeyError in a cell of lesson 07"
    assert statuses(channel, "ada") == ["RUNNING", "RUNNING", *["CLOSED"] * 6]


def test_a_watch_looks_again_says_what_is_wrong_and_ends_with_ctrl_c(capsys, become, monkeypatch):
    become("ada")
    armonik = EmbeddedArmonik(pods=1)
    with Endpoint.parse(armonik.endpoint).open_channel() as channel:
        steps.create_session(channel)
    looks = iter(["first", "away"])

    def wait(_seconds: float) -> None:
        match next(looks, "over"):
            case "first":
                armonik.close()
            case "over":
                raise KeyboardInterrupt

    monkeypatch.setattr(command, "time", SimpleNamespace(sleep=wait))
    assert main(["learners", "--watch", "-e", armonik.endpoint]) == 0
    shown = capsys.readouterr().out
    assert "ada " in shown
    assert "ArmoniK cannot be reached" in shown


def answering(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(text))


def statuses(channel: grpc.Channel, name: str) -> list[str]:
    return [session.status.name for session in learners.sessions_of(channel, name)]


def test_one_learners_sessions_are_cancelled_or_deleted_after_a_question(
    armonik, channel, capsys, become, monkeypatch
):
    for name in ("ada", "grace"):
        become(name)
        hello(channel, pick_up_session(channel))
        ArmoniKSessions(channel).close_session(steps.create_session(channel))
    where = ["-e", armonik.endpoint]
    for answer in ("", "n\n", "what?\n"):
        answering(monkeypatch, answer)
        assert main(["cancel", "--learner", "ada", *where]) == 1
        assert main(["learners", "--reset", "ada", *where]) == 1
    assert "Cancel 1 open session of ada, with all tasks? [y/N]" in capsys.readouterr().err
    assert statuses(channel, "ada") == ["RUNNING", "CLOSED"]
    answering(monkeypatch, "y\n")
    assert main(["cancel", "--learner", "ada", *where]) == 0
    assert statuses(channel, "ada") == ["CANCELLED", "CLOSED"]
    assert main(["cancel", "--learner", "ada", *where]) == 0
    assert "no session that is open" in capsys.readouterr().out
    assert main(["learners", "--reset", "ada", "--yes", *where]) == 0
    assert statuses(channel, "ada") == []
    assert statuses(channel, "grace") == ["RUNNING", "CLOSED"]
    assert main(["learners", "--reset", "ada", "--yes", *where]) == 1
    assert "These have: grace." in capsys.readouterr().err
