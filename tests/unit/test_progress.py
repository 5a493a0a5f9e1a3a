"""The learner's progress: kept by several notebooks at once, never lost, never in the way."""

import contextlib
import errno
import json
import os
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from unittest.mock import Mock

import pytest

from hello_helpers import labels
from hello_helpers.__main__ import main
from hello_helpers.course import progress
from hello_helpers.course.frame import begin_lesson, end_lesson, reset_progress, show_progress
from hello_helpers.course.outlook import GAINS, PULLS, SHEET
from hello_helpers.course.progress import Progress, ProgressError, my_progress
from hello_helpers.course.standing import LESSONS, Step
from hello_helpers.exercises.core import Exercise, Wrong
from tests.commands import started
from tests.store_notebooks import NOTEBOOKS

DAMAGED = {
    "cut off": '{"lessons": {"00": {"tri',
    "empty": "",
    "a list": "[]",
    "no lessons": "{}",
    "a lesson that is none": '{"lessons": {"00": 7}}',
    "no time": '{"lessons": {"00": {"tried": "yesterday"}}}',
    "a time before all others": '{"lessons": {"00": {"tried": "0001-01-01T00:00:00+14:00"}}}',
    "deep": "[" * 100_000,
    "no text": "\udcff\udcfe",
}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty place for the progress of nobody in particular."""
    monkeypatch.setenv("HELLO_PROGRESS_DIR", str(tmp_path / "progress"))
    monkeypatch.delenv("HELLO_LEARNER", raising=False)
    monkeypatch.setattr(labels, "here", "")
    return tmp_path / "progress"


@pytest.fixture
def file(folder: Path) -> Path:
    """The file in it."""
    return folder / "progress.json"


@pytest.fixture
def exercise() -> Exercise:
    """The exercise of lesson 04; 42 is right."""

    def look(answer: object) -> str:
        if answer == 42:
            return "Yes."
        raise Wrong("No.", "Try 42.")

    return Exercise("exercise_04", look, ("think",), "answer = 42")


def rows() -> dict[str, tuple[str, str]]:
    """Return what the table says of exercise and end, by lesson, without times."""
    return {
        lesson.split()[0]: (re.sub(r", \d.*", "", exercise), end[:4])
        for lesson, exercise, end, _ in show_progress().rows
    }


def test_untouched_is_not_tried_tried_is_kept_and_what_was_right_stays_right(
    exercise: Exercise, file: Path
) -> None:
    exercise.check(...)
    assert rows() == dict.fromkeys(LESSONS, ("○ not tried", "not "))
    assert not file.parent.exists()
    exercise.check(7)
    shown = show_progress()
    html = shown._repr_html_()
    assert (html.count('<th scope="row"'), html.count("<caption")) == (len(LESSONS), 1)
    said = (f"0 of {len(LESSONS)} exercises right", "○ not tried", "✕ tried, not right yet, ")
    for text in (html, repr(shown)):
        assert [text.count(words) for words in said] == [1, len(LESSONS) - 1, 1]
    exercise.check(42)
    before = file.read_text()
    assert "Not right yet." in repr(exercise.check(7))
    assert rows()["04"][0] == "✓ right"
    assert file.read_text() == before


def test_a_lesson_that_is_run_to_its_end_says_how_far_one_is_and_what_is_next(
    exercise: Exercise,
) -> None:
    begin_lesson("03")
    exercise.check(42)
    later = " ".join(f"{lesson} ○" for lesson in list(LESSONS)[5:])
    lines = [" ".join(line.split()) for line in repr(end_lesson()).splitlines()]
    assert lines == [
        "No error has happened in the background. Good bye!",
        f"You can now {GAINS['03']}. Its exercise waits for you.",
        f"Your progress: 1 of {len(LESSONS)} exercises right (✓), 1 more lesson begun (◐)",
        f"00 ○ 01 ○ 02 ○ 03 ◐ 04 ✓ {later}",
        f"Next: 05 Wait for the result: {PULLS['05']}.",
    ]
    assert re.fullmatch(r"\d{4}", rows()["03"][1])


def test_after_one_lesson_alone_with_nothing_right_there_is_no_progress_to_tell() -> None:
    begin_lesson("12")
    _, _, still_open, _ = repr(end_lesson()).splitlines()
    assert still_open == f"Still open: 00 Welcome to ArmoniK: {PULLS['00']}."


def test_what_belongs_to_no_lesson_is_not_recorded(file: Path) -> None:
    Exercise("exercise_<b>", lambda _: "Yes.", (), "").check(1)
    begin_lesson()
    assert "You can now" not in repr(end_lesson())
    assert f"Next: 00 Welcome to ArmoniK: {PULLS['00']}." in repr(end_lesson())
    assert not file.exists()


def test_next_is_what_comes_after_here_and_is_not_right_then_what_was_left_out_then_lesson_a() -> (
    None
):
    def after(here: str, *right: str) -> str | None:
        for lesson in right:
            my_progress().record(lesson, Step.RIGHT)
        return my_progress().standing().next_after(here)

    assert after("") == "00"
    assert after("04", "02", "05") == "06"
    assert after("") == "06"  # 05 is the furthest
    assert after("12") == "00"
    assert after("12", *list(LESSONS)[:-1]) == "A"
    assert after("A") == "A"
    assert after("A", "A") is None


def test_whoever_has_come_to_the_last_lesson_gets_the_page_to_keep(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    begin_lesson("11")
    assert SHEET not in repr(end_lesson())
    begin_lesson("12")
    assert f"To keep: {SHEET}, the whole course on one page" in repr(end_lesson())
    assert f"To keep: {SHEET}" in repr(show_progress())
    assert "<a" not in end_lesson()._repr_html_()  # nothing is here
    for name in (SHEET, "00_welcome.ipynb"):
        (tmp_path / name).touch()
    shown = end_lesson()._repr_html_()
    assert f'<a href="{SHEET}">{SHEET}</a>' in shown
    assert 'Still open: <a href="00_welcome.ipynb">00 Welcome to ArmoniK</a>: ' in shown
    for lesson in LESSONS:
        my_progress().record(lesson, Step.RIGHT)
    assert "That is the whole course!" in repr(end_lesson())


def test_each_lesson_says_shortly_what_it_is_good_for_and_why_it_is_worth_it() -> None:
    assert list(GAINS) == list(PULLS) == list(LESSONS)
    for text in (*GAINS.values(), *PULLS.values()):
        assert re.fullmatch(r"[a-z].{20,80}[^.!]", text)


WRITER = """\
import sys
from hello_helpers.course.progress import my_progress
from hello_helpers.course.standing import LESSONS, Step

print("ready", flush=True)
input()
for lesson in list(LESSONS)[int(sys.argv[1])::4]:
    for step in Step:
        my_progress().record(lesson, step)
print(repr(my_progress().remark()))
"""


def test_processes_that_write_at_once_lose_nothing(file: Path) -> None:
    with contextlib.ExitStack() as stack:
        command = (sys.executable, "-c", WRITER)
        writers = [stack.enter_context(started([*command, str(n)])) for n in range(4)]
        assert [writer.stdout.readline() for writer in writers] == ["ready\n"] * 4
        for writer in writers:
            writer.stdin.write("\n")
            writer.stdin.flush()
        assert [writer.communicate(timeout=30)[0] for writer in writers] == ["''\n"] * 4
    steps = json.loads(file.read_text())["lessons"]
    assert {lesson: len(steps[lesson]) for lesson in steps} == dict.fromkeys(LESSONS, len(Step))


def test_a_notebook_sees_what_another_one_has_recorded(file: Path) -> None:
    there = Progress(file)
    there.record("00", Step.RIGHT)
    Progress(file).record("01", Step.RIGHT)
    assert there.standing().with_step(Step.RIGHT) == ["00", "01"]


@pytest.mark.parametrize("content", DAMAGED.values(), ids=DAMAGED.keys())
def test_a_damaged_file_is_told_once_left_alone_and_breaks_nothing(
    exercise: Exercise, file: Path, content: str
) -> None:
    file.parent.mkdir()
    file.write_text(content, errors="surrogateescape")
    first, second = exercise.check(42), exercise.check(42)
    assert (
        f"Your progress is not kept when you leave this notebook: The file {file.name} is damaged."
        in (repr(first))
    )
    assert str(file.parent) not in repr(first)  # a notebook is saved with it
    assert "is damaged" in first._repr_html_()
    assert repr(second) == "✓ Right! Yes."
    begin_lesson("04")
    assert f"Your progress (not kept): 1 of {len(LESSONS)} exercises right" in repr(end_lesson())
    assert file.read_text(errors="surrogateescape") == content
    reset_progress()
    exercise.check(7)
    assert rows()["04"] == ("✕ tried, not right yet", "not ")
    assert "(not kept)" not in repr(show_progress())


def test_on_a_full_disk_the_file_stays_whole_and_is_written_when_there_is_room(
    exercise: Exercise, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    my_progress().record("00", Step.ENDED)
    before = file.read_text()

    full = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    with monkeypatch.context() as on_a_full_disk:
        on_a_full_disk.setattr(os, "fsync", Mock(side_effect=full))
        assert "cannot be written: No space left on device." in repr(exercise.check(42))
    assert file.read_text() == before
    my_progress().record("01", Step.ENDED)
    assert Progress(file).standing().with_step(Step.RIGHT) == ["04"]
    assert "(not kept)" not in repr(show_progress())


@contextlib.contextmanager
def a_file_in_the_way(file: Path, _: pytest.MonkeyPatch) -> Iterator[None]:
    file.parent.write_text("a file stands where the folder should be")
    yield


@contextlib.contextmanager
def a_busy_lock(file: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(progress, "LOCK_SECONDS", 0.05)
    file.parent.mkdir()
    with progress._lock(file):
        yield


@contextlib.contextmanager
def no_home(_: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in ("HELLO_PROGRESS_DIR", "HOME", "XDG_DATA_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("pwd.getpwuid", Mock(side_effect=KeyError("nobody")))
    yield


@pytest.mark.parametrize(
    ("trouble", "reason"),
    [
        (a_file_in_the_way, "progress.json cannot be "),
        (a_busy_lock, "another notebook is busy with it"),
        (no_home, "You have no home folder."),
    ],
)
def test_where_nothing_can_be_written_the_lesson_goes_on_in_memory(
    exercise: Exercise,
    file: Path,
    monkeypatch: pytest.MonkeyPatch,
    trouble: Callable[[Path, pytest.MonkeyPatch], AbstractContextManager[None]],
    reason: str,
) -> None:
    with trouble(file, monkeypatch):
        verdict = repr(exercise.check(42))
        said = ("not kept", reason, str(file.parent))
        assert [verdict.count(words) for words in said] == [1, 1, 0]
        assert rows()["04"][0] == "✓ right"
        assert "(not kept)" in repr(show_progress())
        assert not file.exists()
        with pytest.raises(ProgressError) if trouble is no_home else contextlib.nullcontext():
            reset_progress()
        assert rows()["04"][0] == "○ not tried"


def test_it_is_kept_where_the_platform_keeps_the_data_of_programs(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("HELLO_PROGRESS_DIR")
    monkeypatch.setenv("HOME", "/home/ada")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert progress.folder() == tmp_path / "hello-armonik"
    monkeypatch.setenv("XDG_DATA_HOME", "not/absolute")
    assert progress.folder() == Path("/home/ada/.local/share/hello-armonik")


def test_each_learner_has_a_file_whatever_the_name_is(
    exercise: Exercise, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("Ada", "../<b>Ada\n", "é\udcff" * 500, "a" * 5000, "a" * 4999):
        monkeypatch.setenv("HELLO_LEARNER", name)
        assert rows()["04"][0] == "○ not tried"
        assert repr(exercise.check(42)) == "✓ Right! Yes."
        shown = show_progress()
        assert f"1 of {len(LESSONS)} exercises right" in shown.caption
        assert "<b>" not in shown._repr_html_()
        assert shown.caption.isprintable()
    monkeypatch.delenv("HELLO_LEARNER")
    assert rows()["04"][0] == "○ not tried"
    assert len(list(folder.glob("progress-*.json"))) == 5
    assert {path.parent for path in folder.rglob("*.json")} == {folder}


def test_reset_takes_back_everything(exercise: Exercise, file: Path) -> None:
    exercise.check(42)
    for _ in range(2):
        assert reset_progress() == "Your progress is reset. The notebooks are as they were."
        assert not file.exists()
        assert rows()["04"] == ("○ not tried", "not ")


def test_the_command_line_shows_it_and_resets_it_and_says_so(
    exercise: Exercise, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    exercise.check(42)
    assert [main(["progress", *option]) for option in ([], ["--reset"], ["--reset"])] == [0, 0, 0]
    *table, kept, removed, nothing = capsys.readouterr().out.splitlines()
    assert max(map(len, table[:-1])) < 80, "a terminal is not wider"
    assert table[-1].startswith("Next: 05 Wait for the result: ")
    assert re.search("04 Submit a task +✓ right, ", "".join(table))
    assert kept == f"It is kept in {file}"
    assert removed == f"Your progress is reset: {file} is removed."
    assert nothing == "Nothing is recorded yet."


def test_the_command_line_shows_that_of_one_of_a_class_without_its_server(
    file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    own = tmp_path / "ada.env"
    own.write_text("AK_ENDPOINT=https://localhost:1\nHELLO_LEARNER=ada\n")
    my_progress("ada").record("04", Step.RIGHT)
    assert main(["progress"]) == 0
    assert "Nothing is recorded yet." in capsys.readouterr().out
    assert main(["progress", "--class", str(own)]) == 0
    out = capsys.readouterr().out
    assert out.startswith("Progress of ada: 1 of 14")
    assert f"It is kept in {file.with_name('progress-ada.json')}" in out
    assert main(["progress", "--class", str(tmp_path / "none.env")]) == 1
    assert "cannot be read" in capsys.readouterr().err


def test_the_command_line_fails_in_words_if_the_file_is_damaged_and_can_reset_it(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file.parent.mkdir()
    file.write_text("{")
    assert main(["progress"]) == 1
    out, err = capsys.readouterr()
    assert (out, err.splitlines()[0]) == ("", f"The file {file.name} is damaged.")
    assert re.search(f"It is in {file.parent}.*progress --reset", err, re.DOTALL)
    assert main(["progress", "--reset"]) == 0
    assert not file.exists()


def test_a_file_of_a_later_course_keeps_what_is_unknown_here(
    exercise: Exercise, file: Path
) -> None:
    file.parent.mkdir()
    file.write_text('{"lessons": {"99": {"seen": "2030-01-01T00:00:00+00:00"}}}')
    exercise.check(42)
    known = json.loads(file.read_text())["lessons"]
    assert (known["99"], "04" in known) == ({"seen": "2030-01-01T00:00:00+00:00"}, True)
    assert "99" not in repr(show_progress())


def test_the_lessons_are_the_notebooks_under_their_titles() -> None:
    notebooks = sorted(NOTEBOOKS.glob("*.ipynb"))
    assert [path.name.partition("_")[0] for path in notebooks] == list(LESSONS)
    for path, title in zip(notebooks, LESSONS.values(), strict=True):
        heading = json.loads(path.read_text())["cells"][0]["source"][0]
        assert heading.startswith(f"# {title}")
