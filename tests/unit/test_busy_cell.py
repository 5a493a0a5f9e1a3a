"""The line of a cell that takes its time."""

import queue
from collections.abc import Iterator
from typing import Any
from unittest.mock import Mock

import pytest

from hello_helpers.course import busy_cell
from hello_helpers.wait.words import waiting

Shown = queue.SimpleQueue[tuple[dict[str, str], str, bool]]


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> Iterator[Shown]:
    """What is shown: a bundle, the id of its place, and whether it takes the place of another."""
    found: Shown = queue.SimpleQueue()

    def publish(bundle: dict[str, str], transient: dict[str, str], update: bool) -> None:
        found.put((bundle, transient["display_id"], update))

    monkeypatch.setattr("IPython.display.publish_display_data", publish)
    monkeypatch.setattr(busy_cell, "FIRST_SECONDS", 0.01)
    monkeypatch.setattr(busy_cell, "TICK_SECONDS", 0.01)
    yield found
    busy_cell._end()


def kernel(**request: object) -> Any:
    return Mock(get_parent=lambda: {"content": request})


def test_the_line_says_what_is_waited_for_moves_in_one_place_and_goes_with_the_cell(shown: Shown):
    with waiting(lambda: "Waiting for <1> result"):
        busy_cell._begin(kernel(allow_stdin=True))
        lines = [shown.get(timeout=10) for _ in range(3)]
        busy_cell._end()
    while not shown.empty():
        lines.append(shown.get())
    first, *others = lines
    assert first[0]["text/plain"].startswith("Waiting for <1> result: 0 s.")
    assert "&lt;1&gt;" in first[0]["text/html"]
    assert lines[-1][0] == {}
    assert {key for _, key, _ in lines} == {first[1]}
    assert [update for _, _, update in lines] == [False] + [True] * len(others)


def test_a_cell_that_waits_for_nothing_in_particular_has_a_line_too(shown: Shown):
    busy_cell._begin(kernel(allow_stdin=True))
    assert shown.get(timeout=10)[0]["text/plain"].startswith("This cell is at work: 0 s.")


def test_a_fast_cell_has_none(shown: Shown, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(busy_cell, "FIRST_SECONDS", 60)
    busy_cell._begin(kernel(allow_stdin=True))
    busy_cell._end()
    assert shown.empty()


@pytest.mark.parametrize("request_", [{"allow_stdin": False}, {}], ids=["a program", "no cell"])
def test_a_notebook_that_nobody_sits_in_front_of_has_none(shown: Shown, request_: dict[str, bool]):
    busy_cell._begin(kernel(**request_))
    assert busy_cell._now is None
    assert shown.empty()
