"""What the crowd of one learner's tasks is to another's hello; and what fairness costs the crowd.

Each client has a session of its own, without a label: so they count as two learners.
"""

from collections.abc import Callable, Sequence

from hello_helpers.embedded import QueueRules
from hello_helpers.messages import Payload

from . import hello
from .measuring import Contender, Race, Sample, seconds
from .plan import OURS, Plan

FIRST_COME = f"{OURS}, --first-come"

SPLITS = 3
"""Subtasks that each split makes: two halves, and the one that joins them."""


def _queue(client: hello.Hello, count: int) -> list[str]:
    """Queue tasks while none of them can run; return the ids of what they will produce."""
    client.pause()
    (payload_id,) = client.create([Payload([1, 1]).serialize()])
    output_ids = client.announce(count)
    client.submit([payload_id] * count, output_ids)
    return output_ids


def _beside(plan: Plan, row: str, crowd: Callable[[hello.Hello], None]) -> Sample:
    """Say hello, one after the other, as long as the crowd of another client lasts."""
    with hello.client() as client:
        other = client.another()
        crowd(other)
        times = [seconds(client.once) * 1000]
        while len(times) < plan.warm and other.unfinished():
            times.append(seconds(client.once) * 1000)
        other.cancel()
    return Sample({row: times})


def _alone(plan: Plan, row: str) -> Sample:
    with hello.client() as client:
        return Sample({row: [seconds(client.once) * 1000 for _ in range(plan.warm)]})


def _race(plan: Plan, row: str, crowd: Callable[[hello.Hello], None]) -> Race:
    contenders = [
        Contender(OURS, lambda: _beside(plan, row, crowd)),
        Contender(f"{OURS}, alone", lambda: _alone(plan, row)),
    ]
    return Race({row: "ms"}, contenders, plan.repeat)


def beside(plan: Plan) -> list[Race]:
    """Say hello while another client has many tasks queued, and while its tasks make subtasks."""

    def queue(other: hello.Hello) -> None:
        _queue(other, plan.queued)
        other.resume()

    def split(other: hello.Hello) -> None:
        leaves = max(2, plan.queued // SPLITS)
        payload_ids = other.create([Payload(list(range(leaves)), 1).serialize()])
        other.submit(payload_ids, other.announce(1))

    return [
        _race(plan, f"hello while another has {plan.queued:,} tasks queued", queue),
        _race(plan, f"hello while another's tasks make {plan.queued:,} subtasks", split),
    ]


def rate(plan: Plan) -> list[Race]:
    """Run what is queued: learners in turn against the plain queue."""
    row = f"{plan.queued:,} queued tasks"

    def run(rules: QueueRules) -> Sample:
        with hello.client(queues=rules) as client:
            output_ids = _queue(client, plan.queued)

            def finish() -> None:
                client.resume()
                client.wait(output_ids)

            return Sample({row: [plan.queued / seconds(finish)]})

    rules: Sequence[tuple[str, QueueRules]] = (
        (OURS, QueueRules()),
        (FIRST_COME, QueueRules(first_come=True)),
    )
    contenders = [Contender(who, lambda how=how: run(how)) for who, how in rules]
    return [Race({row: "tasks/s"}, contenders, plan.repeat)]
