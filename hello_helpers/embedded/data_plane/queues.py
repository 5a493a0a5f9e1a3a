"""One queue per partition: which task comes next, and who waits for it.

Larger priority first. Within a priority the learners take turns, and so do the sessions of one
learner, so that nobody waits for all that somebody else has queued; a session's own tasks are
first come first served. `shares` tells whose a task is.

A queue only says which task to look at next. The truth is the task's row: whoever takes a task
id off the queue must find the task SUBMITTED, or drop it.
"""

from __future__ import annotations

import asyncio
from bisect import bisect_left, insort
from collections import Counter, OrderedDict, deque
from collections.abc import Callable, Container, Sized
from heapq import heappop, heappush, heapreplace
from typing import Generic, NamedTuple, TypeVar

Member = TypeVar("Member", bound=Sized)


class Share(NamedTuple):
    """Whose a task is: a learner, and one of their sessions."""

    learner: str
    session: str


class Taken(NamedTuple):
    """A task that is off the queue, and the learner who has a pod by it until `release`."""

    task_id: str
    learner: str


class _Turns(Generic[Member]):
    """Members who take turns, all alike: start-time fair queueing, where each turn costs 1.

    A member's next turn is due one after its last, or one after the present round if it is new;
    those due in one round come in the order in which they have got to know it. So whoever begins
    to wait has their turn within a round, and nobody gains by coming and going. A member with
    nothing to do is forgotten when its turn comes.
    """

    __slots__ = ("_due", "_make", "_members", "_order", "_round", "waiting")

    def __init__(self, make: Callable[[], Member]) -> None:
        """Begin without members; ``make`` makes what a new one waits in."""
        self.waiting = 0
        self._make = make
        self._members: dict[str, Member] = {}
        self._due: list[tuple[int, int, str]] = []  # a heap: round, order, name
        self._round = 0
        self._order = 0

    def __len__(self) -> int:
        return self.waiting

    def member(self, name: str) -> Member:
        """Return what a member waits in; a new one is admitted."""
        member = self._members.get(name)
        if member is None:
            member = self._members[name] = self._make()
            self._order += 1
            heappush(self._due, (self._round + 1, self._order, name))
        return member

    def next(self, passed_over: Container[str] = ()) -> tuple[str, Member] | None:
        """Give the next member who has something to do its turn; None if there is none.

        Args:
            passed_over: who does not get a turn now, and does not make up for it later.
        """
        aside: list[tuple[int, int, str]] = []
        found = None
        while self._due and found is None:
            round_, order, name = self._due[0]
            member = self._members[name]
            if not member:
                heappop(self._due)
                del self._members[name]
            elif name in passed_over:
                aside.append(heappop(self._due))
            else:
                found = name, member
                self._round = round_
                self._order += 1
                heapreplace(self._due, (round_ + 1, self._order, name))
        for round_, order, name in aside:
            heappush(self._due, (max(round_, self._round), order, name))
        return found


_Line = OrderedDict[str, None]  # the ids of a session's tasks; each end and the middle are at hand


def _sessions() -> _Turns[_Line]:
    return _Turns(_Line)


class FairQueue:
    """The waiting tasks of a partition: a state machine without clock, wait or randomness."""

    def __init__(self, most: int | None = None) -> None:
        """Begin with nothing; ``most``: how many tasks of one learner may be out at a time."""
        self._levels: dict[int, _Turns[_Turns[_Line]]] = {}  # by the negative of the priority
        self._order: list[int] = []
        self._most = most
        self._out: Counter[str] = Counter()
        self._full: set[str] = set()

    def __len__(self) -> int:
        return sum(map(len, self._levels.values()))

    def put(self, task_id: str, priority: int, share: Share) -> None:
        """Add a task, unless it is there."""
        level = self._levels.get(-priority)
        if level is None:
            level = self._levels[-priority] = _Turns(_sessions)
            insort(self._order, -priority)
        sessions = level.member(share.learner)
        line = sessions.member(share.session)
        if task_id not in line:
            line[task_id] = None
            sessions.waiting += 1
            level.waiting += 1

    def take_now(self) -> Taken | None:
        """Take the next task; None if there is none whose learner may have one more out."""
        for key in self._order:
            level = self._levels[key]
            if turn := level.next(self._full):
                learner, sessions = turn
                chosen = sessions.next()
                assert chosen is not None  # those with nothing to do have no turn
                task_id, _ = chosen[1].popitem(last=False)
                self._count_down(key, level, sessions)
                self._count_out(learner)
                return Taken(task_id, learner)
        return None

    def discard(self, task_id: str, priority: int, share: Share) -> None:
        """Remove a task that is not to be run, if it is there: it costs no turn."""
        if level := self._levels.get(-priority):
            sessions = level.member(share.learner)
            line = sessions.member(share.session)
            if task_id in line:
                del line[task_id]
                self._count_down(-priority, level, sessions)

    def release(self, taken: Taken) -> None:
        """Note that a task is not out any more; each that was taken is released once."""
        if self._most is not None:
            self._out[taken.learner] -= 1
            self._full.discard(taken.learner)
            if not self._out[taken.learner]:
                del self._out[taken.learner]

    def _count_down(self, key: int, level: _Turns[_Turns[_Line]], sessions: _Turns[_Line]) -> None:
        sessions.waiting -= 1
        level.waiting -= 1
        if not level.waiting:  # whose turn it was is forgotten: nobody waits
            del self._levels[key]
            del self._order[bisect_left(self._order, key)]

    def _count_out(self, learner: str) -> None:
        if self._most is not None:
            self._out[learner] += 1
            if self._out[learner] >= self._most:
                self._full.add(learner)


class PartitionQueue(FairQueue):
    """The waiting tasks of a partition, and the pods that wait for one."""

    def __init__(self, most: int | None = None) -> None:
        """Begin with nothing; see `FairQueue`."""
        super().__init__(most)
        self._pods: deque[asyncio.Future[None]] = deque()

    def put(self, task_id: str, priority: int, share: Share) -> None:
        """Add a task and wake one pod."""
        super().put(task_id, priority, share)
        self._wake_one()

    def release(self, taken: Taken) -> None:
        """Note that a pod has done with a task; another one may now take a task of its learner."""
        super().release(taken)
        if self._most is not None:
            self._wake_one()

    async def take(self) -> Taken:
        """Wait for a task and take it; a cancelled taker takes nothing."""
        while (taken := self.take_now()) is None:
            woken = asyncio.get_running_loop().create_future()
            self._pods.append(woken)
            try:
                await woken
            except asyncio.CancelledError:
                if not woken.cancelled():  # it was woken at the same moment: another one shall be
                    self._wake_one()
                raise
        return taken

    def _wake_one(self) -> None:
        while self._pods:
            woken = self._pods.popleft()
            if not woken.done():  # else its pod does not wait any more
                woken.set_result(None)
                return
