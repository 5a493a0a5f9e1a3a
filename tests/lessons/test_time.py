"""The minutes that are printed on top of a lesson are those that its content takes.

How long the cells run is measured where they run, in `tests.lessons.test_learner_path`.
"""

from __future__ import annotations

import re

import pytest
from nbformat import NotebookNode

from tests.lessons.running import LESSONS, stored

PROSE = 200
"""Words a minute, of a text that is read with care."""

TABLES = 400
"""Words a minute, of a table in which one looks for something."""

CELL, FORM, EXERCISE = 0.1, 0.5, 1.0
"""Minutes for each code cell, each form, and the exercise, at the least."""


def minutes_needed(lesson: NotebookNode) -> float:
    """Estimate the minutes that somebody needs who does not stop to think."""
    text = "\n".join(cell.source for cell in lesson.cells if cell.cell_type == "markdown")
    text = re.sub(r"^```.*?^```|<pre>.*?</pre>", "", text, flags=re.DOTALL | re.MULTILINE)
    text = re.sub(r"\]\([^)]*\)|<[^>]+>", " ", text)  # addresses and tags are not read
    tables = re.findall(r"^\|.*", text, re.MULTILINE)
    prose = re.sub(r"^\|.*", "", text, flags=re.MULTILINE)
    code = [cell.source for cell in lesson.cells if cell.cell_type == "code"]
    forms = [source for source in code if re.search(r"\w+Form\(", source)]
    reading = words(prose) / PROSE + words("\n".join(tables)) / TABLES
    return reading + CELL * len(code) + FORM * len(forms) + EXERCISE


def words(text: str) -> int:
    return len(re.findall(r"\w[\w'.-]*", text))


@pytest.mark.parametrize("name", LESSONS)
def test_the_minutes_that_are_printed_are_enough_and_not_twice_too_many(name: str) -> None:
    lesson = stored(name)
    printed = re.search(r"\*\*Time:\*\* (\d+) minutes", lesson.cells[0].source)
    assert printed
    needed = minutes_needed(lesson)
    assert 0.9 * needed <= int(printed[1]) <= 2 * needed, f"about {needed:.1f}"


def test_a_longer_text_and_more_forms_need_more_minutes() -> None:
    lesson = stored("01_channel")
    before = minutes_needed(lesson)
    lesson.cells[1].source = "some_form = SomeForm()"
    lesson.cells[2].source += " word" * PROSE
    assert minutes_needed(lesson) == pytest.approx(before + FORM + 1)
