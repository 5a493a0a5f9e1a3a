"""Sessions: created, paused, cancelled, closed, purged, deleted (statements 1 to 17)."""

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from armonik.common import ResultStatus, SessionStatus, TaskStatus
from armonik.protogen.common.partitions_common_pb2 import GetPartitionRequest
from grpc import StatusCode

from .driver import ArmoniK
from .waiting import MILLISECOND, fails_with, shows

NewSession = Callable[..., str]

NO_SUBMISSION = {"client_submission": False, "worker_submission": False}


@pytest.mark.statement(1)
def test_a_new_session_has_a_uuid_and_runs_and_takes_submissions(armonik: ArmoniK, session: str):
    assert str(uuid.UUID(session)) == session
    shows(
        armonik.session(session),
        session_id=session,
        status=SessionStatus.RUNNING,
        client_submission=True,
        worker_submission=True,
        partition_ids=[armonik.partition],
        options=armonik.options(),
        created_at=...,
    )


@pytest.mark.statement(2)
@pytest.mark.parametrize(
    "bad",
    [{"max_retries": 0}, {"priority": 0}, {"priority": 100}, {"max_duration": None}],
    ids=lambda bad: "-".join(f"{name} {value}" for name, value in bad.items()),
)
def test_a_session_needs_a_retry_count_a_priority_from_1_to_99_and_a_duration(
    armonik: ArmoniK, bad: dict[str, int | None]
):
    with fails_with(StatusCode.INVALID_ARGUMENT):
        armonik.create_session(**bad)


@pytest.mark.statement(2)
@pytest.mark.parametrize("priority", [1, 99])
def test_a_session_may_have_the_least_and_the_greatest_priority(
    armonik: ArmoniK, new_session: NewSession, priority: int
):
    assert armonik.session(new_session(priority=priority)).options.priority == priority


@pytest.mark.statement(3)
def test_an_unknown_partition_in_the_list_or_the_options_is_not_found(armonik: ArmoniK):
    with fails_with(StatusCode.NOT_FOUND):
        armonik.create_session([armonik.partition, "no-such-partition"])
    with fails_with(StatusCode.NOT_FOUND):
        armonik.create_session(partition_id="no-such-partition")


@pytest.mark.statement(4)
@pytest.mark.parametrize("nothing", [[], [""]], ids=["empty list", "empty name"])
def test_a_session_without_partitions_gets_the_default_one(
    armonik: ArmoniK, new_session: NewSession, nothing: list[str]
):
    seen = armonik.session(new_session(nothing, partition_id=""))
    assert len(seen.partition_ids) == 1
    assert seen.partition_ids[0] != ""
    assert seen.options.partition_id == seen.partition_ids[0]
    request = GetPartitionRequest(id=seen.options.partition_id)
    assert armonik.partitions.GetPartition(request).partition.id == seen.options.partition_id


@pytest.mark.statement(5)
@pytest.mark.parametrize(
    "verb", ["Get", "Pause", "Resume", "Cancel", "Close", "Purge", "StopSubmission"]
)
def test_an_unknown_session_can_be_neither_read_nor_moved(armonik: ArmoniK, verb: str):
    with fails_with(StatusCode.NOT_FOUND):
        armonik.move(verb, str(uuid.uuid4()))


@pytest.mark.statement(6)
def test_deleting_an_unknown_session_succeeds(armonik: ArmoniK):
    session_id = str(uuid.uuid4())
    reply = armonik.move("Delete", session_id)
    shows(
        reply,
        session_id=session_id,
        status=SessionStatus.DELETED,
        deleted_at=...,
        partition_ids=[],
    )


def refused(statement: int, *moves: str) -> Any:
    """The last of these moves is not allowed after the others."""
    return pytest.param(moves, marks=pytest.mark.statement(statement), id="-".join(moves))


@pytest.mark.parametrize(
    "moves",
    [
        refused(7, "Pause", "Pause"),
        refused(9, "Close", "Pause"),
        refused(9, "Close", "Resume"),
        refused(10, "Cancel", "Cancel"),
        refused(10, "Close", "Purge", "Cancel"),
        refused(11, "Close", "Close"),
        refused(12, "Purge"),
    ],
)
def test_a_move_that_the_status_does_not_allow_is_refused_and_changes_nothing(
    armonik: ArmoniK, session: str, moves: tuple[str, ...]
):
    *before, last = moves
    for verb in before:
        armonik.move(verb, session)
    seen = armonik.session(session)
    forgotten = moves in (("Close", "Pause"), ("Close", "Resume"))  # the real one has no such case
    codes, words = {StatusCode.FAILED_PRECONDITION}, "The session transition is invalid"
    if forgotten and not armonik.embedded:
        codes, words = codes | {StatusCode.UNKNOWN}, ""
    with fails_with(*codes, saying=words):
        armonik.move(last, session)
    assert armonik.session(session) == seen


@pytest.mark.statement(8)
def test_resuming_a_running_session_changes_nothing(armonik: ArmoniK, session: str):
    assert armonik.move("Resume", session).status == SessionStatus.RUNNING
    assert armonik.session(session).status == SessionStatus.RUNNING


@pytest.mark.statement(10)
def test_a_closed_session_can_be_cancelled(armonik: ArmoniK, session: str):
    armonik.move("Close", session)
    reply = armonik.move("Cancel", session)
    shows(reply, status=SessionStatus.CANCELLED, cancelled_at=..., **NO_SUBMISSION)


@pytest.mark.statement(11)
def test_closing_sets_when_and_how_long_and_ends_submission(armonik: ArmoniK, session: str):
    reply = armonik.move("Close", session)
    shows(reply, status=SessionStatus.CLOSED, **NO_SUBMISSION)
    lasted = reply.closed_at.ToNanoseconds() - reply.created_at.ToNanoseconds()
    assert lasted >= 0
    assert abs(reply.duration.ToNanoseconds() - lasted) < 2 * MILLISECOND, "closed - created"
    shows(armonik.session(session), status=SessionStatus.CLOSED, closed_at=..., duration=...)


@pytest.mark.statement(12)
@pytest.mark.embedded_only
@pytest.mark.parametrize("before", [[], ["Pause"]], ids=["running", "paused"])
def test_a_refused_purge_leaves_the_data_alone(armonik: ArmoniK, session: str, before: list[str]):
    result_id = armonik.create_data(session, b"still here")
    for verb in before:
        armonik.move(verb, session)
    with fails_with(StatusCode.FAILED_PRECONDITION):
        armonik.move("Purge", session)
    assert armonik.result(result_id).status == ResultStatus.COMPLETED
    assert armonik.data(session, result_id) == b"still here"


@pytest.mark.statement(13)
def test_purging_a_closed_session_deletes_its_data_but_what_is_deleted_by_hand(
    armonik: ArmoniK, session: str
):
    result_id = armonik.create_data(session, b"to be purged")
    by_hand = armonik.create_data(session, b"mine", manual_deletion=True)
    armonik.move("Close", session)
    reply = armonik.move("Purge", session)
    shows(reply, status=SessionStatus.PURGED, purged_at=...)
    shows(armonik.result(result_id), status=ResultStatus.DELETED, opaque_id=b"")
    assert armonik.result(by_hand).status == ResultStatus.COMPLETED
    assert armonik.data(session, by_hand) == b"mine"
    with fails_with(StatusCode.NOT_FOUND):
        armonik.data(session, result_id)


@pytest.mark.statement(14)
def test_a_deleted_session_is_gone_with_its_tasks_and_results(armonik: ArmoniK, session: str):
    done = armonik.submit(session, ["send", 0, "done"])
    armonik.wait_task(done.task_id, TaskStatus.COMPLETED)
    shows(armonik.move("Delete", session), status=SessionStatus.DELETED, deleted_at=...)
    for read, gone in (
        (armonik.session, session),
        (armonik.task, done.task_id),
        (armonik.result, done.outputs[0]),
    ):
        with fails_with(StatusCode.NOT_FOUND):
            read(gone)


@pytest.mark.statement(15)
def test_workers_may_submit_after_clients_may_not(armonik: ArmoniK, session: str):
    gate = armonik.create_results(session, "gate")[0]
    parent = armonik.submit(
        session, ["gate", gate], ["subtask", [["send", 0, "from the subtask"]], [0]]
    )
    before = armonik.session(session)
    assert armonik.move("StopSubmission", session) == before, "nobody is stopped"
    reply = armonik.move("StopSubmission", session, client=True)
    shows(reply, client_submission=False, worker_submission=True)
    with fails_with(StatusCode.FAILED_PRECONDITION, saying="Client submission is closed"):
        armonik.submit(session, ["send", 0, "refused"])
    armonik.upload(session, gate, b"open")
    armonik.wait_result(parent.outputs[0], ResultStatus.COMPLETED)
    assert armonik.data(session, parent.outputs[0]) == b"from the subtask"


@pytest.mark.statement(16)
def test_cancelling_a_session_aborts_what_is_missing_and_keeps_what_is_there(
    armonik: ArmoniK, session: str
):
    missing = armonik.create_results(session, "missing")[0]
    present = armonik.create_data(session, b"present")
    armonik.move("Cancel", session)
    aborted = armonik.wait_result(missing, ResultStatus.ABORTED)
    assert not aborted.HasField("completed_at")
    assert armonik.result(present).status == ResultStatus.COMPLETED
    assert armonik.data(session, present) == b"present"


@pytest.mark.statement(16)
def test_cancelling_a_session_cancels_the_running_task(armonik: ArmoniK, session: str):
    running, _ = armonik.submit_busy(session)
    armonik.move("Cancel", session)
    armonik.wait_task(running.task_id, TaskStatus.CANCELLED)
    assert armonik.result(running.outputs[0]).status == ResultStatus.ABORTED


@pytest.mark.statement(16)
@pytest.mark.embedded_only
def test_cancelling_a_session_cancels_tasks_that_wait_for_data(armonik: ArmoniK, session: str):
    never = armonik.create_results(session, "never")[0]
    pending = armonik.submit(session, payload_id=never)
    armonik.wait_task(pending.task_id, TaskStatus.PENDING)
    armonik.move("Cancel", session)
    armonik.wait_task(pending.task_id, TaskStatus.CANCELLED)


@pytest.mark.statement(17)
@pytest.mark.embedded_only
def test_closing_lets_the_running_task_finish_and_cancels_those_still_queued(
    single: ArmoniK, single_session: str
):
    running, gate = single.submit_busy(single_session)
    waiting = [single.submit(single_session, ["send", 0, "never"]) for _ in range(3)]
    single.move("Close", single_session)
    # The agent may hold one of them already (DISPATCHED); the others are in the queue.
    queued = [t for t in waiting if single.task(t.task_id).status != TaskStatus.DISPATCHED]
    assert len(queued) >= 2
    single.upload(single_session, gate, b"open")
    single.wait_task(running.task_id, TaskStatus.COMPLETED)
    assert single.data(single_session, running.outputs[0]) == b"finished"
    for task in queued:
        single.wait_task(task.task_id, TaskStatus.CANCELLED)
        single.wait_result(task.outputs[0], ResultStatus.ABORTED)
