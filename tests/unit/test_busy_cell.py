"""The line of a cell that takes its time."""

import queue
from collections.abc import Callable, Iterator
from typing import NamedTuple
from unittest.mock import Mock

import pytest

from hello_helpers.course import busy_cell
from hello_helpers.wait.words import waiting

Begin = Callable[..., None]
"""Begins with a cell, as a request of this content."""


class Shown(NamedTuple):
    """A bundle, the id of its place, and whether it takes the place of another one."""

    bundle: dict[str, str]
    place: str
    is_update: bool


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> Iterator["queue.SimpleQueue[Shown]"]:
    """What is shown, one after the other."""
    found: queue.SimpleQueue[Shown] = queue.SimpleQueue()

    def publish(bundle: dict[str, str], transient: dict[str, str], update: bool) -> None:
        found.put(Shown(bundle, transient["display_id"], update))

    monkeypatch.setattr("IPython.display.publish_display_data", publish)
    monkeypatch.setattr(busy_cell, "FIRST_SECONDS", 0.01)
    monkeypatch.setattr(busy_cell, "TICK_SECONDS", 0.01)
    yield found
    busy_cell._end()


@pytest.fixture
def begin(monkeypatch: pytest.MonkeyPatch) -> Begin:
    def begin_cell(**content: object) -> None:
        kernel = Mock(get_parent=lambda: {"content": content})
        monkeypatch.setattr("IPython.get_ipython", lambda: Mock(kernel=kernel))
        busy_cell._begin()

    return begin_cell


def test_the_line_says_what_is_waited_for_moves_in_one_place_and_goes_with_the_cell(shown, begin):
    with waiting(lambda: "Waiting for <1> result"):
        begin(allow_stdin=True)
        lines = [shown.get(timeout=10) for _ in range(3)]
        busy_cell._end()
    while not shown.empty():
        lines.append(shown.get())
    first, *others = lines
    assert first.bundle["text/plain"].startswith("Waiting for <1> result: 0 s.")
    assert "&lt;1&gt;" in first.bundle["text/html"]
    assert others[-1].bundle == {}
    assert {line.place for line in others} == {first.place}
    assert [line.is_update for line in lines] == [False] + [True] * len(others)


def test_a_cell_that_waits_for_nothing_in_particular_has_a_line_too(shown, begin):
    begin(allow_stdin=True)
    text = shown.get(timeout=10).bundle["text/plain"]
    assert text.startswith("This cell is at work: 0 s.")


def test_a_fast_cell_has_none(shown, begin, monkeypatch):
    monkeypatch.setattr(busy_cell, "FIRST_SECONDS", 60)
    begin(allow_stdin=True)
    busy_cell._end()
    assert shown.empty()


@pytest.mark.parametrize("content", [{"allow_stdin": False}, {}], ids=["a program", "no cell"])
def test_a_notebook_that_nobody_sits_in_front_of_has_none(shown, begin, content):
    begin(**content)
    assert busy_cell._now is None
    assert shown.empty()
