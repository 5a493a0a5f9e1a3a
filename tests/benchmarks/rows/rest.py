"""What an embedded ArmoniK with two pods costs when nobody uses it, against the peers."""

from __future__ import annotations

import math
from functools import partial

from .. import hello, peers
from ..at_rest import resting
from ..measuring import Contender, Race, Sample
from ..plan import OURS, Plan

MEMORY = "memory at rest, two workers"
ONCE = "memory at rest, shared pages once"
CPU = "CPU at rest, two workers"


def _values(resident: float, once: float, busy: float) -> dict[str, list[float]]:
    return {MEMORY: [resident], ONCE: [once], CPU: [busy]}


def _ours(watch: float) -> Sample:
    with hello.client() as (armonik, _):
        return Sample(_values(*resting(armonik.process.pid, watch)))


def races(plan: Plan) -> list[Race]:
    """Compare with the peers. Of Dask, the client's process holds the scheduler, too."""
    note = "without its client; the figures of the peers include theirs"
    contenders = [
        Contender(OURS, partial(_ours, plan.watch), note),
        *peers.contenders(
            plan, "rest", math.ceil(plan.watch), lambda _, figures: _values(*figures)
        ),
    ]
    return [Race({MEMORY: "MB", ONCE: "MB", CPU: "% of a core"}, contenders, plan.fewer)]
