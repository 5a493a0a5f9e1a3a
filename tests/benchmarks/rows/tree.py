"""A tree of subtasks: each task splits its numbers in two, and a third task joins the sums."""

from __future__ import annotations

from functools import partial

from hello_helpers.messages import Payload, Result

from .. import hello, peers
from ..measuring import Contender, Race, Sample, seconds
from ..plan import OURS, Plan


def _ours(row: str, leaves: int) -> Sample:
    numbers = list(range(leaves))
    with hello.client() as (_, client):
        _sum(client, [1, 2, 3, 4], 2)
        took = seconds(lambda: _sum(client, numbers, 1))
    return Sample({row: [tasks(leaves) / took]})


def _sum(client: hello.Hello, numbers: list[int], threshold: int) -> None:
    payload_ids = client.create([Payload(numbers, threshold).serialize()])
    output_ids = client.announce(1)
    client.submit(payload_ids, output_ids)
    client.wait(output_ids)
    (data,) = client.download(output_ids, 1)
    assert Result.deserialize(data).value == sum(numbers)


def tasks(leaves: int) -> int:
    """Return how many tasks a tree has: its leaves, and two for each split (one joins)."""
    return leaves + 2 * (leaves - 1)


def races(plan: Plan) -> list[Race]:
    """Compare with the peers whose tasks can have subtasks."""
    leaves, count = plan.leaves, tasks(plan.leaves)
    row = f"tree of {count:,} subtasks"
    others = peers.contenders(
        plan, "tree", leaves, lambda _, took: {row: [count / took[0]]}, peers.NO_TREE
    )
    ours = Contender(OURS, partial(_ours, row, leaves))
    return [Race({row: "tasks/s"}, [ours, *others], plan.fewer)]
