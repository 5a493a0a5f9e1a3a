"""The learner's copy of the lessons: always there, never overwritten once it is theirs."""

import importlib.metadata
import json
from importlib.metadata import PackagePath
from pathlib import Path
from unittest.mock import Mock

import nbformat
import pytest
from nbformat import v4

from hello_helpers.course import working_copy
from hello_helpers.course.working_copy import (
    INSTALLED,
    MEMORY,
    WELCOME,
    LessonsError,
    find,
    refresh,
)


def store_lesson(folder: Path, name: str, source: str) -> None:
    """Write a lesson as it is stored: executed."""
    output = v4.new_output("stream", text="42\n")
    cell = v4.new_code_cell(source, outputs=[output], execution_count=1)
    cell.metadata = {"tags": ["nbval-check-output"], "execution": {"iopub.status.busy": "noon"}}
    cell.id = "the-cell"
    notebook = v4.new_notebook(cells=[v4.new_markdown_cell("# À l'école", id="title"), cell])
    notebook.metadata["widgets"] = {"state": {}}
    nbformat.write(notebook, folder / name)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A folder with two stored lessons."""
    folder = tmp_path / "lessons"
    folder.mkdir()
    store_lesson(folder, "00_welcome.ipynb", "print(42)")
    store_lesson(folder, "01_channel.ipynb", "print(6 * 7)")
    return folder


@pytest.fixture
def mine(source: Path, tmp_path: Path) -> Path:
    """A learner's copy of them, untouched."""
    return refresh(tmp_path / "mine", source).folder


def code(path: Path) -> str:
    return nbformat.read(path, as_version=4).cells[1].source


def test_a_new_copy_has_every_lesson_cleared_of_its_run(source: Path, tmp_path: Path) -> None:
    (source / "sheet.html").write_text("<p>all on one page")
    copy = refresh(tmp_path / "deep" / "mine", source)
    assert (copy.added, copy.updated, copy.kept) == (
        ["00_welcome.ipynb", "01_channel.ipynb", "sheet.html"],
        [],
        [],
    )
    assert (copy.folder / "sheet.html").read_text() == "<p>all on one page"
    notebook = nbformat.read(copy.folder / "00_welcome.ipynb", as_version=4)
    nbformat.validate(notebook)
    assert notebook.cells[0].source == "# À l'école"
    cell = notebook.cells[1]
    assert (cell.outputs, cell.execution_count) == ([], None)
    assert cell.metadata == {"tags": ["nbval-check-output"]}
    assert "widgets" not in notebook.metadata


def test_an_untouched_copy_is_left_untouched(source: Path, mine: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in mine.glob("*.ipynb")}
    again = refresh(mine, source)
    assert (again.added, again.updated, again.kept) == ([], [], [])
    assert {path: path.stat().st_mtime_ns for path in mine.glob("*.ipynb")} == before


def test_what_the_learner_changed_is_kept_for_good_when_the_lesson_changes(
    source: Path, mine: Path
) -> None:
    changed = mine / "01_channel.ipynb"
    changed.write_text(changed.read_text().replace("6 * 7", "my own work"))
    store_lesson(source, "00_welcome.ipynb", "print('new text')")
    store_lesson(source, "01_channel.ipynb", "print('new text')")
    copy = refresh(mine, source)
    assert (copy.updated, copy.kept) == (["00_welcome.ipynb"], ["01_channel.ipynb"])
    assert code(mine / "00_welcome.ipynb") == "print('new text')"
    assert refresh(mine, source).kept == ["01_channel.ipynb"]
    assert code(changed) == "print(my own work)"


def test_a_new_or_deleted_lesson_is_added_beside_the_learners_other_files(
    source: Path, mine: Path
) -> None:
    (mine / "01_channel.ipynb").unlink()
    (mine / "worker.py").write_text("mine")
    (mine / "02_session.ipynb").write_text("a file of mine with the name of a later lesson")
    store_lesson(source, "02_session.ipynb", "2")
    store_lesson(source, "03_payload.ipynb", "3")
    copy = refresh(mine, source)
    added = ["01_channel.ipynb", "03_payload.ipynb"]
    assert (copy.added, copy.kept) == (added, ["02_session.ipynb"])
    assert (mine / "worker.py").read_text() == "mine"


@pytest.mark.parametrize("memory", [None, "", "[]", "{]"])
def test_without_its_memory_every_changed_file_counts_as_the_learners(
    source: Path, mine: Path, memory: str | None
) -> None:
    (mine / MEMORY).unlink()
    if memory is not None:
        (mine / MEMORY).write_text(memory)
    store_lesson(source, "01_channel.ipynb", "print('new text')")
    assert refresh(mine, source).kept == ["01_channel.ipynb"]
    assert "00_welcome.ipynb" in json.loads((mine / MEMORY).read_text())


def test_the_stored_lessons_are_never_taken_for_a_copy(source: Path, tmp_path: Path) -> None:
    before = (source / "00_welcome.ipynb").read_bytes()
    (tmp_path / "link").symlink_to(source)
    for folder in (source, tmp_path / "link"):
        with pytest.raises(LessonsError, match="the lessons themselves") as caught:
            refresh(folder, source)
        assert "--dir" in caught.value.hint
    assert (source / "00_welcome.ipynb").read_bytes() == before


def test_a_place_that_cannot_be_a_folder_is_named(source: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(LessonsError, match=r"cannot be copied to .*file: File exists"):
        refresh(tmp_path / "file", source)


def test_an_installation_whose_lessons_are_not_where_it_says_has_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lesson = PackagePath(f"../../{INSTALLED}{WELCOME}")
    lesson.dist = Mock(locate_file=lambda path: tmp_path / "lib" / "site-packages" / path)
    monkeypatch.setattr(working_copy, "__file__", str(tmp_path / "a" / "b" / "c.py"))  # no clone
    monkeypatch.setattr(importlib.metadata, "files", lambda _: [lesson])
    with pytest.raises(LessonsError, match="has no notebooks"):
        find()
    there = tmp_path / INSTALLED
    there.mkdir(parents=True)
    (there / WELCOME).touch()
    assert find() == there
