"""Tasks held back: cancelled, paused, and served by priority (statements 62 to 66)."""

import pytest
from armonik.common import EventTypes, ResultStatus, TaskStatus

from .driver import ArmoniK
from .waiting import is_status, shows, statuses_in

pytestmark = pytest.mark.both_roads


# --- cancellation --------------------------------------------------------------------------------


@pytest.mark.statement(62)
def test_cancelling_ignores_unknown_and_final_tasks(armonik: ArmoniK, session: str):
    done = armonik.submit(session, ["send", 0, "done"])
    armonik.wait_task(done.task_id, TaskStatus.COMPLETED)
    never = armonik.create_results(session, "never")[0]
    pending = armonik.submit(session, payload_id=never)
    reply = {
        task.id: task for task in armonik.cancel(done.task_id, "no-such-task", pending.task_id)
    }
    assert {pending.task_id} <= set(reply) <= {pending.task_id, done.task_id}
    assert reply[pending.task_id].status in (TaskStatus.CANCELLING, TaskStatus.CANCELLED)
    assert reply[pending.task_id].session_id == session
    shows(armonik.task(done.task_id), status=TaskStatus.COMPLETED)
    shows(armonik.result(done.outputs[0]), status=ResultStatus.COMPLETED)
    armonik.wait_result(pending.outputs[0], ResultStatus.ABORTED)


@pytest.mark.statement(62)
@pytest.mark.embedded_only
@pytest.mark.parametrize("status", [TaskStatus.PENDING, TaskStatus.PAUSED])
def test_a_task_outside_the_queue_does_not_stay_cancelling_for_ever(
    armonik: ArmoniK, session: str, status: TaskStatus
):
    if status == TaskStatus.PENDING:
        payload_id = armonik.create_results(session, "never")[0]
    else:
        payload_id = armonik.payload(session, ["send", 0, "x"])
        armonik.move("Pause", session)
    task = armonik.submit(session, payload_id=payload_id)
    armonik.wait_task(task.task_id, status)
    armonik.cancel(task.task_id)
    assert armonik.wait_task(task.task_id, TaskStatus.CANCELLED).HasField("ended_at")
    armonik.wait_result(task.outputs[0], ResultStatus.ABORTED)


@pytest.mark.statement(63)
def test_a_running_task_can_be_cancelled_without_waiting_for_its_worker(
    armonik: ArmoniK, session: str
):
    running = armonik.submit(session, ["sleep", 3.0], ["send", 0, "too late"])
    started = armonik.wait_task(running.task_id, TaskStatus.PROCESSING).started_at
    assert [task.id for task in armonik.cancel(running.task_id)] == [running.task_id]
    task = armonik.wait_task(running.task_id, TaskStatus.CANCELLED)
    lasted = task.ended_at.ToNanoseconds() - started.ToNanoseconds()
    assert lasted < (900_000_000 if armonik.embedded else 2_500_000_000)
    armonik.wait_result(running.outputs[0], ResultStatus.ABORTED)


@pytest.mark.statement(63)
def test_what_depends_on_a_cancelled_task_fails_and_says_why(armonik: ArmoniK, session: str):
    never = armonik.create_results(session, "never")[0]
    root = armonik.submit(session, payload_id=never)
    dependent = armonik.submit(session, ["send", 0, "x"], dependencies=root.outputs)
    armonik.cancel(root.task_id)
    task = armonik.wait_task(dependent.task_id, TaskStatus.ERROR)
    assert "Client requested cancellation of tasks" in task.output.error
    assert root.task_id in task.output.error
    armonik.wait_result(dependent.outputs[0], ResultStatus.ABORTED)


@pytest.mark.statement(64)
@pytest.mark.embedded_only
def test_a_queued_task_goes_from_cancelling_to_cancelled(single: ArmoniK, single_session: str):
    _, gate = single.submit_busy(single_session)
    queued = [single.submit(single_session, ["send", 0, "never"]) for _ in range(3)]
    sentinel = single.create_data(single_session, b"")
    with single.subscribe(
        single_session, EventTypes.TASK_STATUS_UPDATE, EventTypes.NEW_RESULT
    ) as events:
        events.until(lambda event: event.new_result.result_id == sentinel)
        single.cancel(*(task.task_id for task in queued))
        single.upload(single_session, gate, b"open")
        for task in queued:
            seen = statuses_in(
                events.until(is_status(task.task_id, TaskStatus.CANCELLED)), task.task_id
            )
            assert seen[-2:] == [TaskStatus.CANCELLING, TaskStatus.CANCELLED]
            assert not single.task(task.task_id).HasField("started_at")
            single.wait_result(task.outputs[0], ResultStatus.ABORTED)


# --- pauses and priorities -----------------------------------------------------------------------


@pytest.mark.statement(65)
@pytest.mark.embedded_only
def test_a_pause_holds_what_is_queued_and_lets_the_running_task_finish(
    single: ArmoniK, single_session: str
):
    running, gate = single.submit_busy(single_session)
    queued = [single.submit(single_session, ["send", 0, "x"]) for _ in range(3)]
    single.move("Pause", single_session)
    for task in queued:
        single.wait_task(task.task_id, TaskStatus.PAUSED)
    assert single.task(running.task_id).status == TaskStatus.PROCESSING
    single.upload(single_session, gate, b"open")
    single.wait_task(running.task_id, TaskStatus.COMPLETED)
    assert [single.task(task.task_id).status for task in queued] == [TaskStatus.PAUSED] * 3
    single.move("Resume", single_session)
    for task in queued:
        single.wait_task(task.task_id, TaskStatus.COMPLETED)


@pytest.mark.statement(65)
@pytest.mark.embedded_only
def test_a_resumed_session_runs_what_became_ready_during_the_pause(
    single: ArmoniK, single_session: str
):
    parent, gate = single.submit_busy(single_session)
    dependent = single.submit(single_session, ["send", 0, "x"], dependencies=parent.outputs)
    single.wait_task(dependent.task_id, TaskStatus.PENDING)
    single.move("Pause", single_session)
    single.upload(single_session, gate, b"open")
    single.wait_task(parent.task_id, TaskStatus.COMPLETED)
    single.wait_task(dependent.task_id, TaskStatus.PAUSED)
    single.move("Resume", single_session)
    single.wait_task(dependent.task_id, TaskStatus.COMPLETED)


@pytest.mark.statement(66)
@pytest.mark.embedded_only
def test_a_higher_priority_starts_first(single: ArmoniK, single_session: str):
    _, gate = single.submit_busy(single_session)
    priorities = [1, 5, 2, 9, 1, 5, 2, 9]
    queued = [
        single.submit(
            single_session, ["send", 0, "x"], task_options=single.options(priority=priority)
        )
        for priority in priorities
    ]
    single.upload(single_session, gate, b"open")
    tasks = [single.wait_task(task.task_id, TaskStatus.COMPLETED) for task in queued]
    tasks.sort(key=lambda task: task.started_at.ToNanoseconds())
    order = [task.options.priority for task in tasks]
    # The agent fetches one task ahead: while the worker was busy it may have taken the first one.
    prefetched = order.pop(0) if order[0] == priorities[0] else None
    assert order == sorted(order, reverse=True), f"prefetched {prefetched}"
