"""Where a real ArmoniK has a defect, the embedded one does what its users would expect.

The rest of the table in `hello_helpers/embedded/README.md`: what no statement is about.
"""

import uuid
from collections.abc import Callable

import pytest
from armonik.common import ResultStatus, TaskStatus
from armonik.protogen.common.results_common_pb2 import GetOwnerTaskIdRequest
from grpc import StatusCode

from .driver import ArmoniK
from .waiting import fails_with

pytestmark = pytest.mark.embedded_only

NewSession = Callable[..., str]


def test_a_session_may_name_a_partition_twice(armonik: ArmoniK, new_session: NewSession):
    session = armonik.session(new_session([armonik.partition] * 2))
    assert list(session.partition_ids) == [armonik.partition]


def test_closing_a_paused_session_cancels_its_paused_tasks(armonik: ArmoniK, session: str):
    armonik.move("Pause", session)
    task = armonik.submit(session, ["send", 0, "x"])
    armonik.wait_task(task.task_id, TaskStatus.PAUSED)
    armonik.move("Close", session)
    armonik.wait_task(task.task_id, TaskStatus.CANCELLED)
    armonik.wait_result(task.outputs[0], ResultStatus.ABORTED)


def test_an_expected_output_that_does_not_exist_is_not_found(armonik: ArmoniK, session: str):
    with fails_with(StatusCode.NOT_FOUND, saying="no-such-result"):
        armonik.submit(session, ["send", 0, "x"], outputs=["no-such-result"])
    assert armonik.session_tasks(session) == []


def test_task_options_without_a_duration_inherit_it(armonik: ArmoniK, new_session: NewSession):
    session = new_session(max_duration=50)
    options = armonik.options(max_duration=None, options={"color": "red"})
    task = armonik.submit(session, ["send", 0, "x"], submission_options=options)
    assert armonik.task(task.task_id).options.max_duration.seconds == 50


@pytest.mark.parametrize("with_data", [False, True])
def test_an_unknown_session_takes_no_results(armonik: ArmoniK, with_data: bool):
    with fails_with(StatusCode.NOT_FOUND, saying="Session was not found"):
        if with_data:
            armonik.create_data(str(uuid.uuid4()), b"data")
        else:
            armonik.create_results(str(uuid.uuid4()), "result")


def test_the_owners_of_results_are_told_by_the_results_ids(armonik: ArmoniK, session: str):
    task = armonik.submit(session, ["send", 0, "x"])
    reply = armonik.results.GetOwnerTaskId(
        GetOwnerTaskIdRequest(session_id=session, result_id=[task.outputs[0], "no-such-result"])
    )
    assert [(pair.result_id, pair.task_id) for pair in reply.result_task] == [
        (task.outputs[0], task.task_id)
    ]


def test_a_task_tells_how_long_it_took_from_its_reception(armonik: ArmoniK, session: str):
    submitted = armonik.submit(session, ["send", 0, "x"])
    task = armonik.wait_task(submitted.task_id, TaskStatus.COMPLETED)
    lasted = task.ended_at.ToNanoseconds() - task.received_at.ToNanoseconds()
    assert task.received_to_end_duration.ToNanoseconds() == lasted > 0


@pytest.mark.both_roads
def test_an_output_that_was_announced_but_not_written_is_a_failure(armonik: ArmoniK, session: str):
    submitted = armonik.submit(session, ["announce", 0])
    armonik.wait_task(submitted.task_id, TaskStatus.RETRIED)
    assert armonik.wait_result(submitted.outputs[0], ResultStatus.ABORTED).size == 0


@pytest.mark.both_roads
def test_a_worker_is_told_why_it_may_not_submit(armonik: ArmoniK, session: str):
    child = ["subtask", [["send", 0, "x"]], ["output"]]
    elsewhere = armonik.submit(session, ["refusal", *child, "not-in-the-list"], ["report", 0])
    assert armonik.report(elsewhere) == ["INVALID_ARGUMENT"]
    armonik.move("StopSubmission", session, worker=True)
    closed = armonik.submit(session, ["refusal", *child], ["report", 0])
    assert armonik.report(closed) == ["FAILED_PRECONDITION"]
    assert len(armonik.session_tasks(session)) == 2
