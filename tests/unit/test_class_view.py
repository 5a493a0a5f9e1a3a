"""What a teacher is told of a learner: the lesson, since when, what fails, and who needs help."""

from datetime import datetime, timedelta, timezone
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import Mock

import pytest
from armonik.common import TaskStatus

from hello_helpers.course import class_view as class_view_module
from hello_helpers.course.class_folder import checked_names, expected
from hello_helpers.course.class_view import class_view, need, show_class
from hello_helpers.course.learners import Learner, _complaint, _lesson
from hello_helpers.course.record import record
from hello_helpers.errors import InputError, NoAnswerError

NOW = datetime(2026, 11, 28, 12, 0, tzinfo=timezone.utc)


def ago(minutes: float) -> datetime:
    return NOW - timedelta(minutes=minutes)


def learner(name: str = "ada", **known: Any) -> Learner:
    usual = {
        "lesson": "04",
        "since": ago(12),
        "moved": ago(1),
        "completed": 3,
        "failed": 0,
        "unfinished": 1,
        "complaint": "",
        "again": 0,
    }
    return Learner(name, **{**usual, **known})


def made(minutes: float, lesson: str = "", *, hello: str = "own", error: str = "", **more: Any):
    """A session or a task, as ArmoniK's client returns it."""
    labels = {"hello": hello, **({"lesson": lesson} if lesson else {})}
    return SimpleNamespace(
        created_at=ago(minutes),
        options=SimpleNamespace(options=labels),
        status=TaskStatus.ERROR if error else TaskStatus.COMPLETED,
        output=SimpleNamespace(error=error),
        **more,
    )


@pytest.mark.parametrize(
    ("sessions", "tasks", "found"),
    [
        ([], [], ("", None)),
        ([made(9)], [made(8)], ("", None)),  # somebody's own program tells no lesson
        ([made(9, hello="course")], [made(8)], ("02-05", ago(9))),
        ([made(9, hello="course")], [made(8, "04"), made(5, "04"), made(4)], ("04", ago(8))),
        ([made(9, "08"), made(3, "08")], [made(20, "04")], ("08", ago(9))),
        ([made(30, "04"), made(9, "08")], [made(5, "04")], ("04", ago(5))),  # back again
    ],
)
def test_the_lesson_is_that_of_the_newest_sign_and_begins_with_the_first_one(
    sessions: list[Any], tasks: list[Any], found: tuple[str, datetime | None]
):
    assert _lesson(sessions, tasks) == found


def retried(minutes: float) -> Any:
    task = made(minutes, error="crashed")
    task.status = TaskStatus.RETRIED
    return task


@pytest.mark.parametrize(
    ("tasks", "found"),
    [
        ([], ("", 0)),
        ([made(1), made(2, error="bad")], ("", 0)),
        ([made(1, error="bad"), made(2, error="bad"), made(3)], ("bad", 2)),
        ([made(1, error="bad"), retried(1.5), made(2, error="bad")], ("bad", 2)),
        ([made(1, error="bad"), made(2, error="another")], ("bad", 1)),
        ([made(1, error="bad")] * 15, ("bad", 1)),  # submitted at once, as in lesson 09
    ],
)
def test_a_failure_is_counted_once_a_submission(tasks: list[Any], found: tuple[str, int]):
    assert _complaint(tasks) == found


@pytest.mark.parametrize(
    ("known", "told"),
    [
        ({}, ""),
        ({"complaint": "bad", "again": 2}, ""),
        ({"complaint": "bad", "again": 3}, "the same failure 3 times"),
        ({"moved": ago(4.9)}, ""),
        ({"moved": ago(7)}, "nothing moved for 7 min"),
        ({"moved": ago(125)}, "nothing moved for 2 h 5 min"),
        ({"moved": ago(-1)}, ""),  # the clock of the cluster is ahead
    ],
)
def test_who_seems_to_need_help(known: dict[str, Any], told: str):
    assert need(learner(**known), NOW) == told


def test_a_teacher_who_shows_something_else_needs_no_help():
    assert need(learner("teacher", moved=ago(9), again=3), NOW) == ""


def test_the_view_has_a_row_each_the_spread_over_the_lessons_and_the_reasons():
    class_ = [learner(), learner("grace", complaint="bad\x1b[2J", lesson="05"), learner("zoe")]
    shown = repr(class_view(class_, now=NOW)).splitlines()
    assert shown[2].split() == ["ada", "04", "12", "min", "1", "min", "ago", "3", "0", "1"]
    assert shown[5:] == ["Lessons  04: ■■ 2   05: ■ 1", r"grace: bad\x1b[2J"]


def test_who_has_a_file_and_no_session_yet_is_named_to_the_teacher(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    (tmp_path / "learners").mkdir()
    for name in ("ada", "grace", "zoe"):
        (tmp_path / "learners" / f"{name}.env").touch()
    monkeypatch.setenv("Grpc__ClientCert", str(tmp_path / "teacher.env"))
    shown = repr(class_view([learner(), learner("teacher")], expected(), NOW)).splitlines()
    assert shown[-1] == "No session yet (2 of 3): grace, zoe"
    monkeypatch.setenv("Grpc__ClientCert", str(tmp_path / "learners" / "ada.env"))
    assert expected() == []
    monkeypatch.delenv("Grpc__ClientCert")
    assert expected() == []


def test_of_a_large_class_not_all_who_are_missing_are_named():
    names = [f"learner-{number:02}" for number in range(50)]
    assert repr(class_view([learner()], names, NOW)).endswith("learner-28, learner-29 and 20 more")


def test_a_class_that_keeps_a_record_sees_how_exercises_stand():
    class_ = [learner(exercise="tried"), learner("grace", exercise="right"), learner("zoe")]
    shown = [line.split() for line in repr(class_view(class_, now=NOW)).splitlines()]
    assert shown[1][:4] == ["learner", "lesson", "exercise", "for"]
    assert [line[2] for line in shown[2:5]] == ["tried", "right", "12"]


def test_without_an_endpoint_a_record_is_nobodys_trouble(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HELLO_RECORD", "yes")
    monkeypatch.setenv("AK_ENDPOINT", "no endpoint")
    writer = record("07")
    assert writer is not None
    writer.join()
    assert record("") is None


def test_a_notebook_shows_it_until_it_is_stopped_whatever_names_there_are(
    monkeypatch: pytest.MonkeyPatch,
):
    seen: list[Any] = []
    monkeypatch.setattr(
        "IPython.display.display", lambda *_, **__: SimpleNamespace(update=seen.append)
    )
    answers = iter([[], [learner("<b>", complaint="<i>")]])

    def look(_channel: object) -> list[Learner]:
        if (found := next(answers, None)) is None:
            raise NoAnswerError("ArmoniK cannot be reached.")
        return found

    def sleep(_seconds: float) -> None:
        if len(seen) == 3:
            raise KeyboardInterrupt

    monkeypatch.setattr(class_view_module, "learners", look)
    monkeypatch.setattr(class_view_module, "time", SimpleNamespace(sleep=sleep))
    show_class(Mock())
    assert [repr(each).splitlines()[0] for each in (seen[0], seen[2])] == [
        "No learner has made a session here yet.",
        "ArmoniK cannot be reached.",
    ]
    page = seen[1]._repr_html_()
    assert "&lt;b&gt;: &lt;i&gt;" in page
    assert "<b>" not in page


@pytest.mark.parametrize(
    ("names", "told"),
    [
        (
            ["ada", "Jürgen Müller", "O'Brien"],
            ["'Jürgen Müller', \"O'Brien\" cannot be the names of 2 learners.", "Jürgen_Müller."],
        ),
        (["???"], ["'???' cannot be the name of a learner.", "the name of a file, too."]),
        (["ada", "Teacher"], ["The teacher is called teacher here.", "another name."]),
        (["armonik-client"], ["The teacher is called armonik-client here.", "another name."]),
        (["ada", "Ada"], ["ada and Ada would be", "small and capital letters."]),
    ],
)
def test_all_names_that_cannot_be_are_told_at_once(names: list[str], told: list[str]):
    with pytest.raises(InputError) as refused:
        checked_names(names)
    first, hint = refused.value.lines()
    assert first.startswith(told[0])
    assert hint.endswith(told[1])
