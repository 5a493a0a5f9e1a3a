"""Many hellos at once, from the first payload to the last checked result.

The raw limit makes the same calls: batched creation, batched submission, one stream with an event
for each result, several downloads at once; and each task makes the round trip to one of two worker
processes, with the frames of ours. A server that does nothing else answers all of it.
"""

from __future__ import annotations

import itertools
import time
from functools import partial

from .. import hello, peers, raw_client
from ..measuring import Contender, Race, Sample
from ..plan import AT_ONCE, OURS, RAW, Plan

PHASES = ("create", "submit", "run", "download")


def phases(client: hello.Client, count: int) -> tuple[dict[str, float], list[bytes]]:
    """Run many hellos; return the seconds of each phase, and the results."""
    contents = hello.payloads(count)
    clock = [time.perf_counter()]
    payload_ids, output_ids = client.create(contents), client.announce(count)
    clock.append(time.perf_counter())
    client.submit(payload_ids, output_ids)
    clock.append(time.perf_counter())
    client.wait(output_ids)
    clock.append(time.perf_counter())
    data = client.download(output_ids, AT_ONCE)
    clock.append(time.perf_counter())
    took = (after - before for before, after in itertools.pairwise(clock))
    return dict(zip(PHASES, took, strict=True)), data


def _ours(row: str, count: int) -> Sample:
    with hello.client() as (_, client):
        took, data = phases(client, count)
    hello.check(data)
    return _sample(row, count, took)


def _raw(row: str, count: int) -> Sample:
    with raw_client.client(workers=2) as client:
        took, data = phases(client, count)
    assert len(data) == count
    return _sample(row, count, took)


def _sample(row: str, count: int, took: dict[str, float]) -> Sample:
    return Sample({row: [count / sum(took.values())]}, {f"{key} s": took[key] for key in took})


def races(plan: Plan) -> list[Race]:
    """Compare with the raw limit and the peers."""
    row, count = f"{plan.count:,} hellos, all checked", plan.count
    contenders = [
        Contender(OURS, partial(_ours, row, count)),
        Contender(RAW, partial(_raw, row, count)),
        *peers.contenders(plan, "many", count, lambda _, took: {row: [count / took[0]]}),
    ]
    return [Race({row: "tasks/s"}, contenders, plan.fewer)]
