"""Every lesson has the same shape, so that a learner knows where to look."""

from __future__ import annotations

import re

import pytest
from nbformat import NotebookNode

from tests.lesson_calls import calls
from tests.lessons.running import LESSONS, cell_of, number, stored
from tests.store_notebooks import NOTEBOOKS

WORDS = 180
"""Words a minute, of a text that is read with care, and in a language that may not be one's own."""

LINES = 15
"""Lines of code a minute: four seconds for each, to read it and to see what came out."""

STEPS = ("channel", "session", "payload", "submit", "wait")


def minutes_needed(lesson: NotebookNode) -> float:
    """Estimate the minutes to read and run it all; forms and the exercise come on top of that."""
    text = "\n".join(cell.source for cell in lesson.cells if cell.cell_type == "markdown")
    text = re.sub(r"^```.*?^```|<pre[^>]*>.*?</pre>", "", text, flags=re.DOTALL | re.MULTILINE)
    text = re.sub(r"\]\([^)]*\)|<[^>]+>", " ", text)  # addresses and tags are not read
    code = "\n".join(cell.source for cell in lesson.cells if cell.cell_type == "code")
    return words(text) / WORDS + len(re.findall(r"^.*\S", code, re.MULTILINE)) / LINES


def words(text: str) -> int:
    return len(re.findall(r"\w[\w'.-]*", text))


@pytest.fixture(params=LESSONS)
def name(request: pytest.FixtureRequest) -> str:
    """Each lesson in turn."""
    return str(request.param)


@pytest.fixture
def lesson(name: str) -> NotebookNode:
    """The lesson as it is stored."""
    return stored(name)


def test_it_begins_with_title_objectives_and_the_minutes_that_its_content_takes(
    lesson: NotebookNode,
) -> None:
    first = lesson.cells[0].source
    assert re.match(r"# \w", first)
    objectives = first.partition("**After this you can**")[2].partition("**Time:**")[0]
    assert 2 <= len(re.findall(r"^- ", objectives, re.MULTILINE)) <= 3
    printed = re.search(r"\*\*Time:\*\* ([5-9]|1\d|20) minutes", first)
    assert printed
    needed = minutes_needed(lesson)
    assert 0.9 * needed <= int(printed[1]) <= 1.5 * needed, f"about {needed:.1f}"


@pytest.mark.parametrize("number", range(1, 6))
def test_it_says_which_of_the_five_steps_it_is(number: int) -> None:
    steps = " → ".join(f"**{s}**" if s == STEPS[number - 1] else s for s in STEPS)
    assert f"**Step {number} of 5:** {steps}" in stored(LESSONS[number]).cells[0].source


def test_its_code_is_narrow_names_its_armonik_and_begins_and_ends_as_all_do(
    name: str, lesson: NotebookNode
) -> None:
    first, *middle, last = (cell.source for cell in lesson.cells if cell.cell_type == "code")
    lines = "\n".join([first, *middle, last]).splitlines()
    assert f'begin_lesson("{number(name)}")' in first
    assert any('print("Backend:", endpoint.describe())' in line for line in lines)
    assert re.fullmatch(r"end_lesson\((channel)?\)", last)
    assert [line for line in lines if len(line) > 84] == []


def test_its_exercise_is_not_tried_and_its_recap_has_three_lines(lesson: NotebookNode) -> None:
    assert cell_of(lesson, "your-turn").source.startswith("## Your turn")
    (output,) = cell_of(lesson, "exercise").outputs
    assert "Not tried yet." in output.data["text/plain"]
    recap = cell_of(lesson, "recap").source
    assert recap.startswith("## Recap\n\n- ")
    assert len(recap.splitlines()) == 2 + 3


def test_it_says_what_comes_next_and_where_to_go_deeper(lesson: NotebookNode) -> None:
    last = lesson.cells[-1].source
    assert "**Next" in last
    assert "**Go deeper:** [" in last


def test_a_link_to_a_notebook_leads_to_one(lesson: NotebookNode) -> None:
    text = "\n".join(cell.source for cell in lesson.cells if cell.cell_type == "markdown")
    for link in re.findall(r"\]\(([^)]+\.ipynb)\)", text):
        assert (NOTEBOOKS / link).is_file(), link


def test_its_cells_have_names_of_their_own_and_some_outputs_are_compared(
    name: str, lesson: NotebookNode
) -> None:
    ids = [cell.id for cell in lesson.cells]
    assert len(set(ids)) == len(ids)
    assert [key for key in ids if not re.fullmatch(rf"{number(name)}(-[a-z]+)+", key)] == []
    assert any("nbval-check-output" in cell.metadata.get("tags", []) for cell in lesson.cells)


def test_the_code_of_a_cell_that_only_draws_is_folded(lesson: NotebookNode) -> None:
    draws = re.compile(r"(from [\w.]+ import pictures\n\n)?(pictures\.\w+\(\)|values_form\.way)")
    for cell in lesson.cells:
        folded = cell.metadata.get("jupyter", {}).get("source_hidden", False)
        assert folded == bool(cell.cell_type == "code" and draws.fullmatch(cell.source)), cell.id


def test_it_never_hides_the_call_that_it_is_about() -> None:
    calls = {
        "01_channel": "create_channel(",
        "02_session": "session_id = sessions.create_session(\n    default_task_options=options,",
        "03_payload": 'results.create_results({"payload": data}, session_id)',
        "04_submit": "tasks.submit_tasks(session_id, [task])",
        "05_wait": "listener.get_events(\n            session_id,",
        "06_the_whole_client": "tasks.submit_tasks(session_id, [task])",
        "09_when_things_go_wrong": "tasks.submit_tasks(session_id, chain)",
        "10_many_tasks": "tasks.submit_tasks(session_id, definitions)",
        "07_worker": "@armonik_worker()\ndef greet(task: TaskHandler) -> Output:",
        "08_subtasks": "data_dependencies=[low_id, high_id],  # waits for both",
        "A_from_the_old_page": "with create_channel(\n    endpoint.url,",
        "11_secure_channel": "client_certificate=armonik.client_certificate,",
        "12_own_application": "tasks.submit_tasks(session_id, definitions)",
    }
    for name, call in calls.items():
        code = "\n".join(c.source for c in stored(name).cells if c.cell_type == "code")
        assert call in code, name


def test_a_session_of_its_own_says_to_which_lesson_it_belongs(
    name: str, lesson: NotebookNode
) -> None:
    own = [cell.source for cell in lesson.cells if '"hello": "own"' in cell.source]
    assert all(f'"lesson": "{name[:2]}"' in source for source in own)


def test_armoniks_calls_are_the_more_in_the_cells_of_its_subject(
    name: str, lesson: NotebookNode
) -> None:
    if name == "00_welcome":
        pytest.skip("its subject is a picture, and a form")
    found = calls(lesson)
    assert found["armonik"] > found["helpers"]
    whole = {who: found[who] + found[f"{who} classes"] for who in ("armonik", "helpers")}
    assert whole["armonik"] > whole["helpers"]
