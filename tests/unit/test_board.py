"""The board, and the states of a task: what they count and say, also beside a deaf stream."""

from __future__ import annotations

import random

import grpc
import pytest
from armonik.common import ResultStatus, Task, TaskStatus

from hello_helpers import errors
from hello_helpers.display import board as boards
from hello_helpers.display import states
from hello_helpers.display.board import ALWAYS_SHOWN, Board
from hello_helpers.display.board_state import ENDED, ORDER, BoardState
from hello_helpers.display.states import MEANING

from .fake_armonik import FakeArmonik, deaf_stream, forbidden_stream


def test_it_has_no_tasks_at_first() -> None:
    state = BoardState()
    assert (state.total, state.ended, state.counts, state.all_over) == (0, 0, {}, False)
    assert state.text == "No tasks yet."


def test_it_counts_each_task_once_in_its_newest_state() -> None:
    state = BoardState(2)
    for status in ("CREATING", "PENDING", "SUBMITTED"):
        state.note("a", status)
        state.note("b", status)
    state.note("a", "COMPLETED")
    assert state.counts == {"SUBMITTED": 1, "COMPLETED": 1}
    assert state.text == "1 of 2 tasks are over: 1 COMPLETED. Besides: 1 SUBMITTED."
    assert not state.all_over


def test_a_late_event_does_not_bring_a_task_back() -> None:
    state = BoardState(1)
    state.note("a", "COMPLETED")
    state.note("a", "PROCESSING")
    assert state.counts == {"COMPLETED": 1}


def test_a_task_that_an_agent_gives_back_waits_again() -> None:
    state = BoardState(1)
    state.note("a", "DISPATCHED")
    state.note("a", "SUBMITTED")
    assert state.counts == {"SUBMITTED": 1}


def test_a_retried_task_and_its_copy_are_one_task() -> None:
    state = BoardState(1)
    state.note("a", "RETRIED")
    state.note("a###1", "PROCESSING")
    assert (state.total, state.ended) == (1, 0)
    state.note("a###1", "COMPLETED")
    assert (state.total, state.ended, state.all_over) == (1, 1, True)
    assert state.counts == {"COMPLETED": 1, "RETRIED": 1}


def test_tasks_that_tasks_make_are_counted_too() -> None:
    state = BoardState(1)
    for task in "abc":
        state.note(task, "COMPLETED")
    assert (state.total, state.ended) == (3, 3)


def test_an_end_without_results_is_an_end_but_not_well() -> None:
    state = BoardState(len(ENDED))
    for status in ENDED:
        state.note(status, status)
    assert state.all_over
    assert not state.all_well


def test_large_numbers_can_be_read() -> None:
    state = BoardState(12_000)
    for number in range(1_500):
        state.note(str(number), "COMPLETED")
    assert state.text == "1,500 of 12,000 tasks are over: 1,500 COMPLETED."


def test_any_order_of_events_leads_to_the_same_end() -> None:
    events = [(task, status) for task in "abcd" for status in ORDER if status != "RETRIED"]
    for seed in range(20):
        state = BoardState(4)
        for task, status in random.Random(seed).sample(events, len(events)):
            state.note(task, status)
        assert sum(state.counts.values()) == state.ended == 4


def test_the_table_has_the_same_rows_while_tasks_run_and_says_what_each_means() -> None:
    assert set(ORDER) == set(MEANING)
    rows = BoardState(1).table(ALWAYS_SHOWN).rows
    assert [row[:2] for row in rows] == [(status, "0") for status in ALWAYS_SHOWN]
    assert BoardState(1).table().rows == []


def test_a_board_that_follows_nothing_is_shown_with_words_for_static_viewers() -> None:
    shown = Board()._repr_mimebundle_()
    assert "No tasks yet." in shown["text/html"]
    assert shown["text/plain"] == "<Board: the tasks of a session, while they run>"
    assert "application/vnd.jupyter.widget-view+json" in shown


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
    assert (board.bar.value, board.bar.bar_style) == (1, "success")
    board.clear()
    assert (board.bar.value, board.bar.bar_style) == (0, "")
    assert "No tasks yet." in board.text.value


# On an ArmoniK


def test_beside_a_deaf_stream_the_board_counts_and_lists_only_if_it_shows_something_else(
    fake: FakeArmonik, channel: grpc.Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(boards, "PAGE", 2)
    fake.streams = [deaf_stream]
    for _ in range(3):
        fake.add_task(TaskStatus.COMPLETED)
    board = Board()
    board.follow(channel, "session", 5)
    fake.wait_for_call("CountTasksByStatus", 2)
    assert board.summary().caption == "3 of 5 tasks are over: 3 COMPLETED."
    for _ in range(2):
        fake.add_task(TaskStatus.ERROR)
    board.wait()
    assert board.state.counts == {"COMPLETED": 3, "ERROR": 2}
    assert (board.bar.value, board.bar.bar_style) == (5, "warning")
    count, pages = "CountTasksByStatus", ["ListTasks"] * 2
    looks = [call for call in fake.calls if call != "GetEvents"]
    assert looks[:4] == [count, *pages, count], "what the board shows is not asked for again"
    assert looks[-4:] == [count, *pages, "ListTasks"]
    fake.wait_until_no_stream_is_open()


def test_a_board_says_what_is_in_the_way(fake: FakeArmonik, channel: grpc.Channel) -> None:
    fake.streams = [forbidden_stream]
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
    fake.streams = [forbidden_stream]
    with pytest.raises(errors.AccessDeniedError, match="not for you"):
        states.watch_session(channel, "session")
