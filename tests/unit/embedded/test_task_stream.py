"""The stream of tasks of old clients and workers: the order of its messages, and what stays."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from armonik.protogen.common.agent_common_pb2 import CreateTaskRequest
from armonik.protogen.common.objects_pb2 import (
    DataChunk,
    InitTaskRequest,
    TaskOptions,
    TaskRequestHeader,
)
from armonik.protogen.common.submitter_common_pb2 import CreateLargeTaskRequest
from hypothesis import given, settings
from hypothesis import strategies as st

from hello_helpers.embedded.data_plane.plane import DataPlane
from hello_helpers.embedded.data_plane.task_stream import PayloadTask, TaskStream, with_payloads
from hello_helpers.embedded.errors import InvalidArgument
from tests.conformance.waiting import eventually

LARGE = bytes(200_000)  # too much for the table of small objects: such a payload is a file

MESSAGES = {
    "init": {"init_request": CreateLargeTaskRequest.InitRequest(session_id="s")},
    "header": {"init_task": InitTaskRequest(header=TaskRequestHeader(expected_output_keys=["o"]))},
    "small": {"task_payload": DataChunk(data=b"small")},
    "large": {"task_payload": DataChunk(data=LARGE)},
    "complete": {"task_payload": DataChunk(data_complete=True)},
    "last": {"init_task": InitTaskRequest(last_task=True)},
    "nothing": {},
}


@pytest.fixture(scope="module")
def plane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DataPlane]:
    plane = DataPlane(tmp_path_factory.mktemp("data"))
    yield plane
    plane.close()


def stored(plane: DataPlane) -> int:
    """How many objects there are, in the table and in files."""
    row = plane.database.row("SELECT COUNT(*) FROM object")
    assert row is not None
    return int(row[0]) + sum(1 for _ in Path(plane.folder / "objects").iterdir())


def feed(plane: DataPlane, *kinds: str) -> list[PayloadTask]:
    """What a stream of these messages gives; its payloads are erased again."""
    with TaskStream(plane.objects) as stream:
        for kind in kinds:
            stream.add(CreateLargeTaskRequest(**MESSAGES[kind]))
        tasks = stream.finish()
    plane.objects.remove(task.opaque_id for task in tasks)
    return tasks


def test_each_task_has_its_outputs_its_dependencies_and_its_payload(plane: DataPlane):
    header = TaskRequestHeader(expected_output_keys=["out", "more"], data_dependencies=["in"])
    with TaskStream(plane.objects) as stream:
        stream.add(CreateLargeTaskRequest(**MESSAGES["init"]))
        for payload in ([b"one ", b"task"], [LARGE, LARGE], [b""], []):
            stream.add(CreateLargeTaskRequest(init_task=InitTaskRequest(header=header)))
            for data in payload:
                stream.add(CreateLargeTaskRequest(task_payload=DataChunk(data=data)))
            stream.add(CreateLargeTaskRequest(**MESSAGES["complete"]))
        stream.add(CreateLargeTaskRequest(**MESSAGES["last"]))
        tasks = stream.finish()
    assert [task.size for task in tasks] == [8, 2 * len(LARGE), 0, 0]
    assert {task.expected_output_ids for task in tasks} == {("out", "more")}
    assert {task.data_dependencies for task in tasks} == {("in",)}
    assert plane.objects.small(tasks[0].opaque_id) == b"one task"
    assert plane.objects.size(tasks[1].opaque_id) == 2 * len(LARGE)
    plane.objects.remove(task.opaque_id for task in tasks)


def test_a_stream_without_tasks_is_one_message(plane: DataPlane):
    assert feed(plane, "init") == feed(plane, "init", "last") == []


def test_options_are_those_of_the_first_message_if_it_has_some(plane: DataPlane):
    init = CreateLargeTaskRequest.InitRequest(session_id="s", task_options=TaskOptions(priority=3))
    with TaskStream(plane.objects) as with_options, TaskStream(plane.objects) as without:
        with_options.add(CreateLargeTaskRequest(init_request=init))
        without.add(CreateLargeTaskRequest(**MESSAGES["init"]))
    assert with_options.options is not None
    assert with_options.options.priority == 3
    assert without.options is None


def test_the_messages_of_a_worker_are_read_as_those_of_a_client(plane: DataPlane):
    init = CreateTaskRequest.InitRequest(task_options=TaskOptions(priority=3))
    with TaskStream(plane.objects) as stream:
        stream.add(CreateTaskRequest(init_request=init, communication_token="t"))
        for kind in ("header", "small", "complete", "last"):
            stream.add(CreateTaskRequest(**MESSAGES[kind], communication_token="t"))
        (task,) = stream.finish()
    assert plane.objects.small(task.opaque_id) == b"small"
    plane.objects.remove([task.opaque_id])


@pytest.mark.parametrize(
    ("kinds", "complaint"),
    [
        ([], "ended after beginning of the stream, before init_request"),
        (["header"], "after beginning of the stream comes init_request, not header"),
        (["init", "small"], "after init_request comes header or last_task, not data"),
        (["init", "header", "last"], "after header comes data or data_complete, not last_task"),
        (["init", "header", "small"], "ended after data, before data or data_complete"),
        (["init", "header", "complete"], "ended after data_complete, before header or last_task"),
        (["init", "init"], "not init_request"),
        (["init", "last", "header"], "after last_task comes the end of the stream, not header"),
        (["init", "nothing"], "not nothing"),
    ],
)
def test_a_message_out_of_order_is_refused_with_what_was_expected(
    plane: DataPlane, kinds: list[str], complaint: str
):
    with pytest.raises(InvalidArgument, match=complaint):
        feed(plane, *kinds)


def test_a_task_without_outputs_is_refused(plane: DataPlane):
    bare = CreateLargeTaskRequest(init_task=InitTaskRequest(header=TaskRequestHeader()))
    with TaskStream(plane.objects) as stream:
        stream.add(CreateLargeTaskRequest(**MESSAGES["init"]))
        with pytest.raises(InvalidArgument, match="at least one expected output"):
            stream.add(bare)


@settings(deadline=None, database=None, max_examples=200)
@given(kinds=st.lists(st.sampled_from(sorted(MESSAGES)), max_size=8))
def test_whatever_comes_is_either_a_list_of_tasks_or_refused_and_nothing_stays(
    plane: DataPlane, kinds: list[str]
):
    try:
        tasks = feed(plane, *kinds)
    except InvalidArgument:
        pass
    else:
        assert len(tasks) == kinds.count("header") == kinds.count("complete")
    eventually(lambda: stored(plane), lambda number: number == 0)


@pytest.mark.parametrize(
    "kinds",
    [
        ["complete"],
        ["complete", "header", "small"],
        ["complete", "header", "large"],
        ["complete", "header", "small", "complete"],
        ["complete", "header", "large", "large"],
    ],
)
@pytest.mark.parametrize("error", [None, ConnectionError])
def test_a_caller_that_leaves_or_hangs_up_leaves_no_payload_behind(
    plane: DataPlane, kinds: list[str], error: type[Exception] | None
):
    with suppress(ConnectionError), TaskStream(plane.objects) as stream:
        for kind in ("init", "header", "large", *kinds):
            stream.add(CreateLargeTaskRequest(**MESSAGES[kind]))
        assert stored(plane) > 0
        if error:
            raise error
    eventually(lambda: stored(plane), lambda number: number == 0)


def test_a_payload_becomes_a_nameless_result():
    task = PayloadTask(("out",), ("in",), b"opaque", 6)
    (payload,), (creation,) = with_payloads([task], created_by="parent")
    assert (payload.name, payload.owner_task_id, payload.created_by) == ("", "", "parent")
    assert (payload.opaque_id, payload.size) == (b"opaque", 6)
    assert creation.payload_id == payload.result_id
    assert (creation.expected_output_ids, creation.data_dependencies) == (("out",), ("in",))
