"""The Submitter service, as clients of versions 3.12 and 3.15 use it (statements 87 to 90)."""

import json
import threading
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from armonik.common import ResultStatus, TaskStatus
from armonik.protogen.common.objects_pb2 import (
    Empty,
    Session,
    TaskOutputRequest,
    TaskRequest,
)
from armonik.protogen.common.submitter_common_pb2 import (
    CreateSmallTaskRequest,
    GetResultStatusRequest,
    GetTaskStatusRequest,
    SessionFilter,
    TaskFilter,
    WaitRequest,
)
from grpc import StatusCode

from .driver import ArmoniK
from .old_client import OldClient
from .waiting import PATIENCE, fails_with, shows


def script(*actions: list[Any]) -> bytes:
    return json.dumps({"do": actions}).encode()


@pytest.fixture
def old(armonik: ArmoniK) -> OldClient:
    return OldClient(armonik)


@pytest.fixture
def session(old: OldClient, armonik: ArmoniK) -> Iterator[str]:
    session_id = old.create_session(armonik.options(), [armonik.partition])
    yield session_id
    armonik.forget(session_id)


def submit_one(old: OldClient, session: str, *actions: list[Any]) -> tuple[str, str]:
    """One task that does the script: its id, and the id of its output."""
    output = old.get_results_ids(session, ["output"])[0]
    return old.submit(session, [(script(*actions), [output], [])])[0].task_id, output


def submit_busy(old: OldClient, session: str, *then: list[Any]) -> tuple[str, str, str]:
    """One task that a worker is busy with until its gate is uploaded: its id, output and gate."""
    gate = old.get_results_ids(session, ["gate"])[0]
    task_id, output = submit_one(old, session, ["gate", gate], *(then or [["send", 0, "x"]]))
    old.armonik.wait_task(task_id, TaskStatus.PROCESSING)
    return task_id, output, gate


def statuses(counts: Any) -> dict[int, int]:
    """How many tasks have which status."""
    return {count.status: count.count for count in counts if count.count}


# --- the way to a result -------------------------------------------------------------------------


@pytest.mark.statement(87)
def test_an_old_client_comes_to_its_results(old: OldClient, session: str, armonik: ArmoniK):
    first, second = old.get_results_ids(session, ["first", "second"])
    infos = old.submit(
        session,
        [
            (script(["send", 0, "one"]), [first], []),
            (script(["dependencies"], ["report", 0]), [second], [first]),
        ],
    )
    assert [list(info.expected_output_keys) for info in infos] == [[first], [second]]
    assert [list(info.data_dependencies) for info in infos] == [[], [first]]
    assert len({info.task_id for info in infos}) == 2
    for result_id in (first, second):
        assert old.wait_for_availability(session, result_id).WhichOneof("type") == "ok"
    assert old.get_result(session, first) == b"one"
    assert json.loads(old.get_result(session, second) or b"") == [["one"]]
    for info in infos:
        payload = armonik.result(info.payload_id)
        assert (payload.name, payload.owner_task_id) == ("", session)
        assert payload.status == ResultStatus.COMPLETED


@pytest.mark.statement(87)
@pytest.mark.parametrize(
    ("bad", "code"),
    [
        ({"max_retries": 0}, StatusCode.INVALID_ARGUMENT),
        ({"priority": 100}, StatusCode.INVALID_ARGUMENT),
        ({"partition_id": "no-such-partition"}, StatusCode.NOT_FOUND),
    ],
)
def test_an_old_client_cannot_make_what_a_new_one_cannot(
    old: OldClient, armonik: ArmoniK, bad: dict[str, Any], code: StatusCode
):
    with fails_with(code):
        old.create_session(armonik.options(**bad), [armonik.partition])


@pytest.mark.statement(87)
def test_an_old_client_may_send_large_and_empty_payloads_and_no_task_at_all(
    old: OldClient, session: str, armonik: ArmoniK
):
    assert (old.submit(session, []), armonik.session_tasks(session)) == ([], [])
    large = script(["send", 0, "done"]) + b" " * (5 << 20)
    outputs = old.get_results_ids(session, ["large", "empty"])
    infos = old.submit(session, [(large, outputs[:1], []), (b"", outputs[1:], [])])
    assert [armonik.result(info.payload_id).size for info in infos] == [len(large), 0]
    assert old.wait_for_availability(session, outputs[0]).WhichOneof("type") == "ok"
    assert old.get_result(session, outputs[0]) == b"done"


@pytest.mark.statement(87)
def test_an_old_client_may_give_options_with_its_tasks(
    old: OldClient, session: str, armonik: ArmoniK
):
    output = old.get_results_ids(session, ["output"])
    options = armonik.options(max_duration=17, priority=3, options={"color": "red"})
    info = old.submit(session, [(script(["send", 0, "x"]), output, [])], options)[0]
    assert armonik.task(info.task_id).options == options


@pytest.mark.statement(87)
def test_an_old_client_may_create_small_tasks(old: OldClient, session: str, armonik: ArmoniK):
    output = old.get_results_ids(session, ["output"])
    request = CreateSmallTaskRequest(
        session_id=session,
        task_options=armonik.options(),
        task_requests=[
            TaskRequest(payload=script(["send", 0, "small"]), expected_output_keys=output)
        ],
    )
    reply = old.stub.CreateSmallTasks(request)
    (status,) = reply.creation_status_list.creation_statuses
    armonik.wait_task(status.task_info.task_id, TaskStatus.COMPLETED)
    assert old.get_result(session, output[0]) == b"small"


@pytest.mark.statement(87)
def test_an_old_client_waits_for_a_result_until_it_is_there(
    old: OldClient, session: str, armonik: ArmoniK
):
    _, output, gate = submit_busy(old, session, ["send", 0, "at last"])
    threading.Timer(0.2, armonik.upload, (session, gate, b"open")).start()
    assert old.wait_for_availability(session, output).WhichOneof("type") == "ok"
    assert old.get_result(session, output) == b"at last"


# --- a result, or why there is none --------------------------------------------------------------


@pytest.mark.statement(88)
@pytest.mark.parametrize("size", [0, 5, 5 << 20])
def test_a_result_ends_with_the_word_that_it_is_complete(
    old: OldClient, session: str, armonik: ArmoniK, size: int
):
    result_id = armonik.create_results(session, "result")[0]
    armonik.upload(session, result_id, *([b"x" * (1 << 20)] * (size >> 20)), b"y" * (size % 1024))
    replies = old.stream(session, result_id)
    assert {reply.WhichOneof("type") for reply in replies} == {"result"}
    assert [reply.result.WhichOneof("type") for reply in replies[:-1]] == ["data"] * (
        len(replies) - 1
    )
    assert replies[-1].result.WhichOneof("type") == "data_complete"
    assert replies[-1].result.data_complete
    assert b"".join(reply.result.data for reply in replies) == armonik.data(session, result_id)


@pytest.mark.statement(89)
def test_the_result_of_a_running_task_is_not_complete(
    old: OldClient, session: str, armonik: ArmoniK
):
    task_id, output, gate = submit_busy(old, session)
    (reply,) = old.stream(session, output)
    assert (reply.WhichOneof("type"), reply.not_completed_task) == ("not_completed_task", task_id)
    armonik.upload(session, gate, b"open")
    armonik.wait_task(task_id, TaskStatus.COMPLETED)


@pytest.mark.statement(89)
def test_a_result_that_no_task_will_make_is_not_found(old: OldClient, session: str):
    orphan = old.get_results_ids(session, ["orphan"])[0]
    with fails_with(StatusCode.NOT_FOUND):
        old.get_result(session, orphan)


@pytest.mark.statement(90)
def test_waiting_for_an_aborted_result_and_reading_it_tell_its_tasks_error(
    old: OldClient, session: str
):
    task_id, output = submit_one(old, session, ["error", "values must be positive"])
    reply = old.wait_for_availability(session, output)
    assert reply.WhichOneof("type") == "error"
    assert reply.error.task_id == task_id
    (error,) = reply.error.errors
    shows(error, task_status=TaskStatus.ERROR, detail="values must be positive")
    with pytest.raises(RuntimeError, match="values must be positive"):
        old.get_result(session, output)


# --- tasks and sessions --------------------------------------------------------------------------


def tasks_of(session: str, **more: Any) -> TaskFilter:
    return TaskFilter(session=TaskFilter.IdsRequest(ids=[session]), **more)


@pytest.mark.statement(87)
def test_an_old_client_can_ask_for_statuses_lists_and_counts(
    old: OldClient, session: str, armonik: ArmoniK
):
    good, output = submit_one(old, session, ["send", 0, "x"])
    bad, _ = submit_one(old, session, ["error", "no"])
    armonik.wait_task(good, TaskStatus.COMPLETED)
    armonik.wait_task(bad, TaskStatus.ERROR)
    reply = old.stub.GetTaskStatus(GetTaskStatusRequest(task_ids=[good, bad]))
    assert {pair.task_id: pair.status for pair in reply.id_statuses} == {
        good: TaskStatus.COMPLETED,
        bad: TaskStatus.ERROR,
    }
    assert set(old.stub.ListTasks(tasks_of(session)).task_ids) == {good, bad}
    only_good = TaskFilter.StatusesRequest(statuses=[TaskStatus.COMPLETED])
    assert list(old.stub.ListTasks(tasks_of(session, included=only_good)).task_ids) == [good]
    assert list(old.stub.ListTasks(tasks_of(session, excluded=only_good)).task_ids) == [bad]
    by_id = TaskFilter(task=TaskFilter.IdsRequest(ids=[bad]))
    assert list(old.stub.ListTasks(by_id).task_ids) == [bad]
    counts = old.stub.CountTasks(tasks_of(session)).values
    assert statuses(counts) == {TaskStatus.COMPLETED: 1, TaskStatus.ERROR: 1}
    request = GetResultStatusRequest(session_id=session, result_ids=[output])
    (pair,) = old.stub.GetResultStatus(request).id_statuses
    assert (pair.result_id, pair.status) == (output, ResultStatus.COMPLETED)
    task_output = old.stub.TryGetTaskOutput(TaskOutputRequest(session=session, task_id=bad))
    assert task_output.error.details == "no"


@pytest.mark.statement(87)
def test_a_filter_that_names_neither_sessions_nor_tasks_is_refused(old: OldClient):
    with fails_with(StatusCode.INVALID_ARGUMENT):
        old.stub.ListTasks(TaskFilter())


@pytest.mark.statement(87)
def test_waiting_for_completion_ends_when_all_tasks_are_complete(old: OldClient, session: str):
    outputs = old.get_results_ids(session, ["a", "b", "c"])
    old.submit(session, [(script(["send", 0, "x"]), [output], []) for output in outputs])
    reply = old.stub.WaitForCompletion(WaitRequest(filter=tasks_of(session)), timeout=PATIENCE)
    assert statuses(reply.values) == {TaskStatus.COMPLETED: 3}


@pytest.mark.statement(87)
@pytest.mark.embedded_only
def test_waiting_for_completion_ends_after_a_failure_too(old: OldClient, session: str):
    submit_one(old, session, ["send", 0, "x"])
    submit_one(old, session, ["error", "no"])
    submit_one(old, session, ["attempt", 0, [["raise", "boom"]]], ["send", 0, "x"])
    reply = old.stub.WaitForCompletion(WaitRequest(filter=tasks_of(session)), timeout=PATIENCE)
    assert statuses(reply.values) == {
        TaskStatus.COMPLETED: 2,
        TaskStatus.ERROR: 1,
        TaskStatus.RETRIED: 1,
    }


@pytest.mark.statement(87)
def test_waiting_for_completion_can_stop_at_the_first_error(
    old: OldClient, session: str, armonik: ArmoniK
):
    busy, _, gate = submit_busy(old, session)
    submit_one(old, session, ["error", "no"])
    request = WaitRequest(filter=tasks_of(session), stop_on_first_task_error=True)
    reply = old.stub.WaitForCompletion(request, timeout=PATIENCE)
    assert statuses(reply.values)[TaskStatus.ERROR] == 1
    armonik.upload(session, gate, b"open")
    armonik.wait_task(busy, TaskStatus.COMPLETED)


@pytest.mark.statement(87)
def test_an_old_client_can_cancel_tasks(old: OldClient, session: str, armonik: ArmoniK):
    task_id, output, _ = submit_busy(old, session)
    old.stub.CancelTasks(TaskFilter(task=TaskFilter.IdsRequest(ids=[task_id])))
    armonik.wait_task(task_id, TaskStatus.CANCELLED)
    armonik.wait_result(output, ResultStatus.ABORTED)


@pytest.mark.statement(87)
@pytest.mark.embedded_only
def test_an_old_client_that_cancels_a_session_cancels_its_tasks(
    old: OldClient, session: str, armonik: ArmoniK
):
    running, output, _ = submit_busy(old, session)
    assert old.stub.CancelSession(Session(id=session)) == Empty()
    armonik.wait_task(running, TaskStatus.CANCELLED)
    armonik.wait_result(output, ResultStatus.ABORTED)
    with fails_with(StatusCode.FAILED_PRECONDITION):
        armonik.submit(session, ["send", 0, "x"])


@pytest.mark.statement(87)
def test_an_old_client_can_list_sessions(old: OldClient, session: str):
    request = SessionFilter(sessions=[session, str(uuid.uuid4())])
    assert list(old.stub.ListSessions(request).session_ids) == [session]
