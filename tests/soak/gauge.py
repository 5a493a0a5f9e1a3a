"""What is measured during a soak: how long the polite ones wait, and what the server takes."""

from __future__ import annotations

import itertools
import statistics
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

import psutil

from hello_helpers.display.tables import Table
from tests.embedded.served import Served

EVERY = 0.25  # seconds between two looks at the server
MB = 1e6
HEADER = (
    "",
    "hellos",
    "median",
    "p99",
    "longest",
    "broken",
    "`learners`",
    "memory",
    "files",
    "WAL",
)


class Gauge(threading.Thread):
    """Looks at the server until it is stopped, and keeps what it is told, phase by phase.

    Attributes:
        phase: what is being measured now; a phase may come more than once.
        complaints: what broke, by phase.
    """

    def __init__(self, served: Served) -> None:
        super().__init__(name="gauge")
        self.phase = "start"
        self.complaints: dict[str, list[str]] = defaultdict(list)
        self._served = served
        self._turn = 0
        self._times: dict[tuple[str, int, str], list[float]] = defaultdict(list)
        self._most: dict[str, Counter[str]] = defaultdict(Counter)
        self._stopping = threading.Event()

    @contextmanager
    def during(self, phase: str) -> Iterator[None]:
        """Take what comes in the block as of this phase."""
        self._turn += 1
        self.phase = phase
        yield
        self.phase = "between"

    @contextmanager
    def timed(self, what: str) -> Iterator[None]:
        """Measure the block, if it ends well; it belongs to the phase in which it began."""
        key, began = (self.phase, self._turn, what), time.perf_counter()
        yield
        self._times[key].append(time.perf_counter() - began)

    def broke(self, complaint: str) -> None:
        """Note that a call of somebody polite was not answered."""
        self.complaints[self.phase].append(complaint)

    def run(self) -> None:
        while not self._stopping.wait(EVERY):
            with suppress(psutil.Error, OSError, AssertionError, AttributeError):  # it is killed
                self.look()

    def __enter__(self) -> Gauge:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self.join()

    def look(self) -> None:
        """Look at the server."""
        assert self._served.process is not None
        server = psutil.Process(self._served.process.pid)
        wal = self._served.data / "tables.sqlite-wal"
        seen = {
            "memory": server.memory_info().rss,
            "files": server.num_fds(),
            "WAL": wal.stat().st_size,
        }
        most = self._most[self.phase]
        for what, much in seen.items():
            most[what] = max(most[what], much)

    def times(self, phase: str, what: str = "hello") -> list[list[float]]:
        """Return what was measured, in each turn of a phase."""
        return [found for (of, _, is_), found in self._times.items() if (of, is_) == (phase, what)]

    def table(self, caption: str, phases: Sequence[str], remark: str) -> Table:
        """Show what was measured: times, and the most that the server took in a phase."""
        return Table(caption, HEADER, [self._row(phase) for phase in phases], remark)

    def _row(self, phase: str) -> tuple[str, ...]:
        hellos, looks = (
            sorted(itertools.chain.from_iterable(self.times(phase, what)))
            for what in ("hello", "learners")
        )
        most = self._most[phase]
        return (
            phase,
            f"{len(hellos):,}",
            *(
                [_ms(statistics.median(hellos)), _ms(quantile(hellos, 0.99)), _ms(hellos[-1])]
                if hellos
                else ["", "", ""]
            ),
            f"{len(self.complaints[phase])}",
            _ms(statistics.median(looks)) if looks else "",
            f"{most['memory'] / MB:.0f} MB",
            f"{most['files']}",
            f"{most['WAL'] / MB:.1f} MB",
        )


def quantile(values: Sequence[float], share: float) -> float:
    """Return the value below which so large a share of sorted values is."""
    return values[min(len(values) - 1, int(share * len(values)))]


def _ms(seconds: float) -> str:
    return f"{seconds * 1e3:,.0f} ms"
