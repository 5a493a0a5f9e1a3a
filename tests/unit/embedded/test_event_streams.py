"""Event streams: what an event costs does not depend on the filter, nor on who else listens."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path
from typing import Any

import pytest
from armonik.common import Result
from armonik.protogen.common.events_common_pb2 import (
    EVENTS_ENUM_NEW_RESULT,
    EVENTS_ENUM_RESULT_STATUS_UPDATE,
    EventSubscriptionRequest,
)
from armonik.protogen.common.results_filters_pb2 import Filters

from hello_helpers.embedded.control_plane.events import Events
from hello_helpers.embedded.data_plane import results
from hello_helpers.embedded.data_plane.feed import Subscription

from .world import World, played

KINDS = [EVENTS_ENUM_NEW_RESULT, EVENTS_ENUM_RESULT_STATUS_UPDATE]


def any_of(field: Any, values: list[str]) -> Filters:
    """Return a filter: an OR of comparisons, one for each value."""
    found = Filters()
    for value in values:
        getattr(found, "or").extend(getattr((field == value).to_disjunction().to_message(), "or"))
    return found


def stream(world: World, filters: Filters) -> Any:
    request = EventSubscriptionRequest(
        session_id=world.session, returned_events=KINDS, results_filters=filters
    )
    return Events(world.plane).GetEvents(request, None)  # type: ignore[arg-type]


def complete(world: World, result_id: str) -> None:
    with world.plane.transaction() as tx:
        row = results.get(world.plane, result_id)
        results.complete(world.plane, tx, row, world.plane.objects.put(b"x"), 1)


async def next_id(events: AsyncIterator[Any]) -> str:
    message = await asyncio.wait_for(anext(events), 10)
    return str(getattr(message, message.WhichOneof("update")).result_id)


async def asked(world: World, filters: Filters, awaited: list[str]) -> list[str]:
    """Return what SQLite is asked, values included, to tell a stream that results are complete."""
    questions: list[str] = []
    connection = world.plane.database._writer
    async with aclosing(stream(world, filters)) as events:
        for _ in awaited:
            await next_id(events)  # what is there already
        for result_id in awaited:
            complete(world, result_id)
            connection.set_trace_callback(questions.append)
            assert await next_id(events) == result_id
            connection.set_trace_callback(None)
    return questions


@pytest.mark.parametrize("by", ["result_id", "name"])
@played
async def test_what_an_event_costs_does_not_grow_with_the_filter(by: str, tmp_path: Path):
    lengths = []
    for more in (0, 3_000):
        world = World(tmp_path / f"data {more}")
        awaited = [world.result() for _ in range(3)]
        values = awaited if by == "result_id" else ["r"]
        others = [f"nobody's {number}" for number in range(more)]
        filters = any_of(getattr(Result, by), values + others)
        lengths.append(sum(map(len, await asked(world, filters, awaited))))
        world.plane.close()
    assert lengths[0] == lengths[1]


@played
async def test_an_event_is_handed_only_to_streams_that_wait_for_its_result(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    handed: list[Subscription] = []
    add = Subscription.add
    monkeypatch.setattr(
        Subscription, "add", lambda self, change: (handed.append(self), add(self, change))[1]
    )
    world = World(tmp_path / "data")
    ids = [world.result() for _ in range(50)]
    streams = [stream(world, any_of(Result.result_id, [id_])) for id_ in ids]
    for events, id_ in zip(streams, ids, strict=True):
        assert await next_id(events) == id_
    heard = asyncio.ensure_future(next_id(streams[7]))
    await asyncio.sleep(0)
    complete(world, ids[7])
    assert await heard == ids[7]
    assert len(set(map(id, handed))) == 1
    for events in streams:
        await events.aclose()
    assert not world.plane.feed.wanted(world.session)
    world.plane.close()
