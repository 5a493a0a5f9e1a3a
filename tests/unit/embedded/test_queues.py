"""A partition's queue: larger priority first, then first come first served, nothing lost."""

from __future__ import annotations

import asyncio
from typing import Any, Literal, NamedTuple

from hypothesis import given, settings
from hypothesis import strategies as st

from hello_helpers.embedded.data_plane.queues import PartitionQueue

QUICK = settings(deadline=None, database=None, max_examples=300)


@QUICK
@given(priorities=st.lists(st.integers(1, 5), max_size=20))
def test_larger_priority_first_then_first_come_first_served(priorities: list[int]):
    queue = PartitionQueue()
    for number, priority in enumerate(priorities):
        queue.put(f"task-{number}", priority)
    assert len(queue) == len(priorities)
    order = sorted(range(len(priorities)), key=lambda number: (-priorities[number], number))
    assert [queue.take_now() for _ in priorities] == [f"task-{number}" for number in order]
    assert queue.take_now() is None


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
        self.log.append(("taken", await self.queue.take(), 0))

    def do(self, step: Step) -> None:
        if step.deed == "put":
            self._put += 1
            self.log.append(("put", f"task-{self._put}", step.number))
            self.queue.put(f"task-{self._put}", step.number)
        elif step.deed == "want":
            self.waiting.append(asyncio.ensure_future(self.wait_for_a_task()))
        elif step.deed == "leave":
            present = [pod for pod in self.waiting if not pod.done() and pod not in self.gone]
            if present:
                self.gone.append(present[step.number % len(present)])
                self.gone[-1].cancel()
        elif step.deed == "grab" and (task_id := self.queue.take_now()):
            self.log.append(("taken", task_id, 0))

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
        queue.put("task", 1)  # wakes the first pod …
        first.cancel()  # … which does not want it any more
        return await asyncio.wait_for(second, 5)

    assert asyncio.run(play()) == "task"
