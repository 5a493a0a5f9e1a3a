"""The life of a task: its statuses, failures, retries (52 to 61)."""

from collections.abc import Callable
from typing import Any

import pytest
from armonik.common import EventTypes, ResultStatus, TaskStatus
from armonik.protogen.common import tasks_common_pb2

from .driver import INSTANTS, ArmoniK, Submitted
from .waiting import MILLISECOND, eventually, is_status, shows, statuses_in

pytestmark = pytest.mark.both_roads

NewSession = Callable[..., str]

JOURNEY = [
    TaskStatus.CREATING,
    TaskStatus.PENDING,
    TaskStatus.SUBMITTED,
    TaskStatus.DISPATCHED,
    TaskStatus.PROCESSING,
    TaskStatus.COMPLETED,
]


def chain(armonik: ArmoniK, session: str, *script: list, length: int = 3) -> list[Submitted]:
    """Tasks that depend each on the output of the one before; the first does the script."""
    tasks = [armonik.submit(session, *script)]
    for _ in range(length - 1):
        tasks.append(armonik.submit(session, ["send", 0, "x"], dependencies=tasks[-1].outputs))
    return tasks


def wait_retry(
    armonik: ArmoniK, first: Submitted, status: TaskStatus, number: int = 1
) -> tasks_common_pb2.TaskDetailed:
    """Waits until a retry of a task, which may not exist yet, has this status."""
    retry_id = f"{first.task_id}###{number}"

    def look() -> Any:
        seen = armonik.session_tasks(first.session_id)
        return next((task for task in seen if (task.id, task.status) == (retry_id, status)), None)

    return eventually(look, bool)


# --- from created to ended -----------------------------------------------------------------------


@pytest.mark.statement(52)
def test_a_simple_task_goes_from_creating_to_completed(armonik: ArmoniK, session: str):
    sentinel = armonik.create_data(session, b"")
    with armonik.subscribe(
        session, EventTypes.NEW_TASK, EventTypes.TASK_STATUS_UPDATE, EventTypes.NEW_RESULT
    ) as events:
        events.until(lambda event: event.new_result.result_id == sentinel)
        task_id = armonik.submit(session, ["send", 0, "done"]).task_id
        seen = statuses_in(events.until(is_status(task_id, TaskStatus.COMPLETED)), task_id)
    assert seen == sorted(seen, key=JOURNEY.index), "in order"
    if armonik.embedded:  # elsewhere an event tells the status at the time of its reading
        assert seen == JOURNEY


@pytest.mark.statement(53)
def test_the_instants_of_a_task_are_in_order(armonik: ArmoniK, session: str):
    submitted = armonik.submit(session, ["sleep", 0.02], ["send", 0, "done"])
    task = armonik.wait_task(submitted.task_id, TaskStatus.COMPLETED)
    assert all(task.HasField(name) for name in INSTANTS)
    instants = [getattr(task, name).ToNanoseconds() for name in INSTANTS]
    assert instants == sorted(instants)
    shows(task, pod_ttl=..., status_message="")
    assert "" not in (task.owner_pod_id, task.pod_hostname)
    shows(task.output, success=True, error="")
    created, started, ended = instants[0], instants[5], instants[7]
    rounding = 2 * MILLISECOND
    assert abs(task.pod_ttl.ToNanoseconds() - started) < rounding
    assert abs(task.creation_to_end_duration.ToNanoseconds() - (ended - created)) < rounding
    assert abs(task.processing_to_end_duration.ToNanoseconds() - (ended - started)) < rounding
    assert ended - started >= 15 * MILLISECOND


@pytest.mark.statement(53)
def test_instants_that_have_not_come_are_absent(armonik: ArmoniK, session: str):
    waiting = armonik.submit(session, payload_id=armonik.create_results(session, "never")[0])
    task = armonik.wait_task(waiting.task_id, TaskStatus.PENDING)
    assert [name for name in INSTANTS if task.HasField(name)] == ["created_at"]
    assert not task.HasField("pod_ttl")
    assert not task.HasField("creation_to_end_duration") or not task.creation_to_end_duration.nanos
    assert task.owner_pod_id == ""


# --- failures ------------------------------------------------------------------------------------


@pytest.mark.statement(54)
def test_an_error_output_ends_a_task_at_once(armonik: ArmoniK, new_session: NewSession):
    session = new_session(max_retries=3)
    submitted = armonik.submit(session, ["error", "values must be positive"])
    task = armonik.wait_task(submitted.task_id, TaskStatus.ERROR)
    shows(task.output, success=False, error="values must be positive")
    assert armonik.wait_result(submitted.outputs[0], ResultStatus.ABORTED).HasField("completed_at")
    assert len(armonik.session_tasks(session)) == 1, "no retry"


@pytest.mark.statement(55)
@pytest.mark.statement(56)
def test_an_exception_is_retried_as_often_as_the_options_allow(
    armonik: ArmoniK, new_session: NewSession
):
    session = new_session(max_retries=2)
    dependency = armonik.create_data(session, b"data")
    first = armonik.submit(session, ["raise", "boom"], dependencies=[dependency])
    last_id = f"{first.task_id}###2"
    wait_retry(armonik, first, TaskStatus.ERROR, number=2)
    tasks = {task.id: task for task in armonik.session_tasks(session)}
    ids = [first.task_id, f"{first.task_id}###1", last_id]
    assert sorted(tasks) == sorted(ids)
    assert [tasks[i].status for i in ids] == [
        TaskStatus.RETRIED,
        TaskStatus.RETRIED,
        TaskStatus.ERROR,
    ]
    for k, task_id in enumerate(ids):
        shows(
            tasks[task_id],
            initial_task_id=first.task_id,
            retry_of_ids=ids[:k],
            created_by=ids[k - 1] if k else "",
            parent_task_ids=[session],
            payload_id=first.payload_id,
            data_dependencies=[dependency],
            expected_output_ids=first.outputs,
            options=tasks[first.task_id].options,
            ended_at=...,
        )
        shows(tasks[task_id].output, success=False)
        assert tasks[task_id].output.error.startswith("Worker returned error")
        assert "RuntimeError: boom" in tasks[task_id].output.error or not armonik.embedded
    assert armonik.wait_result(first.outputs[0], ResultStatus.ABORTED).owner_task_id == last_id


@pytest.mark.statement(57)
def test_a_retry_that_succeeds_completes_the_same_results(armonik: ArmoniK, session: str):
    submitted = armonik.submit(
        session,
        ["attempt", 0, [["raise", "boom"]]],
        ["send", 0, "better"],
        ["send", 1, "now"],
        outputs=2,
    )
    retry_id = f"{submitted.task_id}###1"
    for output, data in zip(submitted.outputs, [b"better", b"now"], strict=True):
        result = armonik.wait_result(output, ResultStatus.COMPLETED)
        assert result.owner_task_id == retry_id
        assert armonik.data(session, output) == data
    assert armonik.wait_task(submitted.task_id).status == TaskStatus.RETRIED
    assert armonik.wait_task(retry_id).status == TaskStatus.COMPLETED


@pytest.mark.statement(58)
@pytest.mark.embedded_only
def test_a_worker_that_dies_uses_up_retries_as_an_exception_does(armonik: ArmoniK, session: str):
    submitted = armonik.submit(session, ["send", 0, "lost"], ["die"])
    armonik.wait_task(submitted.task_id, TaskStatus.RETRIED)
    wait_retry(armonik, submitted, TaskStatus.ERROR)
    attempts = armonik.session_tasks(session)
    assert len(attempts) == 2
    for attempt in attempts:
        assert attempt.output.error.startswith("Worker went down"), attempt.output.error
    armonik.wait_result(submitted.outputs[0], ResultStatus.ABORTED)


@pytest.mark.statement(59)
def test_a_task_that_takes_too_long_is_timed_out(armonik: ArmoniK, new_session: NewSession):
    session = new_session(max_retries=3, max_duration=0.4)
    gate = armonik.create_results(session, "gate")[0]
    submitted = armonik.submit(session, ["send", 0, "unseen"], ["gate", gate])
    task = armonik.wait_task(submitted.task_id, TaskStatus.TIMEOUT)
    assert not task.output.success
    assert "Deadline Exceeded" in task.output.error
    assert task.processing_to_end_duration.ToNanoseconds() >= 390_000_000
    armonik.wait_result(submitted.outputs[0], ResultStatus.ABORTED)
    assert len(armonik.session_tasks(session)) == 1, "no retry"


@pytest.mark.statement(59)
@pytest.mark.embedded_only
def test_a_task_is_timed_out_at_once_even_if_its_worker_is_deaf(
    armonik: ArmoniK, new_session: NewSession
):
    session = new_session(max_duration=0.3)
    submitted = armonik.submit(session, ["sleep", 3.0], ["send", 0, "too late"])
    task = armonik.wait_task(submitted.task_id, TaskStatus.TIMEOUT)
    assert task.processing_to_end_duration.ToNanoseconds() < 900_000_000
    after = armonik.submit(session, ["send", 0, "by a worker that listens"])
    armonik.wait_task(after.task_id, TaskStatus.COMPLETED)


@pytest.mark.statement(60)
def test_what_depends_on_a_failed_task_fails_with_its_name(armonik: ArmoniK, session: str):
    gate = armonik.create_results(session, "gate")[0]
    root, *dependents = chain(armonik, session, ["gate", gate], ["error", "the root of it"])
    for task in dependents:
        armonik.wait_task(task.task_id, TaskStatus.PENDING)
    armonik.upload(session, gate, b"open")
    armonik.wait_task(root.task_id, TaskStatus.ERROR)
    for dependent in dependents:
        task = armonik.wait_task(dependent.task_id, TaskStatus.ERROR)
        assert root.task_id in task.output.error
        assert not task.HasField("started_at")
        armonik.wait_result(dependent.outputs[0], ResultStatus.ABORTED)


@pytest.mark.statement(61)
def test_an_attempt_that_will_be_retried_aborts_nothing(armonik: ArmoniK, session: str):
    gate = armonik.create_results(session, "gate")[0]
    first, dependent = chain(
        armonik,
        session,
        ["attempt", 0, [["raise", "boom"]]],
        ["gate", gate],
        ["send", 0, "better"],
        length=2,
    )
    armonik.wait_task(first.task_id, TaskStatus.RETRIED)
    retry = wait_retry(armonik, first, TaskStatus.PROCESSING)
    result = armonik.result(first.outputs[0])
    shows(result, status=ResultStatus.CREATED, owner_task_id=retry.id)
    assert armonik.task(dependent.task_id).status == TaskStatus.PENDING
    armonik.upload(session, gate, b"open")
    armonik.wait_task(dependent.task_id, TaskStatus.COMPLETED)
