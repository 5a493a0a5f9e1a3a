"""Between agent and worker: the request, the data folder, what is staged and when (67 to 75)."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from armonik.common import ResultStatus, TaskStatus

from .driver import ArmoniK
from .waiting import eventually, shows

pytestmark = pytest.mark.both_roads

NewSession = Callable[..., str]


# --- what a worker is told -----------------------------------------------------------------------


@pytest.mark.statement(67)
def test_a_worker_is_told_all_about_its_task(armonik: ArmoniK, new_session: NewSession):
    session = new_session(
        max_duration=45,
        max_retries=4,
        priority=1,
        application_name="conformance",
        application_version="1.2.3",
        engine_type="python",
        options={"color": "red", "size": "XL"},
    )
    dependency = armonik.create_data(session, b"data")
    task = armonik.submit(
        session,
        ["look"],
        ["report", 1],
        ["send", 0, "x"],
        outputs=2,
        dependencies=[dependency],
        task_options=armonik.options(
            max_duration=15, priority=2, partition_id="", options={"size": "S"}
        ),
    )
    request = armonik.report(task, index=1)[0]
    assert request["communication_token"] != ""
    assert Path(request["data_folder"]).name == request["communication_token"]
    expected = {
        "session_id": session,
        "task_id": task.task_id,
        "expected_output_keys": task.outputs,
        "payload_id": task.payload_id,
        "data_dependencies": [dependency],
        "data_chunk_max_size": 2 << 20,
        "task_options": {
            "max_duration": 15.0,
            "max_retries": 1,
            "priority": 2,
            "partition_id": armonik.partition,
            "application_name": "conformance",
            "application_version": "1.2.3",
            "application_namespace": "",
            "application_service": "",
            "engine_type": "python",
            "options": {"color": "red", "size": "S"},
        },
    }
    assert {name: request[name] for name in expected} == expected


@pytest.mark.statement(67)
def test_each_attempt_has_a_token_and_a_folder_of_its_own_that_is_gone_afterwards(
    armonik: ArmoniK, session: str
):
    requests = [
        armonik.report(armonik.submit(session, ["look"], ["report", 0]))[0] for _ in range(3)
    ]
    assert len({request["communication_token"] for request in requests}) == 3
    folders = {Path(request["data_folder"]) for request in requests}
    assert len(folders) == 3
    if armonik.embedded:  # on this machine
        eventually(lambda: [folder for folder in folders if folder.exists()], lambda left: not left)


@pytest.mark.statement(68)
def test_payload_and_dependencies_are_files_before_the_worker_is_called(
    armonik: ArmoniK, session: str
):
    uploaded = armonik.create_data(session, b"uploaded")
    empty = armonik.create_data(session, b"")
    before = armonik.submit(session, ["send", 0, "by a task before"])
    dependencies = [uploaded, empty, before.outputs[0]]
    task = armonik.submit(session, ["look"], ["report", 0], dependencies=dependencies)
    files = armonik.report(task)[0]["files"]
    assert files == {
        task.payload_id: json.dumps({"do": [["look"], ["report", 0]]}),
        uploaded: "uploaded",
        empty: "",
        before.outputs[0]: "by a task before",
    }


@pytest.mark.statement(68)
def test_the_dependencies_are_what_the_library_makes_of_them(armonik: ArmoniK, session: str):
    dependencies = [armonik.create_data(session, data) for data in (b"small", b"x" * 100_000)]
    task = armonik.submit(session, ["dependency_views"], ["report", 0], dependencies=dependencies)
    assert armonik.report(task) == [
        {
            "keys": dependencies,
            "next of items": [dependencies[0]] * 2,
            "length": 2,
            "read once": True,
            "missing": None,
        }
    ]


# --- what a worker leaves ------------------------------------------------------------------------


@pytest.mark.statement(69)
def test_an_output_is_not_there_before_the_worker_has_returned_and_then_as_it_was_sent_last(
    armonik: ArmoniK, session: str
):
    outputs = armonik.create_results(session, "sent", "report")
    task = armonik.submit(
        session,
        ["send", 0, "sent first"],
        ["send", 0, "sent"],
        ["get_resource", outputs[0]],
        ["report", 1],
        outputs=outputs,
    )
    assert armonik.report(task, index=1) == ["NOT_FOUND"]
    shows(armonik.result(outputs[0]), status=ResultStatus.COMPLETED, size=4)
    assert armonik.data(session, outputs[0]) == b"sent"


@pytest.mark.statement(69)
@pytest.mark.parametrize("text", ["few", "many " * 20_000], ids=["small", "large"])
@pytest.mark.parametrize(
    "kind",
    ["bytearray", "array", "array of numbers", "memoryview", "memoryview of numbers", "mmap"],
)
def test_an_output_may_be_sent_from_any_buffer(
    armonik: ArmoniK, session: str, kind: str, text: str
):
    text = text + "." * (len(text) % 2)
    task = armonik.submit(session, ["send_buffer", 0, kind, text])
    armonik.wait_task(task.task_id, TaskStatus.COMPLETED)
    assert armonik.data(session, task.outputs[0]) == text.encode()


@pytest.mark.statement(69)
def test_whoever_looks_into_the_data_folder_sees_what_was_sent(armonik: ArmoniK, session: str):
    task = armonik.submit(session, ["send", 0, "sent"], ["look"], ["report", 1], outputs=2)
    assert armonik.report(task, index=1)[0]["files"][task.outputs[0]] == "sent"


@pytest.mark.statement(70)
@pytest.mark.embedded_only  # a real one says only "Failed to serialize response!"
@pytest.mark.parametrize(("what", "named"), [(None, "None"), (True, "bool")])
def test_a_worker_that_forgets_to_return_an_output_is_told_so(
    armonik: ArmoniK, session: str, what: object, named: str
):
    task = armonik.submit(session, ["returns", what])
    armonik.wait_task(task.task_id, TaskStatus.RETRIED)
    for task_id in (task.task_id, f"{task.task_id}###1"):
        error = armonik.wait_task(task_id).output.error
        assert f"returned {named}" in error
        assert "return Output()" in error


@pytest.mark.statement(70)
@pytest.mark.parametrize(
    "failure", [["error", "no"], ["raise", "boom"], ["die"]], ids=lambda f: f[0]
)
def test_what_a_failing_task_staged_never_appears(
    armonik: ArmoniK, session: str, failure: list[str]
):
    task = armonik.submit(
        session,
        ["send", 0, "sent"],
        ["create", "with data", "data"],
        ["create_metadata", "without data"],
        ["subtask", [["send", 0, "x"]], ["output of a subtask"]],
        failure,
    )
    armonik.wait_result(task.outputs[0], ResultStatus.ABORTED)
    assert {t.initial_task_id for t in armonik.session_tasks(session)} == {task.task_id}
    assert {result.result_id for result in armonik.session_results(session)} == {
        task.payload_id,
        *task.outputs,
    }


@pytest.mark.statement(33)
@pytest.mark.statement(70)
def test_results_made_in_a_worker_carry_its_name_and_have_no_owner(armonik: ArmoniK, session: str):
    task = armonik.submit(
        session, ["create", "with data", "data"], ["create_metadata", "without"], ["report", 0]
    )
    with_data, without = armonik.report(task)
    assert [with_data["status"], without["status"]] == [ResultStatus.CREATED] * 2, "staged"
    shows(
        armonik.result(with_data["result_id"]),
        name="with data",
        session_id=session,
        created_by=task.task_id,
        owner_task_id="",
        status=ResultStatus.COMPLETED,
    )
    assert armonik.data(session, with_data["result_id"]) == b"data"
    seen = armonik.result(without["result_id"])
    shows(seen, created_by=task.task_id, owner_task_id="", status=ResultStatus.CREATED)


@pytest.mark.statement(71)
@pytest.mark.embedded_only
def test_a_subtask_is_not_there_before_its_parent_has_succeeded(
    armonik: ArmoniK, session: str, tmp_path: Path
):
    gate = armonik.create_results(session, "gate")[0]
    staged = tmp_path / "staged"
    parent = armonik.submit(
        session,
        ["subtask", [["send", 0, "by the subtask"]], ["new"]],
        ["report", 0],
        ["touch", str(staged)],
        ["gate", gate],
    )
    eventually(staged.exists, bool)
    results = {result.result_id for result in armonik.session_results(session)}
    assert [task.id for task in armonik.session_tasks(session)] == [parent.task_id]
    assert results == {gate, parent.payload_id, *parent.outputs}
    armonik.upload(session, gate, b"open")
    subtask = armonik.report(parent)[0]
    armonik.wait_task(subtask["task_id"], TaskStatus.COMPLETED)
    assert armonik.data(session, subtask["output_ids"][0]) == b"by the subtask"


@pytest.mark.statement(71)
def test_a_subtask_knows_its_parents_and_starts_after_them(armonik: ArmoniK, session: str):
    grandchild = ["subtask", [["send", 0, "grandchild"]], ["innermost"]]
    parent = armonik.submit(
        session, ["subtask", [grandchild, ["report", 0]], ["inner"]], ["report", 0]
    )
    child = armonik.report(parent)[0]
    first = armonik.wait_task(parent.task_id)
    second = armonik.wait_task(child["task_id"], TaskStatus.COMPLETED)
    inner = json.loads(armonik.data(session, child["output_ids"][0]))[0]
    third = armonik.wait_task(inner["task_id"], TaskStatus.COMPLETED)
    parents = [session, first.id]
    shows(second, created_by=first.id, parent_task_ids=parents, options=first.options)
    shows(third, created_by=second.id, parent_task_ids=[*parents, second.id])
    assert second.started_at.ToNanoseconds() >= first.processed_at.ToNanoseconds()
    assert armonik.data(session, inner["output_ids"][0]) == b"grandchild"


@pytest.mark.statement(72)
def test_a_subtask_that_takes_over_an_output_owns_it(armonik: ArmoniK, session: str):
    parent = armonik.submit(
        session,
        ["subtask", [["send", 0, "by the subtask"]], [0]],
        ["report", 1],
        outputs=2,
    )
    subtask = armonik.report(parent, index=1)[0]
    shows(armonik.result(subtask["payload_id"]), owner_task_id="", created_by=parent.task_id)
    taken, kept = parent.outputs
    assert armonik.result(taken).owner_task_id == subtask["task_id"]
    assert armonik.result(kept).owner_task_id == parent.task_id
    armonik.wait_task(subtask["task_id"], TaskStatus.COMPLETED)
    assert armonik.data(session, taken) == b"by the subtask"
    assert armonik.result(taken).owner_task_id == subtask["task_id"]


@pytest.mark.statement(73)
def test_an_output_that_is_never_sent_stays_created(armonik: ArmoniK, session: str):
    task = armonik.submit(session, ["send", 0, "sent"], outputs=2)
    dependent = armonik.submit(session, ["send", 0, "x"], dependencies=[task.outputs[1]])
    armonik.wait_task(task.task_id, TaskStatus.COMPLETED)
    assert armonik.result(task.outputs[0]).status == ResultStatus.COMPLETED
    assert armonik.result(task.outputs[1]).status == ResultStatus.CREATED
    assert armonik.task(dependent.task_id).status == TaskStatus.PENDING


# --- calls to the agent --------------------------------------------------------------------------


@pytest.mark.statement(74)
def test_the_agent_refuses_an_empty_and_a_wrong_token(armonik: ArmoniK, session: str):
    task = armonik.submit(session, ["with_token", ""], ["with_token", "wrong"], ["report", 0])
    assert armonik.report(task) == ["INVALID_ARGUMENT"] * 2
    assert "stray" not in {result.name for result in armonik.session_results(session)}


@pytest.mark.statement(74)
@pytest.mark.embedded_only
def test_the_agent_takes_no_call_outside_a_task(
    single: ArmoniK, single_session: str, tmp_path: Path
):
    go, answer = tmp_path / "go", tmp_path / "answer"
    task = single.submit(
        single_session, ["call_after_the_task", str(go), str(answer)], ["send", 0, "done"]
    )
    single.wait_task(task.task_id, TaskStatus.COMPLETED)
    go.touch()
    eventually(answer.exists, bool)
    assert json.loads(answer.read_text()) == "UNAVAILABLE"


@pytest.mark.statement(74)
@pytest.mark.parametrize(
    "method", ["CreateResults", "CreateResultsMetaData", "SubmitTasks", "GetResourceData"]
)
def test_the_agent_takes_no_message_above_4_mib(armonik: ArmoniK, session: str, method: str):
    task = armonik.submit(session, ["large_message", method], ["report", 0])
    assert armonik.report(task) == ["RESOURCE_EXHAUSTED"]


@pytest.mark.statement(74)
def test_many_results_of_a_megabyte_each_are_created_one_by_one(armonik: ArmoniK, session: str):
    assert armonik.report(armonik.submit(session, ["many_small"], ["report", 0])) == [10]


@pytest.mark.statement(74)
def test_a_worker_may_have_a_stub_of_the_agent_of_its_own(armonik: ArmoniK, session: str):
    task = armonik.submit(session, ["send", 0, "first"], ["own_stub", 0, "by hand"])
    armonik.wait_task(task.task_id, TaskStatus.COMPLETED)
    assert armonik.data(session, task.outputs[0]) == b"by hand"


@pytest.mark.statement(75)
def test_a_worker_can_read_any_completed_result(armonik: ArmoniK, new_session: NewSession):
    session, other = new_session(), new_session()
    there = armonik.create_data(session, b"not a dependency")
    elsewhere = armonik.create_data(other, b"in another session")
    created = armonik.create_results(session, "created")[0]
    task = armonik.submit(
        session,
        ["get_resource", there],
        ["get_resource", elsewhere],
        ["get_resource", created],
        ["get_resource", "no-such-result"],
        ["report", 0],
    )
    assert armonik.report(task) == [
        "not a dependency",
        "in another session",
        "NOT_FOUND",
        "NOT_FOUND",
    ]
