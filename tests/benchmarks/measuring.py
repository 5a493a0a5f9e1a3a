"""Measuring: repeat, take the median and the spread, and never one number alone."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Row:
    """One measured thing.

    Attributes:
        name: what was measured, e.g. "cold run".
        who: who did it: "hello-armonik", or a peer.
        unit: "s", "ms", "tasks/s", "MB", "% of a core".
        values: one for each repetition.
    """

    name: str
    who: str
    unit: str
    values: Sequence[float]
    note: str = ""
    more: dict[str, float] = field(default_factory=dict)

    @property
    def median(self) -> float:
        """The middle of the values."""
        return statistics.median(self.values)

    @property
    def spread(self) -> float:
        """Half the distance between the smallest and the largest value."""
        return (max(self.values) - min(self.values)) / 2


def seconds(deed: Callable[[], object]) -> float:
    """Do something; return how long it took."""
    start = time.perf_counter()
    deed()
    return time.perf_counter() - start


def percentile(values: Sequence[float], percent: float) -> float:
    """Return the value below which ``percent`` of the values lie."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))]


def table(rows: Sequence[Row]) -> str:
    """Return all rows as text; each group is followed by the ratios to the first who."""
    lines = [f"{'what':34}{'who':22}{'median':>10} {'± spread':>10}  unit"]
    for name in dict.fromkeys(row.name for row in rows):
        group = [row for row in rows if row.name == name]
        for row in group:
            numbers = f"{row.median:10.3g} {row.spread:10.2g}  {row.unit}"
            more = "".join(f"  {key} {value:.3g}" for key, value in row.more.items())
            lines.append(f"{row.name:34}{row.who:22}{numbers}{more}  {row.note}".rstrip())
        ours = group[0]
        for peer in group[1:]:
            lines.append(f"{'':34}{'ratio to ' + peer.who:22}{ours.median / peer.median:10.2f}")
    return "\n".join(lines)
