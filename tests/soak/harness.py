"""A soak from start to end: learners alone, beside a careless one, and while processes are killed.

At the end all is looked at that is left: processes, files, and whether all that was acknowledged is
in the data folder.
"""

from __future__ import annotations

import json
import os
import random
import statistics
import subprocess
import sys
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from armonik.common import TaskStatus
from armonik.protogen.common.tasks_common_pb2 import CountTasksByStatusRequest

from tests.conformance.driver import FINAL, long_road
from tests.conformance.waiting import eventually
from tests.embedded.served import Served, all_gone, marked

from .audit import audit
from .chaos import Chaos
from .gauge import Gauge
from .learners import Learner, Person, Teacher
from .ledger import Ledger, kept

WORKER = [sys.executable, str(Path(__file__).with_name("worker.py"))]
PARTITIONS = {"default": WORKER, "long": long_road(WORKER)}  # a worker may be reached by two roads
MARK = "SOAK"  # a variable that all processes of a soak inherit
ALONE, BESIDE, KILLED, REST = (
    "alone",
    "beside a careless one",
    "while processes are killed",
    "at rest",
)
BAD = {"UNKNOWN", "INTERNAL", "UNIMPLEMENTED", "DATA_LOSS"}  # nobody shall ever be told these
LAST_LIMIT = 120.0  # seconds until all has come to rest


@dataclass
class Soak:
    """What is to be done.

    Attributes:
        turns: how often the polite ones are alone, and then beside the careless one.
        slice_: seconds of each of these.
        careless: how careless: 1 for thousands of tasks, and hundreds of megabytes.
        roots: tasks of the chaos, with 7 more each; ``kills``: of processes, meanwhile.
        rest: seconds of rest before the end is measured.
    """

    seed: int
    learners: int = 60
    think: float = 3.0
    turns: int = 10
    slice_: float = 8.0
    careless: float = 1.0
    roots: int = 250
    kills: int = 24
    pods: int = 2
    rest: float = 60.0


@dataclass
class Report:
    """What came of it. ``problems`` is empty if all went as it should."""

    soak: Soak
    table: str = ""
    chaos: Chaos | None = None
    done: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    promises: str = ""
    seconds: float = 0.0
    problems: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        lines = [
            self.table,
            f"Killed: {self.chaos}",
            f"Careless: {_counted(self.done)}; told {_counted(self.refused) or 'no error'}",
            f"Audited: {self.promises}",
            f"Seed {self.soak.seed}, {self.seconds:.0f} s, {len(self.problems)} problems",
        ]
        return "\n".join([*lines, *self.problems])


def run(folder: Path, soak: Soak) -> Report:
    """Do it all in a folder; Ctrl-C ends it in order, and raises KeyboardInterrupt."""
    report, began, mark = Report(soak), time.monotonic(), uuid.uuid4().hex
    scratch = folder / "t"
    scratch.mkdir()
    environment = {**os.environ, MARK: mark, "TMPDIR": str(scratch)}
    chance = random.Random(soak.seed)
    served = Served(folder, PARTITIONS, pods=soak.pods, env=environment)
    ledgers: list[Ledger] = []
    with served:
        gauge = Gauge(served)
        chaos = Chaos(served, list(PARTITIONS), chance, soak.roots, soak.kills)
        people: list[Person] = [Teacher(served.endpoint, "the teacher", gauge, soak.think)]
        people += [
            Learner(served.endpoint, f"learner {number}", gauge, soak.think)
            for number in range(soak.learners)
        ]
        with gauge, at_work(people):
            for turn in range(soak.turns):
                with gauge.during(ALONE):
                    time.sleep(soak.slice_)
                with careless(served, soak, turn, report) as ledger, gauge.during(BESIDE):
                    time.sleep(soak.slice_)
                ledgers.append(ledger)
            with careless(served, soak, soak.turns, report) as ledger, gauge.during(KILLED):
                chaos.run()
            ledgers.append(ledger)
        ledgers += [chaos.ledger, *(person.ledger for person in people)]
        with gauge.during(REST):
            come_to_rest(served)
            time.sleep(soak.rest)
            gauge.look()
        if status := served.stop():
            report.problems.append(f"serve ended with {status}")
    all_gone(marked(MARK, mark))
    left = [*scratch.iterdir(), *served.data.glob("tables.sqlite-*")]
    report.problems += [f"left behind: {path.relative_to(folder)}" for path in left]
    for phase in (ALONE, BESIDE, REST):
        report.problems += [f"{phase}: {each}" for each in gauge.complaints[phase]]
    ledger = Ledger.of_all(ledgers)
    report.problems += [*audit(served.data), *chaos.audit(served.data), *kept(served.data, ledger)]
    caption = f"{soak.learners} learners who think {soak.think:g} s after each hello"
    report.table = repr(gauge.table(caption, [ALONE, BESIDE, KILLED, REST], _compared(gauge)))
    report.chaos = chaos
    report.promises = ", ".join(
        f"{len(promised):,} {name}" for name, promised in vars(ledger).items()
    )
    report.seconds = time.monotonic() - began
    return report


def _compared(gauge: Gauge) -> str:
    """Compare each turn beside the careless one with the turn alone before it."""
    pairs = zip(gauge.times(ALONE), gauge.times(BESIDE), strict=True)
    ratios = sorted(statistics.median(after) / statistics.median(before) for before, after in pairs)
    if not ratios:
        return ""
    return (
        f"Beside a careless one a hello takes {statistics.median(ratios):.1f} times as long"
        f" (medians of {len(ratios)} pairs; {ratios[0]:.1f} to {ratios[-1]:.1f})."
    )


def _counted(counter: Counter[str]) -> str:
    return ", ".join(f"{number} x {name}" for name, number in sorted(counter.items()))


@contextmanager
def at_work(people: list[Person]) -> Iterator[None]:
    """Have people at work during the block."""
    with ExitStack() as stack:
        for person in people:
            person.start()
            stack.callback(person.join)
        stack.callback(lambda: [person.stop() for person in people])
        yield


@contextmanager
def careless(served: Served, soak: Soak, turn: int, report: Report) -> Iterator[Ledger]:
    """Have the careless one during the block; afterwards the ledger tells what it was promised."""
    ledger = Ledger()
    command = [sys.executable, "-m", "tests.soak.careless", served.endpoint]
    with subprocess.Popen(
        [*command, str(soak.seed + turn), str(soak.careless)],
        cwd=Path(__file__).parents[2],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,  # Ctrl-C is for us
    ) as process:
        try:
            yield ledger
            said, _ = process.communicate("", timeout=LAST_LIMIT)
        finally:
            process.kill()
    told = json.loads(said)
    vars(ledger).update(told["ledger"])
    report.done.update(told["done"])
    report.refused.update(told["refused"])
    if bad := BAD & told["refused"].keys():
        report.problems.append(f"the careless one was told {bad}")


def come_to_rest(served: Served) -> None:
    """Wait until all tasks have ended."""

    def count() -> dict[TaskStatus, int]:
        reply = client.tasks.CountTasksByStatus(CountTasksByStatusRequest())
        return {TaskStatus(found.status): found.count for found in reply.status}

    with served.client() as client:
        eventually(count, lambda found: found.keys() <= FINAL, LAST_LIMIT)
