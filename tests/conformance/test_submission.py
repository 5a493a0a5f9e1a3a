"""Submitting tasks: what is refused, what is kept, how options merge (statements 18 to 32)."""

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from armonik.common import ResultStatus, TaskStatus
from armonik.protogen.common.tasks_common_pb2 import SubmitTasksRequest
from grpc import StatusCode

from .driver import ArmoniK, duration
from .waiting import fails_with, shows

NewSession = Callable[..., str]


@pytest.mark.statement(18)
def test_submitting_to_an_unknown_session_is_not_found(armonik: ArmoniK, session: str):
    payload_id, output = armonik.payload(session), armonik.create_results(session, "output")
    with fails_with(StatusCode.NOT_FOUND):
        armonik.submit(str(uuid.uuid4()), payload_id=payload_id, outputs=output)


@pytest.mark.statement(19)
def test_submitting_no_task_is_refused(armonik: ArmoniK, session: str):
    with fails_with(StatusCode.INVALID_ARGUMENT):
        armonik.submit_all(session, [])


@pytest.mark.statement(20)
@pytest.mark.parametrize("moves", [["Cancel"], ["Close"], ["Close", "Purge"]], ids="-".join)
def test_an_ended_session_takes_no_tasks(armonik: ArmoniK, session: str, moves: list[str]):
    payload_id, output = armonik.payload(session), armonik.create_results(session, "output")
    for verb in moves:
        armonik.move(verb, session)
    with fails_with(StatusCode.FAILED_PRECONDITION, saying="Client submission is closed"):
        armonik.submit(session, payload_id=payload_id, outputs=output)
    assert armonik.session_tasks(session) == []


@pytest.mark.statement(21)
def test_a_paused_session_takes_tasks_and_pauses_those_that_are_ready(
    armonik: ArmoniK, session: str
):
    armonik.move("Pause", session)
    ready = armonik.submit(session, ["send", 0, "later"])
    paused = armonik.wait_task(ready.task_id, TaskStatus.PAUSED)
    assert not paused.HasField("started_at")
    armonik.move("Resume", session)
    armonik.wait_task(ready.task_id, TaskStatus.COMPLETED)


own_options = pytest.param("task_options", marks=pytest.mark.embedded_only)


@pytest.mark.parametrize("level", ["submission_options", own_options])
@pytest.mark.parametrize(
    ("option", "words"),
    [
        pytest.param({"partition_id": "elsewhere"}, "", marks=pytest.mark.statement(22)),
        pytest.param({"priority": 1000}, "Max priority is", marks=pytest.mark.statement(23)),
    ],
    ids=["a partition outside the session's list", "a priority above the queue's greatest"],
)
def test_options_that_cannot_be_are_refused(
    armonik: ArmoniK, session: str, level: str, option: dict[str, Any], words: str
):
    codes = {StatusCode.INVALID_ARGUMENT}
    if "partition_id" in option and not armonik.embedded:
        codes.add(StatusCode.UNKNOWN)
    with fails_with(*codes, saying=words):
        armonik.submit(session, ["send", 0, "x"], **{level: armonik.options(**option)})
    assert armonik.session_tasks(session) == []


@pytest.mark.statement(24)
@pytest.mark.parametrize(
    ("unknown", "named"),
    [
        ({"payload_id": ""}, ""),
        ({"payload_id": "no-such-payload"}, "no-such-payload"),
        ({"data_dependencies": ["no-such-result"]}, "no-such-result"),
    ],
    ids=["an empty payload id", "a payload", "a dependency"],
)
def test_what_is_unknown_is_not_found_and_no_task_remains(
    armonik: ArmoniK, session: str, unknown: dict[str, Any], named: str
):
    first, second = ([output] for output in armonik.create_results(session, "first", "second"))
    sound = {"payload_id": armonik.payload(session, ["send", 0, "x"])}
    creations = [
        SubmitTasksRequest.TaskCreation(**sound, expected_output_keys=first),
        SubmitTasksRequest.TaskCreation(**{**sound, **unknown}, expected_output_keys=second),
    ]
    with fails_with(StatusCode.NOT_FOUND, saying=named):
        armonik.submit_all(session, creations)
    assert armonik.session_tasks(session) == []


@pytest.mark.statement(24)
def test_a_refused_submission_leaves_its_outputs_free(armonik: ArmoniK, session: str):
    output = armonik.create_results(session, "output")
    with fails_with(StatusCode.NOT_FOUND):
        armonik.submit(session, payload_id="no-such-payload", outputs=output)
    taken = armonik.submit(session, ["send", 0, "second try"], outputs=output)
    armonik.wait_task(taken.task_id, TaskStatus.COMPLETED)
    assert armonik.result(output[0]).owner_task_id == taken.task_id


@pytest.mark.statement(24)
@pytest.mark.embedded_only
@pytest.mark.parametrize("role", ["twice a dependency", "payload and dependency"])
def test_an_input_named_twice_is_refused_and_no_task_remains(
    armonik: ArmoniK, session: str, role: str
):
    data = armonik.payload(session, ["send", 0, "x"])
    both = {"payload_id": data, "dependencies": [data]}
    twice = both if role.startswith("payload") else {"dependencies": [data, data]}
    with fails_with(StatusCode.INVALID_ARGUMENT):
        armonik.submit(session, ["send", 0, "x"], **twice)
    assert armonik.session_tasks(session) == []


@pytest.mark.statement(25)
@pytest.mark.parametrize("role", ["payload", "dependency"])
@pytest.mark.parametrize("status", [ResultStatus.ABORTED, ResultStatus.DELETED])
def test_an_aborted_or_deleted_input_is_refused_and_no_task_remains(
    armonik: ArmoniK, new_session: NewSession, role: str, status: ResultStatus
):
    session, other = new_session(), new_session()  # other: where the aborted result is made
    if status == ResultStatus.ABORTED:
        gone = armonik.aborted_result(other)
    else:
        gone = armonik.create_data(session, b"gone")
        armonik.delete_data(session, gone)
    assert armonik.result(gone).status == status
    with fails_with(StatusCode.FAILED_PRECONDITION, saying=gone):
        if role == "payload":
            armonik.submit(session, payload_id=gone)
        else:
            armonik.submit(session, ["send", 0, "x"], dependencies=[gone])
    assert armonik.session_tasks(session) == []


@pytest.mark.statement(26)
def test_task_infos_keep_the_order_and_repeat_what_was_asked(armonik: ArmoniK, session: str):
    shared = armonik.create_data(session, b"shared")
    creations = [
        SubmitTasksRequest.TaskCreation(
            payload_id=armonik.payload(session, ["send", 0, f"task {i}"]),
            expected_output_keys=armonik.create_results(session, f"first {i}", f"second {i}"),
            data_dependencies=[shared] if i % 2 else [],
        )
        for i in range(5)
    ]
    infos = armonik.submit_all(session, creations)
    assert [info.payload_id for info in infos] == [c.payload_id for c in creations]
    assert [list(info.data_dependencies) for info in infos] == [
        list(c.data_dependencies) for c in creations
    ]
    assert [list(info.expected_output_ids) for info in infos] == [
        list(c.expected_output_keys) for c in creations
    ]
    for info in infos:
        assert str(uuid.UUID(info.task_id)) == info.task_id
        shows(
            armonik.task(info.task_id),
            payload_id=info.payload_id,
            expected_output_ids=list(info.expected_output_ids),
            data_dependencies=list(info.data_dependencies),
        )


@pytest.mark.statement(27)
def test_a_task_without_its_payload_waits_for_the_upload(armonik: ArmoniK, session: str):
    payload_id = armonik.create_results(session, "payload")[0]
    early = armonik.submit(session, payload_id=payload_id)
    pending = armonik.wait_task(early.task_id, TaskStatus.PENDING)
    assert not pending.HasField("submitted_at")
    armonik.upload(session, payload_id, b'{"do": [["send", 0, "here at last"]]}')
    armonik.wait_task(early.task_id, TaskStatus.COMPLETED)
    assert armonik.data(session, early.outputs[0]) == b"here at last"


@pytest.mark.statement(28)
@pytest.mark.statement(35)
def test_a_missing_dependency_delays_a_task_until_it_is_uploaded(armonik: ArmoniK, session: str):
    there = armonik.create_data(session, b"there")
    missing = armonik.create_results(session, "missing")[0]
    task = armonik.submit(session, ["dependencies"], ["report", 0], dependencies=[there, missing])
    armonik.wait_task(task.task_id, TaskStatus.PENDING)
    armonik.upload(session, missing, b"now ", b"there too")
    assert armonik.report(task) == [["there", "now there too"]]


@pytest.mark.statement(29)
def test_a_task_owns_those_of_its_outputs_that_nobody_owned(armonik: ArmoniK, session: str):
    free = armonik.create_results(session, "free")[0]
    owned = armonik.create_data(session, b"the session owns me")
    task = armonik.submit(session, ["send", 0, "done"], outputs=[free, owned])
    assert armonik.result(free).owner_task_id == task.task_id
    assert armonik.result(owned).owner_task_id == session
    armonik.wait_task(task.task_id, TaskStatus.COMPLETED)


@pytest.mark.statement(29)
def test_a_retry_owns_all_its_outputs_whoever_owned_them_before(armonik: ArmoniK, session: str):
    data = armonik.create_data(session, b"the session owns me")
    gate = armonik.create_results(session, "gate")[0]
    task = armonik.submit(
        session,
        ["gate", gate],
        ["attempt", 0, [["raise", "boom"]]],
        ["send", 0, "better"],
        outputs=[armonik.create_results(session, "free")[0], data],
    )
    assert armonik.result(data).owner_task_id == session
    armonik.upload(session, gate, b"open")
    armonik.wait_result(task.outputs[0], ResultStatus.COMPLETED)
    retry = f"{task.task_id}###1"
    assert {armonik.result(output).owner_task_id for output in task.outputs} == {retry}
    assert armonik.data(session, data) == b"the session owns me"


def test_of_several_faults_a_wrong_partition_is_told_last(armonik: ArmoniK, session: str):
    """First that the session takes no tasks, then what is wrong with the data."""
    elsewhere = armonik.options(partition_id="no-such-partition")
    there, gone = armonik.payload(session, ["send", 0, "x"]), armonik.create_data(session, b"gone")
    armonik.delete_data(session, gone)

    def refused(code: StatusCode, saying: str, payload_id: str, *dependencies: str) -> None:
        with fails_with(code, saying=saying):
            armonik.submit(
                session,
                outputs=outputs,
                payload_id=payload_id,
                dependencies=dependencies,
                submission_options=elsewhere,
            )

    outputs = armonik.create_results(session, "output")
    refused(StatusCode.NOT_FOUND, "no-such-result", "no-such-result")
    refused(StatusCode.NOT_FOUND, "no-such-result", there, "no-such-result")
    refused(StatusCode.FAILED_PRECONDITION, gone, there, gone)
    armonik.move("Close", session)
    refused(StatusCode.FAILED_PRECONDITION, "closed", there)
    assert armonik.session_tasks(session) == []


@pytest.mark.statement(30)
def test_a_clients_task_was_created_by_nobody_and_descends_from_its_session(
    armonik: ArmoniK, session: str
):
    task_id = armonik.submit(session, ["send", 0, "x"]).task_id
    shows(
        armonik.task(task_id),
        created_by="",
        parent_task_ids=[session],
        initial_task_id=task_id,
        retry_of_ids=[],
        session_id=session,
    )


@pytest.mark.statement(31)
def test_task_options_beat_submission_options_and_those_beat_the_sessions(
    armonik: ArmoniK, new_session: NewSession
):
    session = new_session(
        max_duration=50,
        max_retries=5,
        priority=1,
        application_name="session",
        application_version="session",
        application_namespace="session",
        engine_type="session",
        options={"a": "session", "b": "session", "c": "session"},
    )
    submission = armonik.options(
        max_duration=40,
        max_retries=4,
        priority=2,
        partition_id="",
        application_version="submission",
        application_namespace="submission",
        options={"b": "submission", "c": "submission", "d": "submission"},
    )
    task = armonik.options(
        max_duration=30,
        max_retries=3,
        priority=3,
        partition_id="",
        application_namespace="task",
        options={"c": "task", "e": "task"},
    )
    script = ["send", 0, "x"]
    plain = armonik.submit(session, script)
    middle = armonik.submit(session, script, submission_options=submission)
    special = armonik.submit(session, script, submission_options=submission, task_options=task)

    assert armonik.task(plain.task_id).options == armonik.session(session).options
    seen = armonik.task(middle.task_id).options
    shows(seen, max_duration=duration(40), max_retries=4, priority=2)
    shows(
        armonik.task(special.task_id).options,
        max_duration=duration(30),
        max_retries=3,
        priority=3,
        partition_id=armonik.partition,
        application_name="session",
        application_version="submission",
        application_namespace="task",
        application_service="",
        engine_type="session",
        options={"a": "session", "b": "submission", "c": "task", "d": "submission", "e": "task"},
    )


@pytest.mark.statement(31)
def test_a_duration_or_retry_count_of_zero_means_the_next_wider_options(
    armonik: ArmoniK, new_session: NewSession
):
    session = new_session(max_duration=50, max_retries=5)
    zero = armonik.options(max_duration=0, max_retries=0)
    task = armonik.submit(session, ["send", 0, "x"], submission_options=zero, task_options=zero)
    shows(armonik.task(task.task_id).options, max_duration=duration(50), max_retries=5)


@pytest.mark.statement(32)
@pytest.mark.parametrize("level", ["submission_options", "task_options"])
def test_a_priority_of_zero_is_not_inherited(armonik: ArmoniK, new_session: NewSession, level: str):
    session = new_session(priority=2)
    task = armonik.submit(session, ["send", 0, "x"], **{level: armonik.options(priority=0)})
    assert armonik.task(task.task_id).options.priority == 0
    armonik.wait_task(task.task_id, TaskStatus.COMPLETED)


@pytest.mark.statement(27)
@pytest.mark.embedded_only
def test_a_payload_serves_a_later_submission_too(armonik: ArmoniK, session: str):
    first = armonik.submit(session, ["send", 0, "again"])
    armonik.wait_task(first.task_id, TaskStatus.COMPLETED)
    second = armonik.submit(session, payload_id=first.payload_id)
    armonik.wait_task(second.task_id, TaskStatus.COMPLETED)
    assert armonik.data(session, second.outputs[0]) == b"again"
