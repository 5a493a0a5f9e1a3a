"""Agent.CreateTask: subtasks in a stream, from a worker that holds the right token, or does not."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest
from armonik.protogen.common.agent_common_pb2 import CreateTaskReply, CreateTaskRequest
from armonik.protogen.common.objects_pb2 import (
    DataChunk,
    InitTaskRequest,
    TaskOptions,
    TaskRequestHeader,
)

from hello_helpers.embedded.compute_plane.agent_service import Agent
from hello_helpers.embedded.compute_plane.staging import Staging
from hello_helpers.embedded.data_plane import options as task_options
from hello_helpers.embedded.data_plane import (
    partitions,
    results,
    session_life,
    sessions,
    submission,
    tasks,
)
from hello_helpers.embedded.data_plane.clock import SECOND
from hello_helpers.embedded.data_plane.plane import DataPlane
from hello_helpers.embedded.data_plane.results import NewResult
from hello_helpers.embedded.data_plane.submission import TaskCreation
from hello_helpers.embedded.errors import FailedPrecondition, Unavailable

TOKEN = "token"

MESSAGES = {
    "init": {"init_request": CreateTaskRequest.InitRequest()},
    "init 99": {
        "init_request": CreateTaskRequest.InitRequest(task_options=TaskOptions(priority=99))
    },
    "header": {"init_task": InitTaskRequest(header=TaskRequestHeader(expected_output_keys=["o"]))},
    "data": {"task_payload": DataChunk(data=b"payload")},
    "complete": {"task_payload": DataChunk(data_complete=True)},
    "last": {"init_task": InitTaskRequest(last_task=True)},
}
ONE_TASK = ("init", "header", "data", "complete", "last")


class World:
    """A running task and its agent."""

    def __init__(self, folder: Path):
        self.plane = plane = DataPlane(folder)
        partitions.define(plane, ["default"], [1])
        options = task_options.TaskOptions(max_duration=60 * SECOND, max_retries=1, priority=1)
        self.session = sessions.create(plane, options, [])
        opaque_id = plane.objects.put(b"x")
        payload, output = (NewResult(results.new_id(), name) for name in ("payload", "output"))
        results.create(plane, self.session, [payload, output])
        creation = TaskCreation(payload.result_id, (output.result_id,), ())
        with plane.transaction() as tx:
            row = results.get(plane, payload.result_id)
            results.complete(plane, tx, row, opaque_id, 1)
        (new,) = submission.submit(plane, self.session, [creation], None)
        self.task_id = new.task_id
        self.agent = Agent()
        self.folder = folder
        self.attempt()
        self.before = self.objects()

    def attempt(self) -> Staging:
        """Begins an attempt, with the session as it is now."""
        session = sessions.get(self.plane, self.session)
        task = tasks.get(self.plane, self.task_id)
        self.agent.staging = Staging(self.plane, session, task, TOKEN, self.folder / "shared")
        return self.agent.staging

    def objects(self) -> int:
        row = self.plane.database.row("SELECT COUNT(*) FROM object")
        assert row is not None
        return int(row[0])

    def create(
        self, *kinds: str, token: str = TOKEN, between: Callable[[], None] = lambda: None
    ) -> CreateTaskReply:
        """What the agent answers to a stream; `between` happens before the last message."""

        async def stream() -> AsyncIterator[CreateTaskRequest]:
            for number, kind in enumerate(kinds, 1):
                if number == len(kinds):
                    between()
                yield CreateTaskRequest(**MESSAGES[kind], communication_token=token)

        return asyncio.run(self.agent.CreateTask(stream(), None))  # type: ignore[arg-type]


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(tmp_path / "data")
    yield world
    world.plane.close()


def test_subtasks_and_their_payloads_are_staged_until_the_task_succeeds(world: World):
    reply = world.create(*ONE_TASK)
    (status,) = reply.creation_status_list.creation_statuses
    info = status.task_info
    assert list(info.expected_output_keys) == ["o"]
    assert reply.communication_token == TOKEN
    assert world.objects() == world.before + 1
    for table, id_ in (("task", info.task_id), ("result", info.payload_id)):
        sql = f"SELECT 1 FROM {table} WHERE {table}_id = ?"
        assert world.plane.database.row(sql, (id_,)) is None
    assert world.agent.staging is not None
    world.agent.staging.discard()  # as after a failure
    assert world.objects() == world.before


def test_a_stream_may_hold_no_subtask(world: World):
    reply = world.create("init")
    assert reply.WhichOneof("Response") == "creation_status_list"
    assert not reply.creation_status_list.creation_statuses


@pytest.mark.parametrize(
    ("token", "complaint"),
    [("", "Missing communication token"), ("another", "Wrong communication token")],
)
def test_a_fault_of_the_token_comes_back_in_the_reply(world: World, token: str, complaint: str):
    assert world.create(*ONE_TASK, token=token).error == complaint


@pytest.mark.parametrize("kinds", [(), ("header",), ("init", "header", "data"), ("init", "init")])
def test_a_fault_of_the_stream_comes_back_in_the_reply(world: World, kinds: tuple[str, ...]):
    assert "Task stream: " in world.create(*kinds).error
    assert world.objects() == world.before


def test_options_that_cannot_be_are_told_in_the_reply_and_nothing_is_staged(world: World):
    assert "Max priority is 10" in world.create("init 99", *ONE_TASK[1:]).error
    assert world.objects() == world.before


def test_a_session_that_takes_no_tasks_from_workers_refuses_the_call(world: World):
    session_life.stop_submission(world.plane, world.session, client=False, worker=True)
    world.attempt()
    with pytest.raises(FailedPrecondition, match="Worker submission is closed"):
        world.create(*ONE_TASK)
    assert world.objects() == world.before


def test_between_tasks_the_call_is_refused(world: World):
    world.agent.staging = None
    with pytest.raises(Unavailable):
        world.create(*ONE_TASK)


def test_a_task_that_ends_while_its_stream_goes_on_submits_nothing(world: World):
    def end() -> None:
        world.agent.staging = None

    with pytest.raises(Unavailable):
        world.create(*ONE_TASK, between=end)
    assert world.objects() == world.before
