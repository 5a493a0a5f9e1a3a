"""The values form: from what is typed to the sum, and back to Python."""

import re
from dataclasses import replace
from unittest.mock import Mock

import pytest
from armonik.common import SessionStatus

from hello_helpers import errors
from hello_helpers.connect.endpoint import Endpoint
from hello_helpers.connect.grpc_errors import LOOK_HINT
from hello_helpers.forms import ValuesForm, values_form
from hello_helpers.forms.armonik import CALLS, reason_of
from hello_helpers.forms.values_form import FIRST_N, NUMBERS
from tests.commands import pasted

from . import listeners
from .fake_armonik import FakeArmonik


@pytest.fixture
def form(fake: FakeArmonik) -> ValuesForm:
    return ValuesForm(fake.url)


def test_one_click_gives_the_first_result_of_the_course(fake, form):
    assert form.result is None
    assert not fake.calls
    form.run.click()
    assert form.wait(10) == 45
    assert "Result : 45 (ArmoniK at a socket of this machine)" in form.status.value


def test_the_way_of_the_task_is_timed_from_when_armonik_and_the_session_are_there(
    fake, form, monkeypatch
):
    told: list[str] = []

    def time() -> float:
        told.append(" ".join(fake.calls))
        return 0.0

    monkeypatch.setattr(values_form, "time", time)
    form.run.click()
    form.wait(10)
    assert told[0].endswith("CreateSession")


def test_a_result_is_not_lost_with_the_picture_of_its_way(form, monkeypatch):
    may_open = Mock(side_effect=[None, errors.EndpointError("It has been stopped.")])
    open_channel = Endpoint.open_channel
    monkeypatch.setattr(Endpoint, "open_channel", lambda own: may_open() or open_channel(own))
    assert form.wait(10) == 45
    assert may_open.call_count == 2


def test_where_nothing_runs_the_python_that_ran_can_be_read_without_the_address_of_this_machine(
    fake, form
):
    assert "create_channel" not in form._repr_mimebundle_()["text/html"]
    form.run.click()
    form.wait(10)
    stored = form._repr_mimebundle_()["text/html"]
    assert "with create_channel(&quot;http://armonik.example.com:5001&quot;) as" in stored
    assert "sessions.close_session(session_id)" in stored
    assert fake.url in form.code
    assert fake.url.removeprefix("unix:") not in stored


@pytest.mark.parametrize(
    ("typed", "source", "result"),
    [
        ({"values": "1.5, 2.5"}, NUMBERS, 4.0),
        ({"values": "1\n2\n3"}, NUMBERS, 6),  # one below the other: they stay apart
        ({"first_n": "100"}, FIRST_N, 4950),
        ({"first_n": "0"}, FIRST_N, 0),
        ({"first_n": "100", "values": "1 2"}, NUMBERS, 3),
    ],
)
def test_what_is_typed_last_is_added(form, typed, source, result):
    for field, text in typed.items():
        getattr(form, field).value = text
    assert form.source.value == source
    form.run.click()
    assert form.wait(10) == result


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("-1", "0 or more"),
        ("abc", "&#x27;abc&#x27; is not a number"),
        ("1,,2", "comma without a number"),
        ("", "There is no number"),
        ("1e999", "too large"),
        ("<script>1</script>", "&lt;script"),
        ("1 " * 1_000_000, "1,000,000 numbers are too many"),
    ],
)
def test_bad_numbers_get_a_sentence_and_nothing_is_sent(fake, form, text, words):
    field = form._first_n if text == "-1" else form._values
    field.input.value = text
    form.run.click()
    assert words in field.says
    with pytest.raises(errors.InputError):
        form.wait(10)
    assert not fake.calls


def test_each_run_has_a_session_that_is_closed_at_the_end(fake, form):
    form.wait(10)
    form.run.click()
    form.wait(10)
    assert [s.status for s in fake.sessions.values()] == [SessionStatus.CLOSED] * 2


def test_partition_and_threshold_are_those_that_were_asked_for(fake):
    fake.partitions.append("big")
    form = ValuesForm(Endpoint.parse(fake.url), "big", subtask_threshold=7)
    form.wait(10)
    (session,) = fake.sessions.values()
    assert session.options.partition_id == "big"
    assert any(b'"subtask_threshold": 7' in data for data in fake.data.values())


def test_a_new_run_does_not_show_the_way_of_the_one_before(form):
    idle = form.picture.value
    form.picture.value = "the result is here: 45"
    form.values.value = "none"
    form.run.click()  # nothing is sent
    assert form.picture.value == idle


def test_the_calls_of_a_run_are_shown_when_it_is_over(form):
    assert form.calls.value == ""
    form.wait(10)
    assert CALLS in form.calls.value
    assert "SubmitTasks" in form.calls.value
    form.values.value = "none"
    form.run.click()  # nothing is sent
    assert form.calls.value == ""


def test_the_reason_is_looked_for_at_the_endpoint_of_the_form():
    port = listeners.closed_port()
    form = ValuesForm(Endpoint.parse(f"localhost:{port}"))
    with pytest.raises(errors.NobodyListensError):
        form.wait(10)
    assert f"Problem:</b> Nothing listens at localhost:{port}." in form.problems.value
    assert "UNAVAILABLE" in form.calls.value
    assert "endpoint.check()" not in form.problems.value


SHARED = Endpoint("unix", "/socket", embedded=True, shared=True)


@pytest.mark.parametrize(
    ("target", "starts_anew", "again"),
    [
        pytest.param(None, True, True, id="the usual one is started again"),
        pytest.param(SHARED, True, True, id="the shared one too"),
        pytest.param(SHARED, False, False, id="not by a form that starts none"),
        pytest.param(replace(SHARED, shared=False), True, False, id="a private one is not"),
    ],
)
def test_a_form_that_ran_during_a_stop_says_whether_it_can_be_run_again(target, starts_anew, again):
    ended = errors.EndedError("stopped", "Run the first cell again.")
    hint = reason_of(ended, target, starts_anew=starts_anew).hint
    assert ("Click the button again" in hint, hint == ended.hint) == (again, not again)


def test_an_endpoint_that_answers_by_now_is_worth_another_click(fake):
    error = errors.NoAnswerError("ArmoniK did not answer in time.", LOOK_HINT)
    assert "again" in reason_of(error, fake.url).hint


def test_cancel_ends_the_wait_and_cancels_the_session(fake, form):
    fake.automatic = False
    form.run.click()
    fake.wait_for_call("GetEvents")
    form.cancel.click()
    with pytest.raises(errors.WaitCancelledError):
        form.wait(10)
    assert [s.status for s in fake.sessions.values()] == [SessionStatus.CANCELLED]
    assert "Cancelled, and its session with it." in form.status.value
    assert not re.search("Problem|connection was lost", form.status.value)


@pytest.mark.parametrize(
    ("field", "text", "expression"),
    [
        ("values", "1 -2.5 1e3", "[1, -2.5, 1000.0]"),
        ("first_n", "1000", "list(range(1000))"),
    ],
)
def test_the_code_twin_runs_as_pasted_and_says_the_same(form, field, text, expression):
    getattr(form, field).value = text
    form.wait(10)
    assert f"Payload({expression}" in form.code
    assert pasted(form.code) == f"Result : {form.result}\n"


def test_the_code_twin_needs_only_the_client_library_and_the_messages(form):
    form.wait(10)
    imports = re.findall(r"^from (\S+)", form.code, re.MULTILINE)
    assert {name.split(".")[0] for name in imports} <= {
        "concurrent",
        "datetime",
        "armonik",
        "hello_helpers",
    }
    assert [n for n in imports if n.startswith("hello")] == ["hello_helpers.messages"]


def test_the_static_table_holds_labels_values_and_result(form):
    form.values.value = "42"
    form.wait(10)
    assert "1 number is stored as payload." in form.status.value
    shown = form._repr_mimebundle_()["text/html"]
    assert [text for text in ("Numbers", "Result", "42") if text not in shown] == []
