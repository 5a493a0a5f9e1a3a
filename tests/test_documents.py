"""What README.md and docs say about lessons, variables and files is so."""

import json
import re
from pathlib import Path

import pytest

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


@pytest.mark.parametrize("document", ["README.md", "docs/teaching.md", "docs/at-work.md"])
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
