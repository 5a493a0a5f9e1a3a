"""What README.md and docs say about lessons, variables and files is so."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from nbconvert import HTMLExporter

from hello_helpers.course.standing import LESSONS

VARIABLE = re.compile(r"\b(AK_ENDPOINT|Grpc__\w+|HELLO_[A-Z_]+)\b")

INNER = {"HELLO_ARMONIK_GUARD", "HELLO_ARMONIK_INSIDE", "HELLO_WORKER"}
"""Marks of our own processes, and a constant: nobody sets them."""


@pytest.fixture(scope="module")
def teaching(root: Path) -> str:
    """The text of the notes for instructors."""
    return (root / "docs" / "teaching.md").read_text()


def minutes_of(notebook: Path) -> str:
    title = "".join(json.loads(notebook.read_text())["cells"][0]["source"])
    found = re.search(r"\*\*Time:\*\* (\d+) minutes", title)
    assert found, notebook.name
    return found[1]


def test_the_instructor_reads_the_minutes_that_the_lessons_print(root: Path, teaching: str) -> None:
    told = re.findall(r"^\| (\w+) ([^|]+) \| (\d+) \|", teaching, re.MULTILINE)
    notebooks = sorted((root / "notebooks").glob("*.ipynb"))
    printed = [minutes_of(notebook) for notebook in notebooks]
    assert [(number, title) for number, title, _ in told] == list(LESSONS.items())
    assert [minutes for *_, minutes in told] == printed


def headings(notebook: Path) -> set[str]:
    cells = json.loads(notebook.read_text())["cells"]
    text = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")
    return set(re.findall(r"^#+ (.*)$", text, re.MULTILINE))


def test_what_may_be_left_out_is_a_part_of_its_lesson(root: Path, teaching: str) -> None:
    advice = dict(re.findall(r"^\| (\w+) [^|]+ \| \d+ \| (.*) \|$", teaching, re.MULTILINE))
    named = {lesson: re.findall(r"\*([^*]+)\*", text) for lesson, text in advice.items()}
    named["A"] = []  # it names another page
    assert sum(map(len, named.values())) > 5
    for lesson, parts in named.items():
        (notebook,) = (root / "notebooks").glob(f"{lesson}_*.ipynb")
        there = headings(notebook)
        for name in parts:
            assert [title for title in there if title.startswith(name)], (lesson, name)


def test_a_timetable_adds_up_and_has_time_for_each_lesson(root: Path, teaching: str) -> None:
    rows = re.findall(r"^\| (\d+):(\d\d) \| (\d+) \| (.*) \|$", teaching, re.MULTILINE)
    ends = [60 * int(hour) + int(minute) + int(takes) for hour, minute, takes, _ in rows]
    begins = [60 * int(hour) + int(minute) for hour, minute, *_ in rows]
    gaps = [begin - end for begin, end in zip(begins[1:], ends, strict=False)]
    assert sorted(set(gaps)) == [0, 60], "nothing but an hour at noon"
    for _, _, takes, what in rows:
        without_slides = re.sub(r"slides? \d+( and \d+)?", "", what)
        for lesson in re.findall(r"\b\d\d\b", without_slides):
            (notebook,) = (root / "notebooks").glob(f"{lesson}_*.ipynb")
            assert int(takes) >= int(minutes_of(notebook)) or "show" in what, lesson


def test_each_lesson_has_a_demonstration_in_three_lines(root: Path) -> None:
    text = (root / "docs" / "teaching" / "demonstrations.md").read_text()
    titles = re.findall(r"^## (\w+) (.*)$", text, re.MULTILINE)
    assert titles == list(LESSONS.items())
    for part in text.split("\n## ")[1:]:
        assert re.findall(r"^- \*\*(\w+)\*\*", part, re.MULTILINE) == ["Show", "Say", "Ask"]


def test_the_slides_are_those_of_their_notebook_and_need_nothing_else(root: Path) -> None:
    folder = root / "docs" / "teaching"
    notebook, page = folder / "slides.ipynb", (folder / "slides.html").read_text()
    cells = json.loads(notebook.read_text())["cells"]
    assert page.count("<section") == len([c for c in cells if c["metadata"].get("slideshow")]) == 10
    assert not re.search(r"<link|<script src|<img|@import|url\(", page)
    exporter = HTMLExporter(extra_template_basedirs=[str(folder)], template_name="template")
    made, _ = exporter.from_filename(str(notebook))
    assert words(made) == words(page), "make them anew, see docs/teaching/template/index.html.j2"
    names: dict[str, Any] = {}
    for cell in cells:
        if cell["cell_type"] == "code":
            *before, last = "".join(cell["source"]).splitlines()
            exec("\n".join(before), names)
            shown = "".join(cell["outputs"][0]["data"]["text/html"])
            assert words(eval(last, names)._repr_html_()) == words(shown), "run it anew"


def words(page: str) -> list[str]:
    """Return what can be read of a page."""
    return re.sub(r"<(style|script).*?</\1>|<[^>]+>", " ", page, flags=re.DOTALL).split()


@pytest.mark.parametrize(
    "document",
    [
        "README.md",
        "docs/teaching.md",
        "docs/teaching/questions.md",
        "docs/at-work.md",
        "docs/hub/README.md",
    ],
)
def test_what_a_document_links_to_exists(root: Path, document: str) -> None:
    path = root / document
    links = [link for link in re.findall(r"\]\(([^)#]+)", path.read_text()) if "://" not in link]
    assert links
    assert [link for link in links if not (path.parent / link).exists()] == []


def test_the_readme_tells_every_variable_that_the_package_reads(root: Path) -> None:
    told = set(VARIABLE.findall((root / "README.md").read_text()))
    sources = (root / "hello_helpers").rglob("*.py")
    read = {name for path in sources for name in re.findall(r'"(\w+)"', path.read_text())}
    assert told == {name for name in read if VARIABLE.fullmatch(name)} - INNER


def test_the_notes_name_no_variable_that_the_readme_does_not(root: Path, teaching: str) -> None:
    told = set(VARIABLE.findall((root / "README.md").read_text()))
    assert set(VARIABLE.findall(teaching)) <= told


def test_each_promise_of_what_survives_what_names_tests_that_there_are(root: Path) -> None:
    readme = (root / "hello_helpers" / "embedded" / "README.md").read_text()
    section = readme.partition("## What survives what")[2].partition("\n## ")[0]
    named = set(re.findall(r"`(test_\w+)`", section))
    tests = "".join(path.read_text() for path in (root / "tests" / "embedded").glob("test_*.py"))
    assert len(named) > 10
    assert named - set(re.findall(r"^def (test_\w+)", tests, re.MULTILINE)) == set()
