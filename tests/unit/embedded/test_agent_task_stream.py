"""Agent.CreateTask: subtasks in a stream, from a worker that holds the right token, or does not."""

import asyncio
from collections.abc import AsyncIterator, Callable
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
from hello_helpers.embedded.data_plane import session_life, sessions, tasks
from hello_helpers.embedded.errors import FailedPrecondition, Unavailable

from .world import World

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


class Beside:
    """A running task and the agent beside its worker."""

    def __init__(self, world: World, folder: Path):
        self.world = world
        self.task_id = world.task(world.result())
        self.agent = Agent()
        self.folder = folder
        self.attempt()
        self.before = world.objects()

    def attempt(self) -> Staging:
        """Begins an attempt, with the session as it is now."""
        session = sessions.get(self.world.plane, self.world.session)
        task = tasks.get(self.world.plane, self.task_id)
        self.agent.staging = Staging(self.world.plane, session, task, TOKEN, self.folder)
        return self.agent.staging

    def new_objects(self) -> int:
        return self.world.objects() - self.before

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
def beside(world: World, tmp_path: Path) -> Beside:
    return Beside(world, tmp_path / "shared")


def test_subtasks_and_their_payloads_are_staged_until_the_task_succeeds(beside: Beside):
    reply = beside.create(*ONE_TASK)
    (status,) = reply.creation_status_list.creation_statuses
    info = status.task_info
    assert list(info.expected_output_keys) == ["o"]
    assert reply.communication_token == TOKEN
    assert beside.new_objects() == 1
    for table, id_ in (("task", info.task_id), ("result", info.payload_id)):
        sql = f"SELECT 1 FROM {table} WHERE {table}_id = ?"
        assert beside.world.plane.database.row(sql, (id_,)) is None
    assert beside.agent.staging is not None
    beside.agent.staging.discard()  # as after a failure
    assert beside.new_objects() == 0


def test_a_stream_may_hold_no_subtask(beside: Beside):
    reply = beside.create("init")
    assert reply.WhichOneof("Response") == "creation_status_list"
    assert not reply.creation_status_list.creation_statuses


@pytest.mark.parametrize(
    ("kinds", "token", "complaint"),
    [
        (ONE_TASK, "", "Missing communication token"),
        (ONE_TASK, "another", "Wrong communication token"),
        ((), TOKEN, "Task stream: "),
        (("header",), TOKEN, "Task stream: "),
        (("init", "header", "data"), TOKEN, "Task stream: "),
        (("init", "init"), TOKEN, "Task stream: "),
        (("init 99", *ONE_TASK[1:]), TOKEN, "Max priority is 10"),
    ],
)
def test_a_fault_of_token_stream_or_options_comes_back_in_the_reply_and_nothing_is_staged(
    beside: Beside, kinds: tuple[str, ...], token: str, complaint: str
):
    assert complaint in beside.create(*kinds, token=token).error
    assert beside.new_objects() == 0


def test_a_session_that_takes_no_tasks_from_workers_refuses_the_call(beside: Beside):
    session_life.stop_submission(
        beside.world.plane, beside.world.session, client=False, worker=True
    )
    beside.attempt()
    with pytest.raises(FailedPrecondition, match="Worker submission is closed"):
        beside.create(*ONE_TASK)
    assert beside.new_objects() == 0


@pytest.mark.parametrize("when", ["before its stream", "while its stream goes on"])
def test_a_task_that_has_ended_submits_nothing(beside: Beside, when: str):
    def end() -> None:
        beside.agent.staging = None

    if when == "before its stream":
        end()
    with pytest.raises(Unavailable):
        beside.create(*ONE_TASK, between=end)
    assert beside.new_objects() == 0
