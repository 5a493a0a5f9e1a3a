"""From a thousand tasks to a hundred thousand: does a task cost more when there are many?"""

from __future__ import annotations

import time
from functools import partial

from .. import hello
from ..measuring import Contender, Race, Sample
from ..plan import OURS, Plan

WHOLE = "cost of a task, submission and run"
SUBMISSION = "cost of a task, submission"


def _cost(count: int) -> Sample:
    """Submit so many tasks, and wait for the last one; payloads and results are there before."""
    with hello.client() as (_, client):
        payload_ids, output_ids = client.create(hello.payloads(count)), client.announce(count)
        start = time.perf_counter()
        client.submit(payload_ids, output_ids)
        submitted = time.perf_counter()
        client.wait(output_ids)
        end = time.perf_counter()
    each = 1000 / count
    return Sample({WHOLE: [(end - start) * each], SUBMISSION: [(submitted - start) * each]})


def races(plan: Plan) -> list[Race]:
    """Compare the largest number with the smaller ones, each on an embedded ArmoniK of its own."""
    sizes = sorted(plan.sizes, reverse=True)
    contenders = [Contender(f"{OURS}, {size:,} tasks", partial(_cost, size)) for size in sizes]
    return [Race({WHOLE: "ms", SUBMISSION: "ms"}, contenders, plan.fewer)]
