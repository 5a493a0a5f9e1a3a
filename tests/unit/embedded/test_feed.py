"""The change feed: every change in order, or word that some were missed; never without bound."""

import asyncio
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hello_helpers.embedded.data_plane import feed
from hello_helpers.embedded.data_plane.feed import Change, ChangeFeed, ChangeKind, Subscription

from .world import played

QUICK = settings(deadline=None, database=None, max_examples=200)
LIMIT = 7


@pytest.fixture(scope="module", autouse=True)
def small_limit() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(feed, "LIMIT", LIMIT)
        yield


def change(number: int, session_id: str = "s") -> Change:
    return Change(ChangeKind.TASK_STATUS, session_id, f"task-{number}")


async def read(subscription: Subscription, limit: int = 1000) -> list[Change]:
    """Read what is there; an empty list is the notice that something was missed."""
    return await asyncio.wait_for(subscription.next_batch(limit), 5)


async def is_silent(subscription: Subscription) -> bool:
    """Tell whether a reader has to wait; it then stops waiting."""
    reader = asyncio.ensure_future(subscription.next_batch(1000))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    silent = not reader.done()
    reader.cancel()
    await asyncio.gather(reader, return_exceptions=True)
    return silent


@QUICK
@given(
    happenings=st.lists(
        st.tuples(st.just("publish"), st.integers(1, LIMIT + 2))
        | st.tuples(st.just("read"), st.integers(1, LIMIT + 2)),
        max_size=20,
    )
)
@played
async def test_a_reader_gets_every_change_in_order_or_learns_that_it_missed_some(
    happenings: list[tuple[str, int]],
) -> None:
    changes = ChangeFeed()
    published = seen = 0  # the reader knows of all changes up to `seen`
    with changes.subscribe("s") as subscription:
        for deed, number in [*happenings, *[("read", 1000)] * 2]:
            if deed == "publish":
                for _ in range(number):
                    published += 1
                    changes.publish(change(published))
            elif seen < published:
                batch = await read(subscription, number)
                if not batch:  # looking at the tables shows everything up to now
                    assert published - seen > LIMIT
                    seen = published
                    continue
                assert len(batch) <= min(number, LIMIT)
                assert batch == [change(seen + 1 + offset) for offset in range(len(batch))]
                seen += len(batch)
        assert seen == published
        assert await is_silent(subscription)


@played
async def test_a_slow_reader_costs_no_more_than_the_limit() -> None:
    changes = ChangeFeed()
    with changes.subscribe("s") as subscription:
        for number in range(10 * LIMIT):
            changes.publish(change(number))
            assert len(subscription._changes) <= LIMIT
        assert subscription.lagging
        assert await read(subscription) == []
        assert not subscription.lagging
        changes.publish(change(1))
        assert await read(subscription) == [change(1)]


@played
async def test_a_reader_that_waits_is_woken_and_one_that_stopped_waiting_has_lost_nothing() -> None:
    changes = ChangeFeed()
    with changes.subscribe("s") as subscription:
        assert await is_silent(subscription)
        reader = asyncio.ensure_future(read(subscription))
        await asyncio.sleep(0)
        changes.publish(change(1))
        assert await reader == [change(1)]


@played
async def test_all_subscriptions_of_a_session_hear_of_it_and_no_others() -> None:
    changes = ChangeFeed()
    with (
        changes.subscribe("s") as first,
        changes.subscribe("s") as second,
        changes.subscribe("other") as other,
    ):
        changes.publish(change(1))
        assert await read(first) == await read(second) == [change(1)]
        assert await is_silent(other)


@played
async def test_who_listens_to_certain_ids_or_kinds_hears_of_nothing_else() -> None:
    changes = ChangeFeed()
    with (
        changes.subscribe("s", about=["task-1"]) as one,
        changes.subscribe("s", kinds={ChangeKind.NEW_TASK}) as new,
    ):
        for number in (1, 2, 3):
            changes.publish(change(number))
        changes.publish(change(1, "other"))
        assert await read(one) == [change(1)]
        assert await is_silent(new)
        changes.also(one, "task-2")
        changes.publish(change(2))
        assert await read(one) == [change(2)]
        changes.vanish("s")
        assert await read(one) == await read(new) == []
    changes.publish(change(1))
    assert not changes._listeners


def test_a_session_is_wanted_as_long_as_somebody_listens():
    changes = ChangeFeed()
    assert not changes.wanted("s")
    with changes.subscribe("s"):
        with changes.subscribe("s"):
            assert changes.wanted("s")
        assert changes.wanted("s")
    assert not changes.wanted("s")
    changes.publish(change(1))  # nobody listens: nothing happens
