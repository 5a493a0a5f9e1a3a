"""A partition's queue: larger priority first, then learners in turn, nothing lost.

`FairQueue` is a state machine: what it does is compared with what anybody may expect of it, over
all that can happen to it. `PartitionQueue` adds the pods that wait.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, Literal, NamedTuple

from hypothesis import given, settings
from hypothesis import strategies as st

from hello_helpers.embedded.data_plane.queues import FairQueue, PartitionQueue, Share

QUICK = settings(deadline=None, database=None, max_examples=100)

ANYBODY = Share("anybody", "session")


class Entry(NamedTuple):
    """A task that waits, as a test notes it."""

    task_id: str
    priority: int
    share: Share


class Deed(NamedTuple):
    """Something that happens to a queue.

    Attributes:
        kind: put (a task of ``share`` comes), take, or discard (one that waits is cancelled; the
            number chooses it).
    """

    kind: Literal["put", "take", "discard"]
    share: Share
    priority: int = 1
    number: int = 0


shares = st.builds(Share, st.sampled_from("ABC"), st.sampled_from("12"))
deeds = st.builds(
    Deed,
    st.sampled_from(["put", "put", "take", "take", "discard"]),
    shares,
    st.sampled_from([1, 1, 1, 2]),
    st.integers(0, 5),
)


class Watched:
    """A queue, and beside it a list of what must be in it."""

    def __init__(self) -> None:
        self.queue = FairQueue()
        self.waiting: list[Entry] = []  # in order of arrival
        self.taken: list[Entry] = []
        self._put = 0

    def do(self, deed: Deed) -> None:
        if deed.kind == "put":
            self._put += 1
            entry = Entry(f"task-{self._put}", deed.priority, deed.share)
            self.queue.put(*entry)
            self.waiting.append(entry)
        elif deed.kind == "take":
            self.take()
        elif self.waiting:
            self.queue.discard(*self.waiting.pop(deed.number % len(self.waiting)))

    def take(self) -> Entry | None:
        """Take the next task, which must be one that waits, and give it back as the list has it."""
        taken = self.queue.take_now()
        if taken is None:
            assert not self.waiting, "the queue held back what it has"
            return None
        entry = next(entry for entry in self.waiting if entry.task_id == taken.task_id)
        assert taken.learner == entry.share.learner
        assert entry.priority == max(each.priority for each in self.waiting)
        same = [e for e in self.waiting if (e.share, e.priority) == (entry.share, entry.priority)]
        assert entry == same[0], "a session's tasks are not in order of arrival"
        self.waiting.remove(entry)
        self.taken.append(entry)
        return entry


@QUICK
@given(happenings=st.lists(deeds, max_size=60))
def test_whatever_waits_is_taken_a_larger_priority_first_and_a_session_in_order(
    happenings: list[Deed],
):
    watched = Watched()
    for deed in happenings:
        watched.do(deed)
        assert len(watched.queue) == len(watched.waiting)
    while watched.take():
        pass
    assert not watched.waiting


def check_turns(happenings: Sequence[Deed], who: Callable[[Share], Any]) -> None:
    """Check that whoever waits has a turn before somebody else has a second one."""
    watched = Watched()
    turns: dict[Any, Counter[Any]] = {}  # those of others, since one began to wait or had a turn
    for deed in happenings:
        before = len(watched.taken)
        watched.do(deed)
        waiting = {who(entry.share) for entry in watched.waiting}
        turns = {name: turns.get(name, Counter()) for name in waiting}
        for entry in watched.taken[before:]:
            had = who(entry.share)
            for name, of_others in turns.items():
                of_others[had] += 1
                assert name == had or of_others[had] <= 1, f"{had} had two turns, {name} none"
            turns.pop(had, None)


@QUICK
@given(happenings=st.lists(deeds.map(lambda deed: deed._replace(priority=1)), max_size=80))
def test_no_learner_has_two_turns_while_another_waits_for_one(happenings: list[Deed]):
    check_turns(happenings, lambda share: share.learner)


@QUICK
@given(happenings=st.lists(deeds.map(lambda deed: deed._replace(priority=1)), max_size=80))
def test_no_session_has_two_turns_while_another_of_the_same_learner_waits_for_one(
    happenings: list[Deed],
):
    of_one = [deed._replace(share=Share("A", deed.share.session)) for deed in happenings]
    check_turns(of_one, lambda share: share.session)


def test_a_hello_beside_a_hundred_thousand_tasks_is_the_next_but_one():
    queue = FairQueue()
    for number in range(100_000):
        queue.put(f"bulk-{number}", 1, Share("careless", "s"))
    for _ in range(1_000):
        queue.take_now()
    queue.put("hello", 1, Share("polite", "t"))
    assert "hello" in taken(queue, 2)


def test_a_learner_with_ten_sessions_has_no_more_turns_than_one_with_a_single_session():
    queue = FairQueue()
    for number in range(100):
        queue.put(f"many-{number}", 1, Share("many", f"session-{number % 10}"))
        queue.put(f"one-{number}", 1, Share("one", "session"))
    assert Counter(task_id[:3] for task_id in taken(queue, 60)) == {"man": 30, "one": 30}


def test_whoever_waits_has_their_turn_however_many_new_ones_come():
    queue = FairQueue()
    queue.put("first", 1, Share("patient", "s"))
    queue.put("second", 1, Share("patient", "s"))
    order = []
    for number in range(20):
        queue.put(f"new-{number}", 1, Share(f"learner-{number}", "s"))
        order += taken(queue, 1)
    assert order.index("second") <= 3


def test_tasks_that_were_cancelled_cost_their_learner_no_turn():
    queue = FairQueue()
    for number in range(1_000):
        queue.put(f"cancelled-{number}", 1, Share("A", "s"))
        queue.put(f"other-{number}", 1, Share("B", "t"))
    for number in range(1_000):
        queue.discard(f"cancelled-{number}", 1, Share("A", "s"))
    queue.put("hello", 1, Share("A", "s"))
    assert "hello" in taken(queue, 2)


@QUICK
@given(before=st.lists(deeds, max_size=20), after=st.lists(deeds, max_size=20))
def test_who_had_their_turn_is_forgotten_when_nothing_waits(before: list[Deed], after: list[Deed]):
    used, new = Watched(), Watched()
    for deed in before:
        used.do(deed)
    while used.take():
        pass
    count = len(used.taken)
    for watched in (used, new):
        for deed in after:
            watched.do(deed)
        while watched.take():
            pass
    assert [e.share for e in used.taken[count:]] == [e.share for e in new.taken]


@QUICK
@given(
    happenings=st.lists(
        st.tuples(st.sampled_from(["put", "take", "release"]), st.sampled_from("ABC")), max_size=60
    )
)
def test_one_learner_has_no_more_tasks_out_than_allowed_and_others_are_not_held_up(
    happenings: list[tuple[str, str]],
):
    most = 2
    queue, waiting, out = FairQueue(most), Counter[str](), []
    for number, (deed, learner) in enumerate(happenings):
        if deed == "put":
            queue.put(f"task-{number}", 1, Share(learner, "s"))
            waiting[learner] += 1
        elif deed == "release" and out:
            queue.release(out.pop(0))
        elif deed == "take":
            held = Counter(each.learner for each in out)
            allowed = {name for name, count in waiting.items() if count and held[name] < most}
            task = queue.take_now()
            assert (task.learner in allowed) if task else not allowed
            if task:
                out.append(task)
                waiting[task.learner] -= 1


def taken(queue: FairQueue, number: int) -> list[str]:
    """Take so many tasks; return their ids."""
    found = [queue.take_now() for _ in range(number)]
    return [task.task_id for task in found if task]


@QUICK
@given(priorities=st.lists(st.integers(1, 5), max_size=20))
def test_where_all_have_one_share_it_is_first_come_first_served(priorities: list[int]):
    queue = FairQueue()
    for number, priority in enumerate(priorities):
        queue.put(f"task-{number}", priority, ANYBODY)
    order = sorted(range(len(priorities)), key=lambda number: (-priorities[number], number))
    assert taken(queue, len(priorities) + 1) == [f"task-{number}" for number in order]


# --- the pods that wait


class Step(NamedTuple):
    """Something that happens to a queue.

    Attributes:
        deed: put (a task comes, with the priority ``number``), want (a pod begins to wait), leave
            (one of the pods that wait stops waiting; the one that waits longest has the number 0)
            or grab (somebody takes without waiting).
        pause: whether those who were woken get on before the next step.
    """

    deed: Literal["put", "want", "leave", "grab"]
    number: int
    pause: bool


steps = st.lists(
    st.builds(
        Step,
        st.sampled_from(["put", "put", "want", "leave", "leave", "grab"]),
        st.sampled_from([0, 0, 1, 2, 3]),
        st.booleans(),
    ),
    max_size=12,
)


class Pods:
    """Pods that wait at a queue. ``log`` notes what was put and taken, in order."""

    def __init__(self) -> None:
        self.queue = PartitionQueue()
        self.log: list[tuple[str, Any, int]] = []
        self.waiting: list[asyncio.Task[None]] = []
        self.gone: list[asyncio.Task[None]] = []
        self._put = 0

    async def wait_for_a_task(self) -> None:
        self.log.append(("taken", (await self.queue.take()).task_id, 0))

    def do(self, step: Step) -> None:
        if step.deed == "put":
            self._put += 1
            self.log.append(("put", f"task-{self._put}", step.number))
            self.queue.put(f"task-{self._put}", step.number, ANYBODY)
        elif step.deed == "want":
            self.waiting.append(asyncio.ensure_future(self.wait_for_a_task()))
        elif step.deed == "leave":
            present = [pod for pod in self.waiting if not pod.done() and pod not in self.gone]
            if present:
                self.gone.append(present[step.number % len(present)])
                self.gone[-1].cancel()
        elif step.deed == "grab" and (taken := self.queue.take_now()):
            self.log.append(("taken", taken.task_id, 0))

    def check_log(self) -> None:
        """Check that each task was taken at most once, and the right one each time."""
        present: list[tuple[int, str]] = []  # in order of arrival
        for deed, task_id, priority in self.log:
            if deed == "put":
                present.append((priority, task_id))
            else:
                largest = max(priority for priority, _ in present)
                best = next(task for task in present if task[0] == largest)
                assert best[1] == task_id
                present.remove(best)
        assert len(present) == len(self.queue)


@QUICK
@given(waiting=st.integers(0, 4), happenings=steps)
def test_no_task_is_lost_and_no_pod_waits_beside_a_task_whoever_comes_and_goes(
    waiting: int, happenings: list[Step]
):
    async def play() -> None:
        pods = Pods()
        for step in [*[Step("want", 0, True)] * waiting, *happenings]:
            pods.do(step)
            if step.pause:
                await asyncio.sleep(0)
        for _ in range(waiting + len(happenings) + 2):  # until everybody has done what they can
            await asyncio.sleep(0)
        pods.check_log()
        still_waiting = [pod for pod in pods.waiting if not pod.done()]
        assert not (still_waiting and len(pods.queue))
        for pod in still_waiting:
            pod.cancel()
        await asyncio.gather(*pods.waiting, return_exceptions=True)
        pods.check_log()

    asyncio.run(play())


def test_a_pod_that_leaves_at_the_moment_of_its_wake_up_hands_it_on():
    async def play() -> str:
        queue = PartitionQueue()
        first, second = (asyncio.ensure_future(queue.take()) for _ in range(2))
        await asyncio.sleep(0)
        queue.put("task", 1, ANYBODY)  # wakes the first pod …
        first.cancel()  # … which does not want it any more
        return (await asyncio.wait_for(second, 5)).task_id

    assert asyncio.run(play()) == "task"


def test_a_pod_that_waits_is_woken_when_a_learner_may_have_one_more_task_out():
    async def play() -> str:
        queue = PartitionQueue(most=1)
        for task_id in ("first", "second"):
            queue.put(task_id, 1, ANYBODY)
        first = await queue.take()
        waiting = asyncio.ensure_future(queue.take())
        await asyncio.sleep(0)
        assert not waiting.done()
        queue.release(first)
        return (await asyncio.wait_for(waiting, 5)).task_id

    assert asyncio.run(play()) == "second"


def test_a_task_is_there_once_and_one_that_is_not_there_is_not_missed():
    queue, share = FairQueue(), Share("ada", "session")
    queue.put("one", 1, share)
    queue.put("one", 1, share)
    queue.discard("another", 1, share)
    assert len(queue) == 1
    taken = queue.take_now()
    assert taken is not None
    assert taken.task_id == "one"
    assert queue.take_now() is None
