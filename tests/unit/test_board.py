"""The board, and the states of a task: what they count and say, also beside a deaf stream."""

import random

import grpc
import pytest
from armonik.common import ResultStatus, Task, TaskStatus

from hello_helpers import errors
from hello_helpers.display import states
from hello_helpers.display.board import ALWAYS_SHOWN, Board
from hello_helpers.display.board_state import BoardState
from hello_helpers.display.pods import Pods
from hello_helpers.display.signs import BLUE, GREEN, OVER, RED, TASKS, State

from .fake_armonik import FakeArmonik, deaf_stream


@pytest.mark.parametrize(
    ("expected", "told", "counts", "ended", "text"),
    [
        pytest.param(0, "", {}, 0, "No tasks yet.", id="no tasks at first"),
        pytest.param(
            2,
            "a CREATING, b CREATING, a SUBMITTED, b SUBMITTED, a COMPLETED",
            {"SUBMITTED": 1, "COMPLETED": 1},
            1,
            "1 of 2 tasks are over: 1 COMPLETED. Besides: 1 SUBMITTED.",
            id="each task counts once, in its newest state",
        ),
        pytest.param(
            1,
            "a COMPLETED, a PROCESSING",
            {"COMPLETED": 1},
            1,
            "1 of 1 tasks are over: 1 COMPLETED.",
            id="a late event does not bring a task back",
        ),
        pytest.param(
            1,
            "a DISPATCHED, a SUBMITTED",
            {"SUBMITTED": 1},
            0,
            "0 of 1 tasks are over. Besides: 1 SUBMITTED.",
            id="a task that an agent gives back waits again",
        ),
        pytest.param(
            1,
            "a RETRIED, a###1 PROCESSING",
            {"PROCESSING": 1, "RETRIED": 1},
            0,
            "0 of 1 tasks are over. Besides: 1 PROCESSING, 1 RETRIED.",
            id="a retried task and its copy are one task",
        ),
        pytest.param(
            1,
            "a RETRIED, a###1 PROCESSING, a###1 COMPLETED",
            {"COMPLETED": 1, "RETRIED": 1},
            1,
            "1 of 1 tasks are over: 1 COMPLETED. Besides: 1 RETRIED.",
            id="which is over when the copy is",
        ),
        pytest.param(
            1,
            "a COMPLETED, b COMPLETED, c COMPLETED",
            {"COMPLETED": 3},
            3,
            "3 of 3 tasks are over: 3 COMPLETED.",
            id="tasks that tasks make are counted too",
        ),
        pytest.param(
            12_000,
            ", ".join(f"{number} COMPLETED" for number in range(1_500)),
            {"COMPLETED": 1_500},
            1_500,
            "1,500 of 12,000 tasks are over: 1,500 COMPLETED.",
            id="large numbers can be read",
        ),
    ],
)
def test_what_it_counts_and_says(
    expected: int, told: str, counts: dict[str, int], ended: int, text: str
) -> None:
    state = BoardState(expected)
    for event in filter(None, told.split(", ")):
        state.note(*event.split())
    assert (state.counts, state.ended, state.text) == (counts, ended, text)
    assert state.all_over == (0 < ended == state.total)


def test_an_end_without_results_is_an_end_but_not_well() -> None:
    state = BoardState(len(OVER))
    for status in OVER:
        state.note(status, status)
    assert state.all_over
    assert not state.all_well


def test_any_order_of_events_leads_to_the_same_end() -> None:
    events = [(task, status) for task in "abcd" for status in TASKS if status != "RETRIED"]
    for seed in range(20):
        state = BoardState(4)
        for task, status in random.Random(seed).sample(events, len(events)):
            state.note(task, status)
        assert sum(state.counts.values()) == state.ended == 4


def test_the_table_has_the_same_rows_while_tasks_run_and_says_what_each_means() -> None:
    rows = BoardState(1).table(ALWAYS_SHOWN).rows
    assert [row[:2] for row in rows] == [(State(status), "0") for status in ALWAYS_SHOWN]
    assert BoardState(1).table().rows == []


def test_a_board_that_follows_nothing_is_shown_with_words_for_static_viewers() -> None:
    shown = Board()._repr_mimebundle_()
    assert "No tasks yet." in shown.pop("text/html")
    assert shown.pop("text/plain") == "<Board: the tasks of a session, while they run>"
    assert list(shown) == ["application/vnd.jupyter.widget-view+json"]


def test_a_cancelled_run_is_over_with_the_tasks_that_there_are() -> None:
    board = Board()
    board.state = BoardState(5_000)
    board.state.note("a", "CANCELLED")
    board.expect(1)
    board.wait(1)
    assert board.state.text == "1 of 1 tasks are over: 1 CANCELLED."


def test_a_cleared_board_shows_nothing_of_the_run_before() -> None:
    board = Board()
    board.state = BoardState(1)
    board.state.note("a", "COMPLETED")
    board.wait(1)
    assert (board.bar.value, board.bar.style.bar_color) == (1, GREEN)
    board.clear()
    assert (board.bar.value, board.bar.style.bar_color) == (0, BLUE)
    assert "No tasks yet." in board.text.value


# On an ArmoniK


def test_beside_a_deaf_stream_the_board_counts_and_lists_only_if_it_shows_something_else(
    fake: FakeArmonik, channel: grpc.Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hello_helpers.connect.pages.LONGEST", 2)
    monkeypatch.setattr(Pods, "_ask", lambda *_: None)  # it is about the others
    fake.streams = [deaf_stream]
    for _ in range(3):
        fake.add_task(TaskStatus.COMPLETED)
    board = Board()
    board.follow(channel, "session", 5)
    fake.wait_for_call("CountTasksByStatus", 2)
    assert board.summary().table.caption == "3 of 5 tasks are over: 3 COMPLETED."
    for _ in range(2):
        fake.add_task(TaskStatus.ERROR)
    board.wait()
    assert board.state.counts == {"COMPLETED": 3, "ERROR": 2}
    assert (board.bar.value, board.bar.style.bar_color) == (5, RED)
    count, pages = "CountTasksByStatus", ["ListTasks"] * 2
    looks = [call for call in fake.calls if call != "GetEvents"]
    assert looks[:4] == [count, *pages, count], "what the board shows is not asked for again"
    assert looks[-4:] == [count, *pages, "ListTasks"]
    fake.wait_until_no_stream_is_open()


def test_a_board_says_what_is_in_the_way(fake: FakeArmonik, channel: grpc.Channel) -> None:
    fake.errors["GetEvents"] = "PERMISSION_DENIED"
    board = Board()
    board.follow(channel, "session", 5)
    board.wait()
    assert "ArmoniK refuses this caller: not for you" in board.text.value


def test_beside_a_deaf_stream_a_watch_looks_for_its_task_once_it_is_known(
    fake: FakeArmonik, channel: grpc.Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(states, "READY_SECONDS", 0.01)
    fake.streams = [deaf_stream]
    result = fake.add_result(ResultStatus.COMPLETED)
    task = fake.add_task(TaskStatus.COMPLETED)
    watch = states.watch_session(channel, "session")
    history = watch.until_over(Task(id=task, expected_output_ids=[result]))
    assert history.states == ["COMPLETED"]
    assert [step.thing for step in history.steps] == ["result", "task"]
    assert fake.calls == ["GetEvents", "GetResult", "GetTask"]


def test_a_watch_that_is_not_allowed_says_so_at_once(
    fake: FakeArmonik, channel: grpc.Channel
) -> None:
    fake.errors["GetEvents"] = "PERMISSION_DENIED"
    with pytest.raises(errors.AccessDeniedError, match="not for you"):
        states.watch_session(channel, "session")
