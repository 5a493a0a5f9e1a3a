"""The long row taken apart: submission alone, results alone, downloads with 1, 4 and 8 at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial

from .. import hello, raw_client
from ..measuring import Contender, Race, Sample, seconds
from ..plan import AT_ONCE, BATCH, OURS, RAW, Plan

DOWNLOADS = (1, 4, 8)

Rates = Callable[[hello.Client, int], Mapping[str, float]]
"""Does something with a client and a number of things; returns things per second, by row name."""


def submission(plan: Plan) -> list[Race]:
    """Submit tasks in batches. The session is paused, so that nothing else happens meanwhile."""
    row = f"submission alone: {plan.count:,} tasks, {BATCH} in a call"

    def rates(client: hello.Client, count: int) -> Mapping[str, float]:
        payload_ids, output_ids = client.create(hello.payloads(count)), client.announce(count)
        if isinstance(client, hello.Hello):
            client.pause()
        return {row: count / seconds(lambda: client.submit(payload_ids, output_ids))}

    return [_race({row: "tasks/s"}, rates, plan)]


def results(plan: Plan) -> list[Race]:
    """Create results with data, in batches, and download them."""
    create = f"results alone: create {plan.count:,}, {BATCH} in a call"
    fetch = f"results alone: download {plan.count:,}, {AT_ONCE} at once"

    def rates(client: hello.Client, count: int) -> Mapping[str, float]:
        contents, ids = hello.payloads(count), []
        rate = count / seconds(lambda: ids.extend(client.create(contents)))
        return {create: rate, fetch: _download_rate(client, ids, AT_ONCE, contents)}

    return [_race({create: "results/s", fetch: "results/s"}, rates, plan)]


def download(plan: Plan) -> list[Race]:
    """Download the same results with more and more at once."""
    names = {at_once: f"download {plan.count:,}, {at_once} at once" for at_once in DOWNLOADS}

    def rates(client: hello.Client, count: int) -> Mapping[str, float]:
        contents = hello.payloads(count)
        ids = client.create(contents)
        return {name: _download_rate(client, ids, n, contents) for n, name in names.items()}

    return [_race(dict.fromkeys(names.values(), "results/s"), rates, plan)]


def _download_rate(
    client: hello.Client, ids: Sequence[str], at_once: int, contents: Sequence[bytes]
) -> float:
    data: list[bytes] = []
    took = seconds(lambda: data.extend(client.download(ids, at_once)))
    assert data == contents or not isinstance(client, hello.Hello)
    return len(ids) / took


def _race(units: Mapping[str, str], rates: Rates, plan: Plan) -> Race:
    """Compare with the raw limit: the same calls, answered by handlers that do nothing."""
    contenders = [
        Contender(OURS, partial(_ours, rates, plan.count)),
        Contender(RAW, partial(_raw, rates, plan.count)),
    ]
    return Race(units, contenders, plan.repeat)


def _ours(rates: Rates, count: int) -> Sample:
    with hello.client() as (_, client):
        return _sample(rates(client, count))


def _raw(rates: Rates, count: int) -> Sample:
    with raw_client.client() as client:
        return _sample(rates(client, count))


def _sample(rates: Mapping[str, float]) -> Sample:
    return Sample({row: [rate] for row, rate in rates.items()})
