"""The waiting calls of old clients: they end when they should, and cost nothing until then."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple

import grpc
import pytest
from armonik.protogen.client.submitter_service_pb2_grpc import SubmitterStub
from armonik.protogen.common.objects_pb2 import ResultRequest
from armonik.protogen.common.submitter_common_pb2 import TaskFilter, WaitRequest

from hello_helpers.embedded.control_plane.legacy_waits import (
    wait_for_availability,
    wait_for_completion,
)
from hello_helpers.embedded.control_plane.server import ControlPlane
from hello_helpers.embedded.data_plane import (
    feed,
    results,
    session_life,
)
from hello_helpers.embedded.data_plane.states import SessionAction
from hello_helpers.embedded.errors import NotFound

from .world import Status, World, played


class Waiter(NamedTuple):
    """Begins waits, each of which has to wait at first."""

    world: World

    async def begun(self, call: Coroutine[Any, Any, Any]) -> asyncio.Future[Any]:
        wait = asyncio.ensure_future(call)
        assert not await settled(wait)
        return wait

    async def for_result(self, result_id: str) -> asyncio.Future[Any]:
        return await self.begun(wait_for_availability(self.world.plane, result_id))

    async def for_tasks(self, *ids: str) -> asyncio.Future[Any]:
        request = WaitRequest(filter=TaskFilter(task=TaskFilter.IdsRequest(ids=ids)))
        return await self.begun(wait_for_completion(self.world.plane, request))

    async def for_sessions(self, *ids: str, **more: Any) -> asyncio.Future[Any]:
        return await self.begun(wait_for_completion(self.world.plane, of_session(*ids, **more)))


@pytest.fixture
def wait(world: World) -> Waiter:
    return Waiter(world)


def of_session(*ids: str, included: Any = None, **flags: bool) -> WaitRequest:
    wanted = TaskFilter(session=TaskFilter.IdsRequest(ids=ids), included=included)
    return WaitRequest(filter=wanted, **flags)


async def settled(wait: asyncio.Future[Any]) -> bool:
    """Whether a wait is over once everything that can happen now has happened."""
    done, _ = await asyncio.wait({wait}, timeout=0.1)
    return bool(done)


async def only_error(wait: asyncio.Future[Any]) -> Any:
    (error,) = (await wait).error.errors
    return error


# --- one result ----------------------------------------------------------------------------------


@played
async def test_a_wait_for_a_result_outlives_the_retries_of_its_task(
    world: World, wait: Waiter
) -> None:
    output = world.result()
    task = world.task(output)
    waiting = await wait.for_result(output)
    world.crash(task)
    assert not await settled(waiting)
    world.fail(f"{task}###1", "no")
    assert (await waiting).error.task_id == f"{task}###1"
    assert (await only_error(waiting)).detail == "no"


@played
async def test_a_wait_for_a_result_that_its_task_forgot_ends_in_an_error(
    world: World, wait: Waiter
) -> None:
    output = world.result()
    waiting = await wait.for_result(output)  # nobody is to make it yet
    task = world.task(output)
    assert not await settled(waiting)
    world.succeed(task, producing=False)
    error = await only_error(waiting)
    assert error.task_status == Status.COMPLETED
    assert "without this result" in error.detail


@played
async def test_a_wait_for_a_result_of_a_cancelled_session_ends_in_an_error(
    world: World, wait: Waiter
) -> None:
    waiting = await wait.for_result(world.result())
    await session_life.act(world.plane, world.session, SessionAction.CANCEL)
    assert "session was cancelled" in (await only_error(waiting)).detail


@played
async def test_a_wait_for_a_result_ends_when_its_data_or_its_session_is_deleted(
    world: World, wait: Waiter
) -> None:
    first, second = world.result(), world.result()
    for_first, for_second = await wait.for_result(first), await wait.for_result(second)
    with world.plane.transaction() as tx:
        results.delete_data(world.plane, tx, [results.get(world.plane, first)])
    with pytest.raises(NotFound, match="is DELETED"):
        await for_first
    assert not await settled(for_second)
    await session_life.delete(world.plane, world.session)
    with pytest.raises(NotFound):
        await for_second
    with pytest.raises(NotFound):  # and so does one for what does not exist
        await wait_for_availability(world.plane, second)


@played
async def test_a_wait_for_a_result_ends_with_its_task_and_is_not_woken_by_other_results(
    world: World, wait: Waiter, monkeypatch: pytest.MonkeyPatch
) -> None:
    output, others = world.result(), [world.result() for _ in range(20)]
    task, rest = world.task(output), [world.task(other) for other in others]
    waiting = await wait.for_result(output)
    looks = []
    get = results.get
    monkeypatch.setattr(results, "get", lambda plane, id_: [looks.append(id_), get(plane, id_)][1])
    for other in rest:
        world.succeed(other)
        await asyncio.sleep(0)
    assert output not in looks
    world.succeed(task)
    assert (await waiting).WhichOneof("type") == "ok"


# --- tasks ---------------------------------------------------------------------------------------


@played
async def test_tasks_that_are_pending_or_paused_are_not_over(world: World, wait: Waiter) -> None:
    pending = world.task(world.result(), waits_for=world.result())
    await session_life.act(world.plane, world.session, SessionAction.PAUSE)
    paused = world.task(world.result())
    assert (world.status(pending), world.status(paused)) == (Status.PENDING, Status.PAUSED)
    waits = [await wait.for_tasks(task) for task in (pending, paused)]
    await session_life.act(world.plane, world.session, SessionAction.CANCEL)
    assert await asyncio.gather(*waits) == [{Status.CANCELLED: 1}] * 2


@played
async def test_a_task_by_its_id_is_over_when_its_last_retry_is(world: World, wait: Waiter) -> None:
    task, other = world.task(world.result()), world.task(world.result())
    waiting = await wait.for_tasks(task)
    world.crash(task)
    assert not await settled(waiting)
    world.succeed(f"{task}###1")
    assert await waiting == {Status.RETRIED: 1, Status.COMPLETED: 1}
    assert world.status(other) is Status.SUBMITTED


@played
async def test_a_wait_may_span_several_sessions(world: World, wait: Waiter) -> None:
    other = world.new_session()
    first = world.task(world.result())
    second = world.task(world.result(other), session=other)
    waiting = await wait.for_sessions(world.session, other)
    world.succeed(first)
    assert not await settled(waiting)
    world.fail(second, "no")
    assert await waiting == {Status.COMPLETED: 1, Status.ERROR: 1}


@played
async def test_a_wait_for_certain_statuses_ends_when_no_open_task_has_one(
    world: World, wait: Waiter
) -> None:
    task = world.task(world.result())
    submitted = TaskFilter.StatusesRequest(statuses=[Status.SUBMITTED])
    waiting = await wait.for_sessions(world.session, included=submitted)
    world.start(task)
    assert await waiting == {}


@pytest.mark.parametrize(
    ("flag", "end"),
    [
        ("stop_on_first_task_error", lambda world, task: world.fail(task, "no")),
        (
            "stop_on_first_task_cancellation",
            lambda world, task: world.move(task, Status.CANCELLING),
        ),
    ],
)
@played
async def test_a_wait_stops_at_the_first_failure_or_cancellation_only_if_asked(
    world: World, wait: Waiter, flag: str, end: Callable[[World, str], None]
) -> None:
    running, unlucky = world.task(world.result()), world.task(world.result())
    world.start(running)
    patient = await wait.for_sessions(world.session)
    hasty = await wait.for_sessions(world.session, **{flag: True})
    end(world, unlucky)
    assert (await hasty)[Status.PROCESSING] == 1
    assert not await settled(patient)
    patient.cancel()


@played
async def test_a_wait_for_many_tasks_does_not_count_them_at_every_change(
    world: World, wait: Waiter, monkeypatch: pytest.MonkeyPatch
) -> None:
    all_tasks = [world.task(world.result()) for _ in range(60)]
    waiting = await wait.for_sessions(world.session)
    looks = []
    read = world.plane.database.read
    monkeypatch.setattr(world.plane.database, "read", lambda query: looks.append(1) or read(query))
    for task in all_tasks:
        world.succeed(task)
        await asyncio.sleep(0)
    assert await waiting == {Status.COMPLETED: 60}
    assert len(looks) == 1


@played
async def test_a_wait_that_missed_changes_still_ends(
    world: World, wait: Waiter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed, "LIMIT", 3)
    all_tasks = [world.task(world.result()) for _ in range(10)]
    waiting = await wait.for_sessions(world.session)
    for task in all_tasks:
        world.succeed(task)  # all at once, so that the wait cannot keep up
    assert await waiting == {Status.COMPLETED: 10}


@played
async def test_a_wait_for_the_tasks_of_a_session_ends_when_it_is_deleted(
    world: World, wait: Waiter
) -> None:
    world.task(world.result())
    waiting = await wait.for_sessions(world.session)
    await session_life.delete(world.plane, world.session)
    assert await waiting == {}


# --- over gRPC -----------------------------------------------------------------------------------


@asynccontextmanager
async def served(world: World, folder: Path) -> AsyncIterator[SubmitterStub]:
    """The plane behind a real server."""
    control_plane = ControlPlane(world.plane)
    address = f"unix://{folder}/s"
    await control_plane.start(address)
    try:
        async with grpc.aio.insecure_channel(address) as channel:
            yield SubmitterStub(channel)
    finally:
        await control_plane.stop()


async def until(world: World, wanted: bool) -> None:
    """Until the server waits for something of the session, or does not any more."""
    while world.plane.feed.wanted(world.session) != wanted:
        await asyncio.sleep(0.01)


@played
async def test_a_wait_ends_when_the_caller_hangs_up(world: World, tmp_path: Path) -> None:
    output = world.result()
    world.task(output)
    async with served(world, tmp_path) as stub:
        result = ResultRequest(session=world.session, result_id=output)
        for method, request in (
            (stub.WaitForAvailability, result),
            (stub.WaitForCompletion, of_session(world.session)),
        ):
            call = method(request)
            await until(world, wanted=True)
            call.cancel()
            await until(world, wanted=False)


@played
async def test_waiting_calls_do_not_keep_a_control_plane_from_stopping(
    world: World, tmp_path: Path
) -> None:
    output = world.result()
    async with served(world, tmp_path) as stub:
        call = stub.WaitForAvailability(ResultRequest(session=world.session, result_id=output))
        await until(world, wanted=True)
    assert not world.plane.feed.wanted(world.session)
    with pytest.raises((grpc.RpcError, asyncio.CancelledError)):
        await call
