"""Lesson 09: the form with one thing wrong, and the graph in which one task fails."""

import threading

import grpc
import pytest
from armonik.client import ArmoniKSessions, ArmoniKTasks
from armonik.common import SessionStatus, Task, TaskStatus

from hello_helpers import Endpoint, HelloError
from hello_helpers.exercises.broken_graph import LEAVES, make_broken_session
from hello_helpers.forms import FailureForm
from hello_helpers.forms.failure_form import FAILURES, Failure

pytestmark = pytest.mark.embedded_only

PAUSED, INPUT, PAYLOAD, CLOSED, PRIORITY, PARTITION, NOTHING = FAILURES

TOLD = {
    PAUSED: "The session is paused, so its tasks are not started.",
    INPUT: "The task waits for its input: data dependency 'never' (CREATED).",
    PAYLOAD: "The hello worker does not understand its task",
    CLOSED: "ArmoniK refused the call in the present state",
    PRIORITY: "INVALID_ARGUMENT",
    PARTITION: "Partition was not found: '",
    NOTHING: "It went well.",
}


def status_of(channel: grpc.Channel, session_id: str) -> SessionStatus:
    return SessionStatus(ArmoniKSessions(channel).get_session(session_id).status)


@pytest.mark.parametrize("failure", FAILURES, ids=lambda failure: failure.label)
def test_the_form_and_its_code_tell_what_goes_wrong_and_leave_no_session_open(
    endpoint: Endpoint, channel: grpc.Channel, failure: Failure
) -> None:
    form = FailureForm(endpoint)
    form.failure.value, form.seconds.value = failure, "1" if failure in (PAUSED, INPUT) else "60"
    form.run.click()
    told = form.wait(30)
    assert TOLD[failure] in told
    if form.session_id:
        over = SessionStatus.CLOSED if failure is NOTHING else SessionStatus.CANCELLED
        assert status_of(channel, form.session_id) == over
    if failure is NOTHING:
        exec(form.code, {})
        return
    with pytest.raises((HelloError, grpc.RpcError)) as caught:
        exec(form.code, {})
    if isinstance(caught.value, HelloError):
        assert str(caught.value).partition(" Task ")[0] == told.partition(" Task ")[0]


def test_cancel_ends_the_wait_and_cancels_the_session(
    endpoint: Endpoint, channel: grpc.Channel
) -> None:
    waiting = threading.Event()
    form = FailureForm(endpoint)
    form.status.observe(
        lambda change: "waiting for its result" in change["new"] and waiting.set(), "value"
    )
    form.run.click()
    assert waiting.wait(20)
    form.cancel.click()
    with pytest.raises(HelloError, match="cancelled"):
        form.wait(10)
    assert "Cancelled, and its session with it." in form.status.value
    assert status_of(channel, form.session_id) == SessionStatus.CANCELLED


@pytest.mark.parametrize("typed", ["0", "", "soon", "601"])
def test_seconds_that_cannot_be_are_refused_in_words(endpoint: Endpoint, typed: str) -> None:
    form = FailureForm(endpoint)
    form.seconds.value = typed
    with pytest.raises(HelloError, match="number of seconds must be a whole number from 1 to 600"):
        form.wait()
    assert form.session_id == ""


def test_in_the_broken_graph_one_task_fails_by_itself_and_three_with_it(
    channel: grpc.Channel,
) -> None:
    session_id = make_broken_session(channel)
    assert status_of(channel, session_id) == SessionStatus.CLOSED
    _, tasks = ArmoniKTasks(channel).list_tasks(Task.session_id == session_id)
    failed = [task for task in tasks if task.status == TaskStatus.ERROR]
    assert (len(tasks), len(failed)) == (2 * LEAVES - 1, 4)
    assert {task.status for task in tasks} == {TaskStatus.ERROR, TaskStatus.COMPLETED}
    (root,) = [task for task in failed if not task.data_dependencies]
    assert all(root.id in task.output.error for task in failed if task is not root)


def test_the_failure_form_says_what_is_wrong_at_its_own_endpoint() -> None:
    form = FailureForm(Endpoint.parse("http://localhost:1"))
    form.run.click()
    assert form.wait(30).startswith("Nothing listens at localhost:1.")
    assert "endpoint.check()" not in form.status.value
