"""Measuring: in turn with the peers, several times, and never one number alone.

A `Race` is run by contenders: ours first, then whom we are compared with. Each repetition lets all
of them run once, so that whatever else the machine does hits all alike; a ratio is taken within
each repetition, and then its median.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import psutil

MANY = 20
"""From so many values on, the spread is told by the quartiles; below, by the extremes."""


class NotMeasured(Exception):
    """A peer could not be measured; the message says why."""


@dataclass(frozen=True)
class Sample:
    """What one contender did in one repetition.

    Attributes:
        values: by the name of the row.
        more: details by name, e.g. the seconds of each phase.
    """

    values: Mapping[str, Sequence[float]]
    more: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Contender:
    """Somebody who runs; without `measure` somebody who cannot, and the note says why."""

    who: str
    measure: Callable[[], Sample] | None
    note: str = ""


@dataclass(frozen=True)
class Race:
    """Rows that are measured together.

    Attributes:
        units: by the name of the row: "s", "ms", "tasks/s", "MB", "% of a core", ...
        contenders: the first one is compared with each of the others.
        repeat: how many times all of them run.
    """

    units: Mapping[str, str]
    contenders: Sequence[Contender]
    repeat: int


@dataclass(frozen=True)
class Spread:
    """A median, and how far the values lie apart: their quartiles, or the smallest and largest."""

    median: float
    low: float
    high: float
    kind: str

    @classmethod
    def of(cls, values: Sequence[float]) -> Spread:
        """Sum up some values; there is at least one."""
        middle = statistics.median(values)
        if len(values) < MANY:
            return cls(middle, min(values), max(values), "min to max")
        low, _, high = statistics.quantiles(values, n=4)
        return cls(middle, low, high, "quartiles")


@dataclass(frozen=True)
class Row:
    """One measured thing, and who did it.

    Attributes:
        runs: the values of each repetition; none if it could not be measured (see `note`).
        ratio: the first of the group divided by this one; None for the first itself.
    """

    name: str
    who: str
    unit: str
    runs: Sequence[Sequence[float]]
    more: Mapping[str, float] = field(default_factory=dict)
    note: str = ""
    ratio: Spread | None = None

    @property
    def values(self) -> list[float]:
        """All values of all repetitions."""
        return [value for run in self.runs for value in run]

    @property
    def more_is_better(self) -> bool:
        """Tell whether a large value is a good one: a rate, and not a cost."""
        return self.unit.endswith("/s")


def run(race: Race) -> list[Row]:
    """Let all contenders run in turn; return the rows, in the order of the race."""
    samples: dict[str, list[Sample]] = {each.who: [] for each in race.contenders}
    notes = {each.who: each.note for each in race.contenders}
    for number in range(race.repeat):
        for each in race.contenders:
            if each.measure is None or len(samples[each.who]) < number:
                continue  # it cannot, or it failed before
            tell(f"{next(iter(race.units))}: {each.who}, {number + 1} of {race.repeat}")
            try:
                samples[each.who].append(each.measure())
            except NotMeasured as error:
                samples[each.who], notes[each.who] = [], f"not measured: {error}"
    ours = race.contenders[0].who
    return [
        _row(name, unit, each.who, samples[each.who], notes[each.who], samples[ours])
        for name, unit in race.units.items()
        for each in race.contenders
    ]


def _row(
    name: str, unit: str, who: str, samples: list[Sample], note: str, ours: list[Sample]
) -> Row:
    runs = [list(sample.values[name]) for sample in samples]
    more = {
        key: statistics.median(sample.more[key] for sample in samples)
        for key in (samples[0].more if samples else ())
    }
    if samples and len(runs[0]) >= MANY:
        values = [value for values in runs for value in values]
        more["p99"] = statistics.quantiles(values, n=100, method="inclusive")[-1]
    ratio = None
    if samples and samples is not ours:
        mine = [statistics.median(sample.values[name]) for sample in ours]
        ratio = _ratio(mine, [statistics.median(values) for values in runs])
    return Row(name, who, unit, runs, more, note, ratio)


def _ratio(mine: Sequence[float], theirs: Sequence[float]) -> Spread | None:
    """Compare each repetition with its own; None if theirs are nothing to compare with."""
    ratios = [mine / theirs for mine, theirs in zip(mine, theirs, strict=True) if theirs > 0]
    return Spread.of(ratios) if ratios else None


def tell(text: str) -> None:
    """Say what is going on."""
    print(text, file=sys.stderr, flush=True)


def seconds(deed: Callable[[], object]) -> float:
    """Do something; return how long it took."""
    start = time.perf_counter()
    deed()
    return time.perf_counter() - start


def processor_seconds() -> float:
    """Return the processor time that this process and its children have used."""
    me = psutil.Process()
    family = [each.cpu_times() for each in (me, *me.children(recursive=True))]
    return sum(times.user + times.system for times in family)
