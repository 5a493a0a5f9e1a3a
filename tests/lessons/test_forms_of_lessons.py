"""The forms of the lessons 02 to 05, against a real embedded ArmoniK."""

import re
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent import futures
from contextlib import contextmanager

import grpc
import pytest
from armonik.client import ArmoniKResults, ArmoniKSessions, ArmoniKTasks
from armonik.common import ResultStatus, SessionStatus, TaskStatus, create_channel

from hello_helpers import (
    Endpoint,
    EndpointForm,
    HelloError,
    ValuesForm,
    create_session,
    pick_up_session,
)
from hello_helpers.connect.deadline import with_deadline
from hello_helpers.course.sessions import course_labels, course_sessions
from hello_helpers.forms import (
    ClientForm,
    ClosingForm,
    FailureForm,
    ManyForm,
    PayloadForm,
    SessionForm,
    SplitForm,
    TaskForm,
)
from hello_helpers.forms.base import Form
from hello_helpers.forms.failure_form import FAILURES
from hello_helpers.messages import Payload
from hello_helpers.wire import Wire, on_the_wire

pytestmark = pytest.mark.embedded_only


@pytest.fixture
def session_id(channel: grpc.Channel) -> str:
    """The session of the course."""
    return pick_up_session(channel)


LONGEST_LABEL = 62
"""Characters that a window of 900 pixels shows; ipywidgets cuts the rest off."""


def test_no_label_is_cut_off_in_a_narrow_window(endpoint: Endpoint, session_id: str) -> None:
    forms: list[Form] = [
        EndpointForm(),
        ValuesForm(endpoint),
        SessionForm(endpoint),
        PayloadForm(endpoint, session_id),
        TaskForm(endpoint, session_id),
        ClientForm(endpoint),
        SplitForm(endpoint),
        FailureForm(endpoint),
        ManyForm(endpoint),
    ]
    labels = [field.input.description for form in forms for field in form._all_fields]
    assert len(labels) > 15
    assert [label for label in labels if len(label) > LONGEST_LABEL] == []


def run(form: Form) -> object:
    form.run.click()
    return form.wait()


def test_the_session_form_makes_a_session_with_these_options_and_closes_it(
    endpoint: Endpoint, channel: grpc.Channel
) -> None:
    form = SessionForm(endpoint)
    assert form.partition.options == ("default",)
    form.max_duration.value, form.max_retries.value, form.priority.value = "60", "2", "3"
    session = ArmoniKSessions(channel).get_session(run(form))
    assert session.status == SessionStatus.CLOSED
    assert session.options.max_duration.total_seconds() == 60
    assert (session.options.max_retries, session.options.priority) == (2, 3)


@pytest.mark.parametrize(
    ("field", "typed", "sentence"),
    [
        ("priority", "1000", "priority must be a whole number from 1 to 99, you typed '1000'."),
        ("max_retries", "0", "max_retries must be a whole number from 1 to 100, you typed '0'."),
        ("max_duration", "abc", "from 1 to 86,400, you typed 'abc'."),
        ("max_duration", "", "you typed nothing."),
    ],
)
def test_the_session_form_refuses_what_cannot_be_in_words(
    endpoint: Endpoint, field: str, typed: str, sentence: str
) -> None:
    form = SessionForm(endpoint)
    getattr(form, field).value = typed
    with pytest.raises(HelloError) as caught:
        run(form)
    assert sentence in str(caught.value)


def test_the_payload_form_stores_a_payload_and_announces_an_output(
    endpoint: Endpoint, channel: grpc.Channel, session_id: str
) -> None:
    form = PayloadForm(endpoint, session_id)
    form.values.value, form.threshold.value = "3 4 5", "7"
    assert form.payload_id == ""
    data = run(form)
    assert form.payload_id == data.payload_id
    results = ArmoniKResults(channel)
    stored = results.download_result_data(data.payload_id, session_id)
    assert Payload.deserialize(stored) == Payload([3, 4, 5], 7)
    assert results.get_result(data.result_id).status == ResultStatus.CREATED


def test_the_task_form_shows_every_state_and_submits_with_the_priority(
    endpoint: Endpoint, channel: grpc.Channel, session_id: str
) -> None:
    form = TaskForm(endpoint, session_id)
    form.priority.value = "5"
    history = run(form)
    states = ["CREATING", "PENDING", "SUBMITTED", "DISPATCHED", "PROCESSING", "COMPLETED"]
    assert history.states == states
    for state in states:
        assert f"{state}: " in form.status.value
    task = ArmoniKTasks(channel).get_task(form.task_id)
    assert (task.status, task.options.priority) == (TaskStatus.COMPLETED, 5)


def test_the_task_form_cancels_its_task(endpoint: Endpoint, channel: grpc.Channel) -> None:
    sessions = ArmoniKSessions(channel)
    options = sessions.get_session(pick_up_session(channel)).options
    options.options = {}
    paused = sessions.create_session(options)
    sessions.pause_session(paused)  # so that the task waits
    form = TaskForm(endpoint, paused)
    form.run.click()
    with pytest.raises(HelloError, match="still running"):
        form.wait(0.5)
    form.cancel.click()
    with pytest.raises(HelloError, match="cancelled"):
        form.wait()
    task = ArmoniKTasks(channel).get_task(form.task_id)
    assert task.status in (TaskStatus.CANCELLING, TaskStatus.CANCELLED)
    sessions.cancel_session(paused)


def test_a_priority_that_is_too_large_here_is_told_with_the_largest(
    endpoint: Endpoint, session_id: str
) -> None:
    form = TaskForm(endpoint, session_id)
    form.priority.value = "50"
    with pytest.raises(HelloError, match="Max priority is 10") as caught:
        run(form)
    assert caught.value.hint == "Choose a priority from 1 to 10."


def test_the_closing_form_closes_the_sessions_of_this_learner(
    endpoint: Endpoint, channel: grpc.Channel, session_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HELLO_LEARNER", "somebody else")
    pick_up_session(channel)
    own_id = create_session(channel)
    form = ClosingForm(endpoint)
    assert form.running == "2"
    assert run(form) == 2
    assert ArmoniKSessions(channel).get_session(own_id).status == SessionStatus.CLOSED
    assert "Running sessions that the lessons have made for me: 0." in form._head.value
    assert course_sessions(channel, course_labels()) == []
    assert ArmoniKSessions(channel).get_session(session_id).status == SessionStatus.RUNNING


def test_the_code_that_a_form_shows_does_the_same(
    endpoint: Endpoint, channel: grpc.Channel, session_id: str
) -> None:
    def made_by_code(form: Form) -> dict[str, object]:
        run(form)
        names: dict[str, object] = {}
        exec(form.code, names)
        return names

    made = made_by_code(SessionForm(endpoint))["session_id"]
    assert ArmoniKSessions(channel).get_session(made).status == SessionStatus.CLOSED
    made = made_by_code(PayloadForm(endpoint, session_id))["payload_id"]
    assert ArmoniKResults(channel).get_result(made).status == ResultStatus.COMPLETED
    made = made_by_code(TaskForm(endpoint, session_id))["sent"]
    assert ArmoniKTasks(channel).get_task(made.id).session_id == session_id
    form = ClosingForm(endpoint)
    run(form)
    session_id = pick_up_session(channel)
    exec(form.code, {})
    assert ArmoniKSessions(channel).get_session(session_id).status == SessionStatus.CLOSED


def submitting_nothing(code: str, submission: str) -> str:
    """Return the code of a form without its submission, and with a wait of half a second."""
    assert submission in code
    return re.sub(r"timeout=\d+", "timeout=0.5", code.replace(submission, "pass"))


def test_the_wait_in_the_code_of_a_form_has_a_limit(endpoint: Endpoint) -> None:
    one, many = ValuesForm(endpoint), ManyForm(endpoint)
    many.tasks.value = "3"
    run(one)
    run(many)
    for form, submission in (
        (one, "ArmoniKTasks(channel).submit_tasks(session_id, [task])"),
        (many, "ArmoniKTasks(channel).submit_tasks(session_id, definitions, chunk_size=batch)"),
    ):
        with pytest.raises(futures.TimeoutError):
            exec(submitting_nothing(form.code, submission), {})
    waiting = [thread for thread in threading.enumerate() if "ThreadPool" in thread.name]
    for thread in waiting:
        thread.join(5)
    assert not any(thread.is_alive() for thread in waiting), "the closed channel ends its calls"


@pytest.mark.parametrize("kind", [SessionForm, PayloadForm, TaskForm, ClosingForm])
def test_a_form_without_an_armonik_is_shown_and_says_why_it_cannot_run(kind: type) -> None:
    nowhere = Endpoint.parse("http://localhost:1")
    form = kind(nowhere, "x") if kind in (PayloadForm, TaskForm) else kind(nowhere)
    assert form._repr_mimebundle_()["text/html"]
    with pytest.raises(HelloError, match="Nothing listens at localhost:1"):
        run(form)


def calls_of(wires: list[Wire]) -> Counter[str]:
    """Return which calls were made, and how often, without those that helpers make besides."""
    (wire,) = wires
    return Counter(call.name for call in wire.calls if not call.by)


@pytest.mark.parametrize(
    "kind", [ValuesForm, SessionForm, PayloadForm, TaskForm, ManyForm, FailureForm, ClosingForm]
)
def test_the_python_that_a_form_shows_makes_the_calls_that_it_shows(
    endpoint: Endpoint,
    channel: grpc.Channel,
    session_id: str,
    kind: type[Form],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    wires: list[Wire] = []

    @contextmanager
    def kept(channel: grpc.Channel) -> Iterator[Wire]:
        with on_the_wire(channel) as wire:
            wires.append(wire)
            yield wire

    @contextmanager
    def recorded(url: str, **how: object) -> Iterator[grpc.Channel]:
        with with_deadline(create_channel(url, **how)) as channel, kept(channel):
            yield channel

    monkeypatch.setattr("hello_helpers.forms.armonik.on_the_wire", kept)
    form = kind(endpoint, session_id) if kind in (PayloadForm, TaskForm) else kind(endpoint)
    if kind is ManyForm:
        form.tasks.value, form.batch.value = "6", "3"
    if kind is FailureForm:
        form.failure.value = FAILURES[-1]
    run(form)
    shown = calls_of(wires)
    wires.clear()
    if kind is ClosingForm:
        pick_up_session(channel)
    with monkeypatch.context() as patched:
        patched.setattr("armonik.common.create_channel", recorded)
        exec(form.code, {})
    assert calls_of(wires) == shown
