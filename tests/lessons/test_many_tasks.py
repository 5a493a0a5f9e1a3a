"""Lesson 10: the board and the form, against a real embedded ArmoniK."""

import re
import threading

import grpc
import pytest
from armonik.client import ArmoniKSessions, ArmoniKTasks
from armonik.common import SessionStatus, Task

from hello_helpers import Endpoint, HelloError, Payload, create_session
from hello_helpers.batches import create_payloads, submit_all
from hello_helpers.display.board import Board
from hello_helpers.display.signs import GREEN
from hello_helpers.forms import ManyForm
from tests.commands import pasted

pytestmark = pytest.mark.embedded_only


@pytest.fixture
def form(endpoint: Endpoint) -> ManyForm:
    """The form, with few tasks."""
    form = ManyForm(endpoint)
    form.tasks.value, form.values.value, form.batch.value = "30", "200", "10"
    return form


@pytest.mark.parametrize("late", [False, True], ids=["from its beginning", "late"])
def test_the_board_follows_a_session_to_its_last_task(channel: grpc.Channel, late: bool) -> None:
    session_id = create_session(channel)
    painted: list[int] = []
    board = Board()
    board.bar.observe(lambda change: painted.append(change["new"]), "value")
    data = create_payloads(channel, session_id, [Payload([1])] * 100)
    if not late:
        board.follow(channel, session_id, 100)
    submit_all(channel, session_id, data)
    if late:
        board.follow(channel, session_id, 100)
    board.wait(60)
    shown = board.summary()
    assert shown.table.caption == "100 of 100 tasks are over: 100 COMPLETED."
    ran = [re.search(r" (\d+) tasks?, at work", words) for words in shown.lanes.words]
    assert sum(int(found[1]) for found in ran if found) == 100, "each in the lane of its pod"
    assert (board.bar.value, board.bar.max, board.bar.style.bar_color) == (100, 100, GREEN)
    assert 'role="status"' in board.text.value
    assert painted == sorted(painted)
    ArmoniKSessions(channel).close_session(session_id)


def test_a_board_has_a_deadline_and_stops_when_it_is_closed(channel: grpc.Channel) -> None:
    board = Board()
    board.follow(channel, create_session(channel), 1)
    with pytest.raises(HelloError, match=r"After 0\.3 seconds, 0 of 1 tasks are over"):
        board.wait(0.3)
    followers = [thread for thread in threading.enumerate() if thread.name.startswith("board")]
    board.close()
    for thread in followers:
        thread.join(5)
    assert [thread.name for thread in followers if thread.is_alive()] == []


def test_the_form_and_its_code_run_all_tasks_and_its_board_shows_them_until_the_next_run(
    form: ManyForm, channel: grpc.Channel
) -> None:
    assert form.wait(60) == sum(range(6000))
    assert form.board.state.text == "30 of 30 tasks are over: 30 COMPLETED."
    assert f"Result : {form.result} (embedded ArmoniK on this machine)" in form.status.value
    session = ArmoniKSessions(channel).get_session(form.session_id)
    assert session.status == SessionStatus.CLOSED
    total, _ = ArmoniKTasks(channel).list_tasks(Task.session_id == form.session_id, page_size=1)
    assert total == 30, "no task was split into subtasks"
    assert pasted(form.code) == f"Result : {form.result}\n"
    form.tasks.value = "none"
    form.run.click()
    assert (form.board.bar.value, "No tasks yet." in form.board.text.value) == (0, True)


def test_it_tells_how_many_payloads_are_stored_while_that_goes_on(
    form: ManyForm, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hello_helpers.forms.many_form.TELL_SECONDS", 0)
    shown: list[str] = []
    form.status.observe(lambda change: shown.append(change["new"]), "value")
    form.wait(60)
    for stored in (10, 20, 30):
        assert any(f"{stored} of 30 payloads are stored ..." in text for text in shown)
    assert "..." not in form.status.value


def cancel_when(form: ManyForm, words: str) -> None:
    """Run the form, and cancel it when it says `words`."""
    said = threading.Event()
    form.status.observe(lambda change: words in change["new"] and said.set(), "value")
    form.run.click()
    assert said.wait(60)
    form.cancel.click()
    with pytest.raises(HelloError, match="cancelled"):
        form.wait(30)


def test_cancel_ends_it_and_cancels_the_tasks(form: ManyForm, channel: grpc.Channel) -> None:
    form.tasks.value, form.values.value = "2000", "100"
    cancel_when(form, "have been submitted")
    assert "connection was lost" not in form.status.value
    session = ArmoniKSessions(channel).get_session(form.session_id)
    assert session.status == SessionStatus.CANCELLED
    assert form.board.state.counts["CANCELLED"] > 0
    assert form.board.bar.style.bar_color != GREEN


def test_cancel_before_anything_is_submitted_does_not_wait_for_tasks_that_never_come(
    form: ManyForm, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hello_helpers.forms.many_form.SHOW_SECONDS", 1000)
    form.tasks.value, form.values.value, form.batch.value = "20000", "20", "1"
    cancel_when(form, "has been created")
    assert "Cancelled, and its session with it." in form.status.value
    assert form.board.state.text == "No tasks yet."


@pytest.mark.parametrize(
    ("field", "typed", "sentence"),
    [
        ("tasks", "0", "The number of tasks must be a whole number from 1 to 20,000"),
        ("tasks", "many", "you typed &#x27;many&#x27;"),
        ("values", "20000", "The number of numbers must be a whole number from 1 to 10,000"),
        ("batch", "1001", "The batch size must be a whole number from 1 to 1,000"),
    ],
)
def test_bad_numbers_are_refused_in_words(
    form: ManyForm, field: str, typed: str, sentence: str
) -> None:
    getattr(form, field).value = typed
    with pytest.raises(HelloError):
        form.wait()
    assert sentence in getattr(form, f"_{field}").says
    assert form.session_id == ""


def test_too_many_numbers_in_all_are_refused(form: ManyForm) -> None:
    form.tasks.value, form.values.value = "20000", "10000"
    with pytest.raises(HelloError, match="are 200,000,000 numbers"):
        form.wait()
