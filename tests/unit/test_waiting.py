"""The wait: through everything that can happen to a stream of events, and to its end."""

# The scripts of streams have the arguments of a gRPC service.
# ruff: noqa: ARG001

from __future__ import annotations

import itertools
import signal
import threading
import time
from typing import Any

import grpc
import pytest
from armonik.common import ResultStatus, SessionStatus, TaskStatus

from hello_helpers import batches as many
from hello_helpers import errors
from hello_helpers.wait import waiting
from hello_helpers.wait.cancellation import Cancellation, WaitInterrupted
from hello_helpers.wait.waiting import wait_for_results

from .fake_armonik import (
    FakeArmonik,
    broken_stream,
    ended_stream,
    event,
    forbidden_stream,
)
from .fake_armonik import _Services as fake_services


@pytest.fixture(autouse=True)
def _short_pauses(monkeypatch):
    monkeypatch.setattr(waiting, "FIRST_PAUSE", 0.01)
    monkeypatch.setattr(waiting, "LONGEST_PAUSE", 0.05)


def later(deed: Any, *args: Any) -> threading.Thread:
    thread = threading.Thread(target=deed, args=args)
    thread.start()
    return thread


def test_a_result_that_is_there_is_found_at_once(fake: FakeArmonik, channel):
    done = fake.add_result(ResultStatus.COMPLETED)
    wait_for_results(channel, "session", [done], timeout=10)
    assert fake.calls == ["GetEvents"], "one call is enough"


def test_a_task_that_ends_well_without_its_result_ends_the_wait_long_before_its_time(fake, channel):
    fake.add_session()
    task = fake.add_task(TaskStatus.COMPLETED)
    result = fake.add_result(owner=task)
    fake.streams += [ended_stream]  # then it looks
    began = time.monotonic()
    with pytest.raises(errors.ResultLostError, match="it never sent this result"):
        wait_for_results(channel, "session-1", [result], timeout=60)
    assert time.monotonic() < began + 30


def test_a_result_that_its_task_has_handed_over_is_still_waited_for(fake, channel, monkeypatch):
    first, second = fake.add_task(TaskStatus.COMPLETED), fake.add_task(TaskStatus.PROCESSING)
    result = fake.add_result(owner=first)
    get_task = fake_services.GetTask

    def hand_over(services, request, context):
        fake.results[result].owner_task_id = second  # just before the first one is over
        return get_task(services, request, context)

    monkeypatch.setattr(fake_services, "GetTask", hand_over)
    fake.stop()  # the server looks methods up when it starts
    fake.start()
    fake.streams += [ended_stream]
    thread = later(lambda: (fake.wait_for_call("GetTask"), fake.complete(result)))
    wait_for_results(channel, "session", [result], timeout=10)
    thread.join()


def test_a_result_that_comes_later_is_heard_of(fake, channel):
    result = fake.add_result()

    def complete() -> None:
        fake.wait_for_call("GetEvents")
        fake.complete(result)

    thread = later(complete)
    wait_for_results(channel, "session", [result], timeout=10)
    thread.join()
    assert fake.calls == ["GetEvents"]


def test_nothing_to_wait_for_is_no_call(fake, channel):
    wait_for_results(channel, "session", [], timeout=10)
    assert not fake.calls


def test_many_results_are_listened_to_a_hundred_at_a_time(fake, channel):
    results = [fake.add_result(ResultStatus.COMPLETED) for _ in range(250)]
    progress: list[waiting.Progress] = []
    wait_for_results(channel, "session", results + results, timeout=20, on_event=progress.append)
    assert fake.calls == ["GetEvents"] * 3
    assert [step.done for step in progress] == list(range(1, 251))
    assert progress[-1].text == "250 of 250 results are there."


def test_a_broken_stream_is_opened_again(fake, channel):
    result = fake.add_result()
    fake.streams = [broken_stream, broken_stream]
    progress: list[waiting.Progress] = []

    def complete() -> None:
        fake.wait_for_call("GetEvents", 3)
        fake.complete(result)

    thread = later(complete)
    wait_for_results(channel, "session", [result], timeout=10, on_event=progress.append)
    thread.join()
    assert "connection was lost (UNAVAILABLE)" in progress[0].text


def test_a_stream_that_the_server_ends_is_not_taken_for_success(fake, channel):
    result = fake.add_result()
    fake.streams = [ended_stream] * 3

    def complete() -> None:
        fake.wait_for_call("GetEvents", 4)
        assert thread_is_waiting.is_alive()
        fake.complete(result)

    thread_is_waiting = threading.Thread(
        target=wait_for_results, args=(channel, "session", [result], 10)
    )
    thread_is_waiting.start()
    complete()
    thread_is_waiting.join(10)
    assert not thread_is_waiting.is_alive()


def test_what_happened_while_no_stream_was_open_is_seen_by_looking(fake, channel):
    result = fake.add_result()

    def miss_it(fake: FakeArmonik, request: Any, context: Any) -> Any:
        fake.complete(result)
        return iter(())

    fake.streams = [miss_it]
    wait_for_results(channel, "session", [result], timeout=10)
    assert fake.calls == ["GetEvents", "ListResults"]


def test_a_stream_that_dies_without_a_word_is_renewed(fake, channel, monkeypatch):
    monkeypatch.setattr(waiting, "FIRST_LISTEN", 0.1)
    result = fake.add_result()

    def deaf(fake: FakeArmonik, request: Any, context: Any) -> Any:
        fake.complete(result)
        while context.is_active():
            time.sleep(0.01)
        return iter(())

    fake.streams = [deaf]
    wait_for_results(channel, "session", [result], timeout=10)


def test_a_restart_of_the_server_is_survived(fake, channel):
    result = fake.add_result()

    def restart() -> None:
        fake.wait_for_call("GetEvents")
        fake.stop()
        fake.complete(result)
        fake.start()

    thread = later(restart)
    wait_for_results(channel, "session", [result], timeout=20)
    thread.join()


def test_a_dead_endpoint_is_not_hammered(fake, channel, monkeypatch):
    calls = []
    stub = waiting.EventsStub

    def counted(channel: Any) -> Any:
        calls.append(1)
        return stub(channel)

    monkeypatch.setattr(waiting, "EventsStub", counted)
    result = fake.add_result()
    fake.stop()
    began = time.process_time()
    with pytest.raises(errors.WaitTimeoutError, match="ArmoniK does not answer"):
        wait_for_results(channel, "session", [result], timeout=1)
    assert len(calls) < 10
    assert time.process_time() - began < 0.5


def test_an_aborted_result_raises_with_the_error_of_its_task(fake, channel):
    session = fake.add_session()
    task = fake.add_task(TaskStatus.ERROR, error="Task root failed:\nthe worker said no")
    result = fake.add_result(ResultStatus.ABORTED, owner=task)
    with pytest.raises(errors.ResultLostError, match="the worker said no"):
        wait_for_results(channel, session, [result], timeout=10)


def test_an_error_that_shows_a_moment_after_the_result_was_aborted_is_waited_for(fake, channel):
    session = fake.add_session()
    task = fake.add_task(TaskStatus.PROCESSING)
    result = fake.add_result(owner=task)

    def fail() -> None:
        fake.wait_for_call("GetEvents")
        fake.abort(result)
        fake.wait_for_call("GetTask")
        fake.tasks[task].output.error, fake.tasks[task].output.success = "at last", False
        fake.tasks[task].status = TaskStatus.ERROR

    thread = later(fail)
    with pytest.raises(errors.ResultLostError, match="at last"):
        wait_for_results(channel, session, [result], timeout=10)
    thread.join()


def test_a_deleted_result_raises(fake, channel):
    result = fake.add_result(ResultStatus.DELETED)
    with pytest.raises(errors.ResultLostError, match="deleted"):
        wait_for_results(channel, "session", [result], timeout=10)


def test_an_unknown_result_raises_long_before_the_deadline(fake, channel, monkeypatch):
    monkeypatch.setattr(waiting, "FIRST_LISTEN", 0.1)
    began = time.monotonic()
    with pytest.raises(errors.ResultLostError, match="no such result"):
        wait_for_results(channel, "session", ["typo"], timeout=30)
    assert time.monotonic() - began < 5


def test_the_deadline_ends_a_wait_with_a_diagnosis(fake, channel):
    session = fake.add_session(SessionStatus.PAUSED)
    result = fake.add_result(owner=fake.add_task(TaskStatus.PAUSED))
    began = time.monotonic()
    with pytest.raises(errors.WaitTimeoutError) as caught:
        wait_for_results(channel, session, [result], timeout=0.3)
    assert time.monotonic() - began < 3
    assert "No result after 0.3 seconds. The session is paused" in str(caught.value)
    assert "resume_session" in caught.value.hint


@pytest.mark.parametrize("timeout", [0, -1, float("nan")])
def test_a_timeout_that_makes_no_sense_is_refused(channel, timeout):
    with pytest.raises(errors.InputError, match="timeout"):
        wait_for_results(channel, "session", ["r"], timeout=timeout)


def test_a_call_that_armonik_does_not_allow_is_not_repeated(fake, channel):
    fake.streams = [forbidden_stream]
    with pytest.raises(errors.AccessDeniedError, match="not for you"):
        wait_for_results(channel, "session", [fake.add_result()], timeout=10)
    assert fake.calls == ["GetEvents"]


def test_events_about_other_things_are_passed_over(fake, channel):
    result = fake.add_result(ResultStatus.COMPLETED)

    def chatter(fake: FakeArmonik, request: Any, context: Any) -> Any:
        yield event("another", ResultStatus.ABORTED)
        yield event(result, ResultStatus.CREATED, new=True)
        yield type(event("x", 1))()  # of a kind that is not known yet
        yield event(result, ResultStatus.COMPLETED)
        yield event(result, ResultStatus.COMPLETED)

    fake.streams = [chatter]
    wait_for_results(channel, "session", [result], timeout=10)


def test_a_wait_can_be_cancelled_from_another_thread(fake, channel):
    cancellation = Cancellation()

    def cancel() -> None:
        fake.wait_for_call("GetEvents")
        cancellation.cancel()

    thread = later(cancel)
    began = time.monotonic()
    with pytest.raises(errors.WaitCancelledError):
        wait_for_results(
            channel, "session", [fake.add_result()], timeout=30, cancellation=cancellation
        )
    assert time.monotonic() - began < 5
    thread.join()


def test_a_wait_that_was_cancelled_before_does_not_begin(fake, channel):
    cancellation = Cancellation()
    cancellation.cancel()
    with pytest.raises(errors.WaitCancelledError):
        wait_for_results(channel, "session", ["r"], timeout=30, cancellation=cancellation)
    assert not fake.calls


def test_ctrl_c_ends_a_wait_and_the_server_is_told(fake, channel):
    gone = threading.Event()

    def silent(fake: FakeArmonik, request: Any, context: grpc.ServicerContext) -> Any:
        context.add_callback(gone.set)
        while context.is_active():
            time.sleep(0.01)
        return iter(())

    fake.streams = [silent]

    def interrupt() -> None:
        fake.wait_for_call("GetEvents")
        signal.raise_signal(signal.SIGINT)

    thread = later(interrupt)
    with pytest.raises(KeyboardInterrupt):
        wait_for_results(channel, "session", [fake.add_result()], timeout=30)
    assert gone.wait(5), "the stream was left open"
    thread.join()


@pytest.mark.parametrize(
    ("there", "missing", "what"),
    [
        (0, 1, "1 result (status CREATED)"),
        (2, 1, "1 result of 3 (status CREATED)"),
        (1, 1200, "1,200 results of 1,201 (status CREATED)"),
    ],
)
@pytest.mark.parametrize("wait", [wait_for_results, many.wait_all])
def test_after_ctrl_c_it_says_what_it_waited_for(
    fake, channel, monkeypatch, wait, there, missing, what
):
    ids = [fake.add_result(ResultStatus.COMPLETED) for _ in range(there)]
    ids += [fake.add_result() for _ in range(missing)]
    all_heard = len(ids) if wait is many.wait_all else min(len(ids), waiting.BATCH)
    heard, began = itertools.count(1), time.monotonic()
    note = waiting.Wait._note

    def interrupt(self: waiting.Wait, result_id: str, status: int) -> None:
        note(self, result_id, status)
        if self._began < began:  # the thread of the test before has not noticed yet that it is over
            return
        if next(heard) == all_heard:  # they come in any order
            signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(waiting.Wait, "_note", interrupt)
    with pytest.raises(WaitInterrupted) as caught:
        wait(channel, "session", ids, timeout=30)
    assert isinstance(caught.value, KeyboardInterrupt)
    first, second = caught.value._render_traceback_()
    assert first == f"Interrupted after 0 s while waiting for {what}."
    assert second == caught.value.hint


def test_an_error_of_the_listener_ends_the_wait(fake, channel):
    def complain(_: waiting.Progress) -> None:
        raise RuntimeError("from the callback")

    done = fake.add_result(ResultStatus.COMPLETED)
    with pytest.raises(RuntimeError, match="from the callback"):
        wait_for_results(channel, "session", [done], timeout=10, on_event=complain)
