"""The wait: through everything that can happen to a stream of events, and to its end."""

# The scripts of streams have the arguments of a gRPC service.
# ruff: noqa: ARG001

from __future__ import annotations

import itertools
import signal
import threading
from collections.abc import Callable
from typing import Any
from unittest.mock import Mock

import pytest
from armonik.common import ResultStatus, SessionStatus, TaskStatus

from hello_helpers import errors, steps
from hello_helpers.messages import Payload
from hello_helpers.wait import events, waiting
from hello_helpers.wait.cancellation import Cancellation, WaitInterrupted
from hello_helpers.wait.events import Silence
from hello_helpers.wait.waiting import Progress, wait_for_results
from hello_helpers.wire import on_the_wire

from .fake_armonik import (
    FakeArmonik,
    broken_stream,
    deaf_stream,
    ended_stream,
    event,
    usual_stream,
)

LOOK = ["GetEvents", "ListResults"]


@pytest.fixture(autouse=True)
def _short_pauses(monkeypatch):
    monkeypatch.setattr(events, "FIRST_PAUSE", 0.01)
    monkeypatch.setattr(events, "LONGEST_PAUSE", 0.05)


@pytest.fixture
def no_looks(monkeypatch):
    """Only the stream tells anything, even on a machine so busy that it is silent for a while."""
    monkeypatch.setattr(Silence, "left", lambda _: 60.0)


@pytest.fixture
def meanwhile():
    """Something to be done in a thread, while the test waits."""
    threads = []

    def start(*deeds: Callable[[], object]) -> None:
        threads.append(threading.Thread(target=lambda: [deed() for deed in deeds]))
        threads[-1].start()

    yield start
    for thread in threads:
        thread.join()


# What is told by the stream alone


def test_a_result_that_comes_later_is_heard_of(fake, channel, meanwhile, no_looks):
    result = fake.add_result()
    meanwhile(lambda: fake.wait_for_call("GetEvents"), lambda: fake.complete(result))
    wait_for_results(channel, "session", [result], timeout=10)
    assert fake.calls == ["GetEvents"]


def test_nothing_to_wait_for_is_no_call(fake, channel):
    wait_for_results(channel, "session", [], timeout=10)
    assert not fake.calls


def test_many_results_are_followed_in_one_stream(fake, channel, no_looks):
    results = [fake.add_result(ResultStatus.COMPLETED) for _ in range(250)]
    progress: list[Progress] = []
    wait_for_results(channel, "session", results + results, timeout=20, on_event=progress.append)
    assert fake.calls == ["GetEvents"]
    assert [step.done for step in progress] == list(range(1, 251))
    assert progress[-1].text == "250 of 250 results are there."


@pytest.mark.parametrize("stream", ["usual", "deaf"])
@pytest.mark.parametrize("lost", [0, 249])
def test_one_aborted_of_many_is_told_at_once_with_the_root_of_it(
    fake, channel, stream, lost, monkeypatch
):
    if stream == "usual":  # however slow the machine is, it is not taken for a deaf one
        monkeypatch.setattr(Silence, "left", lambda _: 60.0)
    results = [fake.add_result() for _ in range(250)]
    root = fake.add_task(TaskStatus.ERROR, error="Task root failed:\nthe worker said no")
    fake.results[results[lost]].owner_task_id = root
    fake.abort(results[lost])
    fake.streams = [deaf_stream] * (stream == "deaf")
    with pytest.raises(errors.ResultLostError, match="the worker said no"):
        wait_for_results(channel, fake.add_session(), results, timeout=60)
    before_it_is_explained = fake.calls[: fake.calls.index("GetSession")]
    pages = lost // waiting.PAGE + 1 if stream == "deaf" else 0
    assert before_it_is_explained == ["GetEvents", *["ListResults"] * pages]


def test_events_about_other_things_are_passed_over(fake, channel):
    result = fake.add_result(ResultStatus.COMPLETED)

    def chatter(fake: FakeArmonik, request: Any, context: Any) -> Any:
        yield event("another", ResultStatus.ABORTED)
        yield event(result, ResultStatus.CREATED, new=True)
        yield {}  # of a kind that is not known yet
        yield event(result, ResultStatus.COMPLETED)
        yield event(result, ResultStatus.COMPLETED)

    fake.streams = [chatter]
    told = []
    wait_for_results(channel, "session", [result], timeout=10, on_event=told.append)
    assert [step.done for step in told] == [1]


# What is told by looks


class Clocked(Silence):
    """The silence of a stream, on a clock that goes on when the test says so."""

    def __init__(self) -> None:
        self.now = 0.0
        super().__init__(lambda: self.now)

    def looks(self, count: int) -> list[float]:
        """Return how long the silence is before each of the next looks."""
        pauses = []
        for _ in range(count):
            pauses.append(round(self.left(), 6))
            self.now += self.left()
            self.looked()
        return pauses


def test_a_silent_stream_is_looked_besides_soon_and_then_ever_more_rarely():
    assert Clocked().looks(9) == [0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 10.0, 10.0]


def test_while_the_stream_delivers_nobody_looks_and_after_it_seldom():
    silence = Clocked()
    for _ in range(1000):  # results that come one after the other, for half an hour
        silence.now += 1.9
        assert silence.left() != 0
        silence.heard()
        assert silence.left() > 1.9
    assert silence.looks(4) == [2.0, 4.0, 8.0, 10.0]
    silence.heard()
    assert silence.left() == 10.0, "another word does not bring the looks back"


def test_a_lost_stream_that_had_told_something_is_looked_besides_soon_again():
    silence = Clocked()
    silence.heard()
    assert silence.looks(2) == [2.0, 4.0]
    silence.broken()
    assert silence.looks(2) == [0.1, 0.2]
    silence.broken()
    assert silence.looks(2) == [0.4, 0.8], "streams that tell nothing bring no more looks"


def test_beside_a_deaf_stream_a_result_that_comes_later_is_seen(fake, channel, meanwhile):
    fake.streams = [deaf_stream]
    result = fake.add_result(owner=fake.add_task(TaskStatus.PROCESSING))
    meanwhile(lambda: fake.wait_for_call("GetTask"), lambda: fake.complete(result))
    wait_for_results(channel, "session", [result], timeout=60)
    assert fake.calls == [*LOOK, "GetTask", "ListResults"], "the stream is kept"


def test_a_look_asks_in_pages_for_what_is_missing_only(fake, channel, monkeypatch, meanwhile):
    list_results = Mock(wraps=fake.ListResults)
    monkeypatch.setattr(fake, "ListResults", list_results)
    fake.streams = [deaf_stream]
    results = [fake.add_result(ResultStatus.COMPLETED) for _ in range(240)]
    results += [fake.add_result() for _ in range(10)]
    meanwhile(
        lambda: fake.wait_for_call("ListResults", 3),
        lambda: [fake.complete(result) for result in results[240:]],
    )
    wait_for_results(channel, "session", results, timeout=60)
    asked = [len(getattr(call.args[0].filters, "or")) for call in list_results.call_args_list]
    assert asked[:3] == [100, 100, 50]
    assert set(asked[3:]) <= {10}


def test_what_happened_while_no_stream_was_open_is_seen(fake, channel, no_looks):
    result = fake.add_result()

    def miss_it(fake: FakeArmonik, request: Any, context: Any) -> Any:
        fake.complete(result)
        return iter(())

    fake.streams = [miss_it]
    wait_for_results(channel, "session", [result], timeout=10)
    assert fake.calls == ["GetEvents"] * 2, "the new stream tells it first"


@pytest.mark.parametrize(
    ("lost", "words", "calls"),
    [
        pytest.param(
            lambda fake: fake.add_result(owner=fake.add_task(TaskStatus.COMPLETED)),
            "it never sent this result",
            ["GetTask", "GetResult"],
            id="its task has ended well without it",
        ),
        pytest.param(lambda _: "typo", "no such result", [], id="it is unknown"),
        pytest.param(
            lambda fake: fake.add_result(ResultStatus.DELETED), "deleted", [], id="it was deleted"
        ),
    ],
)
def test_a_result_that_never_comes_ends_the_wait_at_the_first_look_long_before_its_time(
    fake, channel, lost, words, calls
):
    fake.streams = [deaf_stream]
    with pytest.raises(errors.ResultLostError, match=words):
        wait_for_results(channel, fake.add_session(), [lost(fake)], timeout=60)
    assert fake.calls[: 2 + len(calls)] == [*LOOK, *calls]


def test_a_result_that_its_task_has_handed_over_is_still_waited_for(
    fake, channel, monkeypatch, meanwhile
):
    first, second = fake.add_task(TaskStatus.COMPLETED), fake.add_task(TaskStatus.PROCESSING)
    result = fake.add_result(owner=first)
    get_task = fake.GetTask

    def hand_over(request, context):
        fake.results[result].owner_task_id = second  # just before the first one is over
        return get_task(request, context)

    monkeypatch.setattr(fake, "GetTask", hand_over)
    fake.streams = [deaf_stream]
    meanwhile(lambda: fake.wait_for_call("GetTask"), lambda: fake.complete(result))
    wait_for_results(channel, "session", [result], timeout=60)


# Lost connections


@pytest.mark.parametrize(
    ("stream", "words"),
    [
        (broken_stream, "The connection was lost (UNAVAILABLE); trying again."),
        (ended_stream, "The connection was lost (the server ended the stream); trying again."),
    ],
)
def test_a_lost_stream_is_opened_again_and_told_of_once(
    fake, channel, stream, words, meanwhile, no_looks
):
    result = fake.add_result()
    fake.streams = [stream] * 3
    told = []
    meanwhile(lambda: fake.wait_for_call("GetEvents", 4), lambda: fake.complete(result))
    wait_for_results(channel, "session", [result], 10, lambda step: told.append(step.text))
    assert told == [words, "1 of 1 results are there."]


def test_a_restart_of_the_server_is_survived(fake, channel, meanwhile):
    result = fake.add_result()
    meanwhile(
        lambda: fake.wait_for_call("GetEvents"),
        fake.stop,
        lambda: fake.complete(result),
        fake.start,
    )
    wait_for_results(channel, "session", [result], timeout=20)


def test_a_dead_endpoint_is_tried_again_after_longer_and_longer_pauses(fake, channel, monkeypatch):
    monkeypatch.setattr(events.random, "uniform", lambda _, high: high)
    monkeypatch.setattr(events, "LONGEST_PAUSE", 0.04)
    pauses = []

    class Over(threading.Event):
        def wait(self, timeout: float | None = None) -> bool:
            pauses.append(timeout)
            if len(pauses) == 5:
                self.set()
            return self.is_set()

    fake.stop()
    told = []
    follower = events.Follower(channel, "session", ["task"], None, None, told.append)
    follower.over = Over()
    follower._listen()
    assert pauses == [0.01, 0.02, 0.04, 0.04, 0.04]
    assert told == ["The connection was lost (UNAVAILABLE); trying again."]


def test_a_look_that_fails_is_told_of_and_the_wait_goes_on(fake, channel):
    fake.streams = [deaf_stream]
    fake.errors["ListResults"] = "UNAVAILABLE"
    told = []

    def tell(progress: Progress) -> None:
        told.append(progress.text)
        fake.errors.clear()

    result = fake.add_result(ResultStatus.COMPLETED)
    wait_for_results(channel, "session", [result], 60, tell)
    text = "ArmoniK does not answer (UNAVAILABLE); still trying."
    assert told == [text, "1 of 1 results are there."]


def test_a_wait_for_an_armonik_that_is_gone_says_so_at_its_end(fake, channel):
    result = fake.add_result()
    fake.stop()
    with pytest.raises(errors.WaitTimeoutError, match="ArmoniK does not answer"):
        wait_for_results(channel, "session", [result], timeout=0.3)


@pytest.mark.parametrize("refused", ["GetEvents", "ListResults"])
def test_a_call_that_armonik_does_not_allow_is_not_repeated(fake, channel, refused):
    fake.streams = [deaf_stream]
    fake.errors[refused] = "PERMISSION_DENIED"
    with pytest.raises(errors.AccessDeniedError, match="not for you"):
        wait_for_results(channel, "session", [fake.add_result()], timeout=10)
    assert fake.calls.count(refused) == 1


# Results that do not come


def test_an_error_that_shows_a_moment_after_the_result_was_aborted_is_waited_for(
    fake, channel, meanwhile, no_looks
):
    session = fake.add_session()
    task = fake.add_task(TaskStatus.PROCESSING)
    result = fake.add_result(owner=task)

    def fail() -> None:
        fake.tasks[task].output.error, fake.tasks[task].output.success = "at last", False
        fake.tasks[task].status = TaskStatus.ERROR

    meanwhile(
        lambda: fake.wait_for_call("GetEvents"),
        lambda: fake.abort(result),
        lambda: fake.wait_for_call("GetTask"),
        fail,
    )
    with pytest.raises(errors.ResultLostError, match="at last"):
        wait_for_results(channel, session, [result], timeout=10)


def test_the_deadline_ends_a_wait_with_a_diagnosis(fake, channel):
    session = fake.add_session(SessionStatus.PAUSED)
    result = fake.add_result(owner=fake.add_task(TaskStatus.PAUSED))
    with pytest.raises(errors.WaitTimeoutError) as caught:
        wait_for_results(channel, session, [result], timeout=0.3)
    assert "No result after 0.3 seconds. The session is paused" in str(caught.value)
    assert "resume_session" in caught.value.hint


@pytest.mark.parametrize("timeout", [0, -1, float("nan")])
def test_a_timeout_that_makes_no_sense_is_refused(channel, timeout):
    with pytest.raises(errors.InputError, match="timeout"):
        wait_for_results(channel, "session", ["r"], timeout=timeout)


# Waits that somebody ends


@pytest.mark.parametrize("stream", [usual_stream, deaf_stream, broken_stream])
@pytest.mark.parametrize("error", [errors.WaitCancelledError, KeyboardInterrupt])
def test_a_wait_that_another_thread_or_ctrl_c_ends_ends_its_stream(
    fake, channel, meanwhile, stream, error
):
    cancellation = Cancellation()
    fake.streams = [stream] * 1000
    ends = {
        errors.WaitCancelledError: cancellation.cancel,
        KeyboardInterrupt: lambda: signal.raise_signal(signal.SIGINT),
    }
    meanwhile(lambda: fake.wait_for_call("GetEvents"), ends[error])
    with pytest.raises(error):
        wait_for_results(channel, "session", [fake.add_result()], 60, None, cancellation)
    fake.wait_until_no_stream_is_open()


def test_a_wait_that_was_cancelled_before_does_not_begin(fake, channel):
    cancellation = Cancellation()
    cancellation.cancel()
    with pytest.raises(errors.WaitCancelledError):
        wait_for_results(channel, "session", ["r"], timeout=30, cancellation=cancellation)
    assert not fake.calls


@pytest.mark.parametrize(
    ("there", "missing", "what"),
    [
        (0, 1, "1 result (status CREATED)"),
        (2, 1, "1 result of 3 (status CREATED)"),
        (1, 1200, "1,200 results of 1,201 (status CREATED)"),
    ],
)
def test_after_ctrl_c_it_says_what_it_waited_for(
    fake, channel, monkeypatch, no_looks, there, missing, what
):
    ids = [fake.add_result(ResultStatus.COMPLETED) for _ in range(there)]
    ids += [fake.add_result() for _ in range(missing)]
    heard = itertools.count(1)
    note = waiting.Wait._note

    def interrupt(self: waiting.Wait, news: events.News) -> bool:
        assert not note(self, news)
        if next(heard) == len(ids):  # they come in any order
            signal.raise_signal(signal.SIGINT)
        return False

    monkeypatch.setattr(waiting.Wait, "_note", interrupt)
    with pytest.raises(WaitInterrupted) as caught:
        wait_for_results(channel, "session", ids, timeout=30)
    assert isinstance(caught.value, KeyboardInterrupt)
    first, second = caught.value._render_traceback_()
    assert first == f"Interrupted after 0 s while waiting for {what}."
    assert second == caught.value.hint


def test_an_error_of_the_listener_ends_the_wait(fake, channel):
    complain = Mock(side_effect=RuntimeError("from the callback"))
    done = fake.add_result(ResultStatus.COMPLETED)
    with pytest.raises(RuntimeError, match="from the callback"):
        wait_for_results(channel, "session", [done], timeout=10, on_event=complain)


def test_a_look_while_the_last_result_is_being_told_finds_nothing_more(fake, channel, monkeypatch):
    looked, look = threading.Event(), waiting.Wait._look

    def looking(*args):
        yield from look(*args)
        looked.set()

    monkeypatch.setattr(events, "QUIET_LOOK", 0.01)
    monkeypatch.setattr(waiting.Wait, "_look", looking)
    done = fake.add_result(ResultStatus.COMPLETED)
    told = []
    wait_for_results(
        channel, "session", [done], timeout=30, on_event=lambda _: told.append(looked.wait(10))
    )
    assert told == [True]


def test_the_looks_of_a_wait_are_recorded_with_its_name_and_its_stream_is_the_programs(
    fake, channel
):
    fake.automatic, fake.streams = False, [deaf_stream]
    session_id = steps.create_session(channel)
    data = steps.create_payload(channel, session_id, Payload([1]))
    with on_the_wire(channel) as wire, pytest.raises(errors.WaitTimeoutError):
        wait_for_results(channel, session_id, [data.result_id], timeout=0.3)
    by = {call.method: call.by for call in wire.calls}
    assert (by["GetEvents"], by["ListResults"]) == ("", "wait_for_results")
    assert by["GetSession"] == "looking for the reason"


@pytest.mark.parametrize("others", [0, 2])
def test_of_several_results_the_one_that_is_lost_is_named(fake, channel, others, no_looks):
    task = fake.add_task(TaskStatus.ERROR, error="bad input")
    wanted = [fake.add_result(name=f"sum {n}") for n in range(others)]
    lost = fake.add_result(ResultStatus.ABORTED, name="mean", owner=task)
    with pytest.raises(errors.ResultLostError) as caught:
        wait_for_results(channel, fake.add_session(), [*wanted, lost], timeout=60)
    which = f" 'mean' ({lost})" if others else ""
    assert caught.value.message == f"The result{which} will not come. The task failed: bad input"


def test_the_deadline_for_several_results_says_how_many_are_missing_and_names_one(fake, channel):
    there, missing = fake.add_result(ResultStatus.COMPLETED), fake.add_result(name="sum")
    session = fake.add_session(SessionStatus.PAUSED)
    with pytest.raises(errors.WaitTimeoutError) as caught:
        wait_for_results(channel, session, [there, missing], timeout=0.3)
    expected = f"1 of 2 results are not there after 0.3 seconds; one is 'sum' ({missing}). The "
    assert caught.value.message.startswith(expected)
