"""The minutes that are printed on top of a lesson are those that its content takes.

How long the cells run is measured where they run, in `tests.lessons.test_learner_path`.
"""

from __future__ import annotations

import re

import pytest
from nbformat import NotebookNode

from tests.lessons.running import LESSONS, stored

WORDS = 180
"""Words a minute, of a text that is read with care, and in a language that may not be one's own."""

LINES = 15
"""Lines of code a minute: four seconds for each, to read it and to see what came out."""


def minutes_needed(lesson: NotebookNode) -> float:
    """Estimate the minutes to read and run it all; forms and the exercise come on top of that."""
    text = "\n".join(cell.source for cell in lesson.cells if cell.cell_type == "markdown")
    text = re.sub(r"^```.*?^```|<pre[^>]*>.*?</pre>", "", text, flags=re.DOTALL | re.MULTILINE)
    text = re.sub(r"\]\([^)]*\)|<[^>]+>", " ", text)  # addresses and tags are not read
    code = "\n".join(cell.source for cell in lesson.cells if cell.cell_type == "code")
    return words(text) / WORDS + len(re.findall(r"^.*\S", code, re.MULTILINE)) / LINES


def words(text: str) -> int:
    return len(re.findall(r"\w[\w'.-]*", text))


@pytest.mark.parametrize("name", LESSONS)
def test_the_minutes_that_are_printed_are_enough_and_not_far_too_many(name: str) -> None:
    lesson = stored(name)
    printed = re.search(r"\*\*Time:\*\* (\d+) minutes", lesson.cells[0].source)
    assert printed
    needed = minutes_needed(lesson)
    assert 0.9 * needed <= int(printed[1]) <= 1.5 * needed, f"about {needed:.1f}"


def test_a_longer_text_and_more_code_need_more_minutes() -> None:
    lesson = stored("01_channel")
    before = minutes_needed(lesson)
    lesson.cells[1].source += "\n\nprint()" * LINES
    lesson.cells[2].source += " word" * WORDS
    assert minutes_needed(lesson) == pytest.approx(before + 2)
