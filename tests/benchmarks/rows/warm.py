"""One hello after the other, against the raw calls that it needs, and the peers."""

from __future__ import annotations

from functools import partial

from .. import hello, peers, raw_client
from ..measuring import Contender, Race, Sample, seconds
from ..plan import OURS, Plan

WARM = "warm hello"


def _ours(count: int) -> Sample:
    with hello.client() as (_, client):
        return _times(client, count)


def _raw(count: int, workers: int, process: bool) -> Sample:
    with raw_client.client(workers, process=process) as client:
        return _times(client, count)


def _times(client: hello.Hello | raw_client.RawHello, count: int) -> Sample:
    return Sample({WARM: [seconds(client.once) * 1000 for _ in range(count)]})


def races(plan: Plan) -> list[Race]:
    """Compare with the raw calls on both roads to a worker: over gRPC, and a private socket."""
    raw_socket = partial(_raw, plan.warm, 2, False)
    raw_grpc = partial(_raw, plan.warm, 0, True)
    contenders = [
        Contender(OURS, partial(_ours, plan.warm)),
        Contender("raw calls, worker by socket", raw_socket),
        Contender("raw calls, worker by gRPC", raw_grpc),
        *peers.contenders(plan, "warm", plan.warm, lambda _, times: {WARM: times}),
    ]
    return [Race({WARM: "ms"}, contenders, plan.fewer)]
