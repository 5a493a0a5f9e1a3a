"""The rows of the benchmark, each with whom it is compared; ``--rows`` takes the names."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ..measuring import Race
from ..plan import Plan
from . import apart, bulk, many, rest, scale, starts, tree, warm

ROWS: Mapping[str, Callable[[Plan], list[Race]]] = {
    "cold": starts.cold,
    "attached": starts.attached,
    "warm": warm.races,
    "many": many.races,
    "submission": apart.submission,
    "results": apart.results,
    "download": apart.download,
    "scale": scale.races,
    "tree": tree.races,
    "bulk": bulk.races,
    "rest": rest.races,
}
