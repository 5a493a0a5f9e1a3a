"""The change feed: what happened to tasks and results, for event streams.

A subscription holds at most `LIMIT` changes. If its reader is slower than that, the changes are
dropped and the subscription is marked as lagging: its reader then has to look at the tables. So a
slow reader costs no memory without limit and still learns every final state.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Container, Iterable, Iterator
from contextlib import contextmanager
from enum import Enum
from typing import NamedTuple, TypeVar

Key = TypeVar("Key")

LIMIT = 20_000
"""Changes that one subscription holds before it counts as lagging."""


class ChangeKind(Enum):
    """What a change is about; the kinds of ArmoniK's Events service."""

    NEW_TASK = 1
    TASK_STATUS = 2
    NEW_RESULT = 3
    RESULT_STATUS = 4
    RESULT_OWNER = 5


class Change(NamedTuple):
    """One thing that happened. ``status`` is the number of the new status, ``owner`` a task id."""

    kind: ChangeKind
    session_id: str
    object_id: str
    status: int = 0
    owner: str = ""


class Subscription:
    """The changes that one reader has not read yet."""

    def __init__(
        self, session_ids: Iterable[str], kinds: Container[ChangeKind] = frozenset(ChangeKind)
    ) -> None:
        """Open it; see `ChangeFeed.subscribe`."""
        self.session_ids = frozenset(session_ids)
        self.topics: set[tuple[str, str]] = set()
        self._kinds = kinds
        self._changes: deque[Change] = deque()
        self._wake = asyncio.Event()
        self.lagging = False

    def add(self, change: Change) -> None:
        """Append a change of a kind that matters, or mark the subscription as lagging."""
        if change.kind not in self._kinds:
            return
        if len(self._changes) >= LIMIT:
            self.miss()
        if not self.lagging:
            self._changes.append(change)
        self._wake.set()

    def miss(self) -> None:
        """Drop all changes and mark the subscription as lagging."""
        self._changes.clear()
        self.lagging = True
        self._wake.set()

    async def next_batch(self, limit: int) -> list[Change]:
        """Wait until there is something, then return up to ``limit`` changes.

        An empty list means: the reader was too slow, `lagging` was set and is now cleared.
        """
        while not self._changes and not self.lagging:
            self._wake.clear()
            await self._wake.wait()
        if self.lagging:
            self.lagging = False
            return []
        return [self._changes.popleft() for _ in range(min(limit, len(self._changes)))]


ANYTHING = ""
"""Stands for the id of whatever is in a session."""


class ChangeFeed:
    """Hands changes to the subscriptions of their session.

    Who listens is looked up by session and id: a change costs as much as it has listeners, however
    many others wait for something else.
    """

    def __init__(self) -> None:
        self._subscriptions: dict[str, set[Subscription]] = {}
        self._listeners: dict[tuple[str, str], set[Subscription]] = {}

    def wanted(self, session_id: str) -> bool:
        """Tell whether anybody listens to a session."""
        return session_id in self._subscriptions

    def publish(self, change: Change) -> None:
        """Hand a change to whoever listens."""
        for about in (ANYTHING, change.object_id):
            for subscription in self._listeners.get((change.session_id, about), ()):
                subscription.add(change)

    def vanish(self, session_id: str) -> None:
        """Have those who listen to a session look at the tables: all its rows are gone."""
        for subscription in self._subscriptions.get(session_id, ()):
            subscription.miss()

    @contextmanager
    def subscribe(
        self,
        *session_ids: str,
        about: Iterable[str] = (ANYTHING,),
        kinds: Container[ChangeKind] = frozenset(ChangeKind),
    ) -> Iterator[Subscription]:
        """Listen to sessions for the time of the block; unknown sessions are silent.

        Args:
            about: ids of the only tasks and results that matter; see `also`.
            kinds: the only kinds of changes that matter.
        """
        subscription = Subscription(session_ids, kinds)
        for session_id in subscription.session_ids:
            self._subscriptions.setdefault(session_id, set()).add(subscription)
        for object_id in about:
            self.also(subscription, object_id)
        try:
            yield subscription
        finally:
            for session_id in subscription.session_ids:
                _remove(self._subscriptions, session_id, subscription)
            for topic in subscription.topics:
                _remove(self._listeners, topic, subscription)

    def also(self, subscription: Subscription, object_id: str) -> None:
        """Have a subscription hear of one more task or result."""
        for session_id in subscription.session_ids:
            topic = (session_id, object_id)
            subscription.topics.add(topic)
            self._listeners.setdefault(topic, set()).add(subscription)


def _remove(listeners: dict[Key, set[Subscription]], key: Key, subscription: Subscription) -> None:
    listeners[key].discard(subscription)
    if not listeners[key]:
        del listeners[key]
