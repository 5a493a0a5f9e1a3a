"""The waiting calls of old clients: they end when they should, and cost nothing until then."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

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
    tasks,
)
from hello_helpers.embedded.data_plane.states import SessionAction
from hello_helpers.embedded.errors import NotFound

from .world import Status, World, played

T = TypeVar("T")


def of_session(*ids: str, **more: Any) -> WaitRequest:
    wanted = TaskFilter(session=TaskFilter.IdsRequest(ids=ids), **more)
    return WaitRequest(filter=wanted)


def of_tasks(*ids: str) -> WaitRequest:
    return WaitRequest(filter=TaskFilter(task=TaskFilter.IdsRequest(ids=ids)))


async def settled(wait: asyncio.Future[T]) -> bool:
    """Whether a wait is over once everything that can happen now has happened."""
    done, _ = await asyncio.wait({wait}, timeout=0.1)
    return bool(done)


# --- one result ----------------------------------------------------------------------------------


@played
async def test_a_wait_for_a_result_ends_when_its_task_has_made_it(world: World) -> None:
    output = world.result()
    task = world.task(output)
    wait = asyncio.ensure_future(wait_for_availability(world.plane, output))
    assert not await settled(wait)
    world.succeed(task)
    assert (await wait).WhichOneof("type") == "ok"


@played
async def test_a_wait_for_a_result_outlives_the_retries_of_its_task(world: World) -> None:
    output = world.result()
    task = world.task(output)
    wait = asyncio.ensure_future(wait_for_availability(world.plane, output))
    assert not await settled(wait)
    world.crash(task)
    assert not await settled(wait)
    world.fail(f"{task}###1", "no")
    reply = await wait
    assert reply.error.task_id == f"{task}###1"
    assert [error.detail for error in reply.error.errors] == ["no"]


@played
async def test_a_wait_for_a_result_that_its_task_forgot_ends_in_an_error(world: World) -> None:
    output = world.result()
    wait = asyncio.ensure_future(wait_for_availability(world.plane, output))
    assert not await settled(wait)  # nobody is to make it yet
    task = world.task(output)
    assert not await settled(wait)
    world.succeed(task, producing=False)
    (error,) = (await wait).error.errors
    assert error.task_status == Status.COMPLETED
    assert "without this result" in error.detail


@played
async def test_a_wait_for_a_result_of_a_cancelled_session_ends_in_an_error(world: World) -> None:
    orphan = world.result()
    wait = asyncio.ensure_future(wait_for_availability(world.plane, orphan))
    assert not await settled(wait)
    await session_life.act(world.plane, world.session, SessionAction.CANCEL)
    (error,) = (await wait).error.errors
    assert "session was cancelled" in error.detail


@played
async def test_a_wait_for_a_result_ends_when_its_data_or_its_session_is_deleted(
    world: World,
) -> None:
    first, second = world.result(), world.result()
    waits = [
        asyncio.ensure_future(wait_for_availability(world.plane, result))
        for result in (first, second)
    ]
    assert not await settled(waits[0])
    with world.plane.transaction() as tx:
        results.delete_data(world.plane, tx, [results.get(world.plane, first)])
    with pytest.raises(NotFound, match="is DELETED"):
        await waits[0]
    assert not await settled(waits[1])
    await session_life.delete(world.plane, world.session)
    with pytest.raises(NotFound):
        await waits[1]


@played
async def test_a_wait_for_a_result_that_does_not_exist_ends_at_once(world: World) -> None:
    with pytest.raises(NotFound):
        await wait_for_availability(world.plane, str(uuid.uuid4()))


@played
async def test_a_wait_for_a_result_is_not_woken_by_other_results(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    output, others = world.result(), [world.result() for _ in range(20)]
    task, rest = world.task(output), [world.task(other) for other in others]
    wait = asyncio.ensure_future(wait_for_availability(world.plane, output))
    assert not await settled(wait)
    looks = []
    get = results.get
    monkeypatch.setattr(results, "get", lambda plane, id_: [looks.append(id_), get(plane, id_)][1])
    for other in rest:
        world.succeed(other)
        await asyncio.sleep(0)
    assert output not in looks
    world.succeed(task)
    assert (await wait).WhichOneof("type") == "ok"


# --- tasks ---------------------------------------------------------------------------------------


@played
async def test_tasks_that_are_pending_or_paused_are_not_over(world: World) -> None:
    missing = world.result()
    pending = world.task(world.result(), waits_for=missing)
    await session_life.act(world.plane, world.session, SessionAction.PAUSE)
    paused = world.task(world.result())
    assert tasks.get(world.plane, pending)["status"] == Status.PENDING
    assert tasks.get(world.plane, paused)["status"] == Status.PAUSED
    waits = [
        asyncio.ensure_future(wait_for_completion(world.plane, of_tasks(task)))
        for task in (pending, paused)
    ]
    assert not await settled(waits[0])
    assert not await settled(waits[1])
    await session_life.act(world.plane, world.session, SessionAction.CANCEL)
    assert await waits[0] == await waits[1] == {Status.CANCELLED: 1}


@played
async def test_a_task_by_its_id_is_over_when_its_last_retry_is(world: World) -> None:
    task, other = world.task(world.result()), world.task(world.result())
    wait = asyncio.ensure_future(wait_for_completion(world.plane, of_tasks(task)))
    world.crash(task)
    assert not await settled(wait)
    world.succeed(f"{task}###1")
    assert await wait == {Status.RETRIED: 1, Status.COMPLETED: 1}
    assert tasks.get(world.plane, other)["status"] == Status.SUBMITTED


@played
async def test_a_wait_may_span_several_sessions(world: World) -> None:
    other = world.new_session()
    first = world.task(world.result())
    second = world.task(world.result(other), session=other)
    request = of_session(world.session, other)
    wait = asyncio.ensure_future(wait_for_completion(world.plane, request))
    world.succeed(first)
    assert not await settled(wait)
    world.fail(second, "no")
    assert await wait == {Status.COMPLETED: 1, Status.ERROR: 1}


@played
async def test_a_wait_for_certain_statuses_ends_when_no_open_task_has_one(world: World) -> None:
    task = world.task(world.result())
    submitted = TaskFilter.StatusesRequest(statuses=[Status.SUBMITTED])
    request = of_session(world.session, included=submitted)
    wait = asyncio.ensure_future(wait_for_completion(world.plane, request))
    assert not await settled(wait)
    world.start(task)
    assert await wait == {}


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
    world: World, flag: str, end: Callable[[World, str], None]
) -> None:
    running, unlucky = world.task(world.result()), world.task(world.result())
    world.start(running)
    patient, hasty = of_session(world.session), of_session(world.session)
    setattr(hasty, flag, True)
    waits = [
        asyncio.ensure_future(wait_for_completion(world.plane, request))
        for request in (patient, hasty)
    ]
    assert not await settled(waits[1])
    end(world, unlucky)
    assert (await waits[1])[Status.PROCESSING] == 1
    assert not await settled(waits[0])
    waits[0].cancel()


@played
async def test_a_wait_for_many_tasks_does_not_count_them_at_every_change(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    all_tasks = [world.task(world.result()) for _ in range(60)]
    wait = asyncio.ensure_future(wait_for_completion(world.plane, of_session(world.session)))
    assert not await settled(wait)
    looks = []
    read = world.plane.database.read
    monkeypatch.setattr(world.plane.database, "read", lambda query: looks.append(1) or read(query))
    for task in all_tasks:
        world.succeed(task)
        await asyncio.sleep(0)
    assert await wait == {Status.COMPLETED: 60}
    assert len(looks) == 1


@played
async def test_a_wait_that_missed_changes_still_ends(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed, "LIMIT", 3)

    all_tasks = [world.task(world.result()) for _ in range(10)]
    wait = asyncio.ensure_future(wait_for_completion(world.plane, of_session(world.session)))
    assert not await settled(wait)
    for task in all_tasks:
        world.succeed(task)  # all at once, so that the wait cannot keep up
    assert await wait == {Status.COMPLETED: 10}


@played
async def test_a_wait_for_the_tasks_of_a_session_ends_when_it_is_deleted(world: World) -> None:
    world.task(world.result())
    wait = asyncio.ensure_future(wait_for_completion(world.plane, of_session(world.session)))
    assert not await settled(wait)
    await session_life.delete(world.plane, world.session)
    assert await wait == {}


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
            while not world.plane.feed.wanted(world.session):
                await asyncio.sleep(0.01)  # until the server is waiting
            call.cancel()
            while world.plane.feed.wanted(world.session):
                await asyncio.sleep(0.01)  # until it has noticed


@played
async def test_waiting_calls_do_not_keep_a_control_plane_from_stopping(
    world: World, tmp_path: Path
) -> None:
    output = world.result()
    async with served(world, tmp_path) as stub:
        call = stub.WaitForAvailability(ResultRequest(session=world.session, result_id=output))
        while not world.plane.feed.wanted(world.session):
            await asyncio.sleep(0.01)
    assert not world.plane.feed.wanted(world.session)
    with pytest.raises((grpc.RpcError, asyncio.CancelledError)):
        await call
