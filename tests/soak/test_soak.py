"""All that was acknowledged is there, whatever one of a class does, and whatever is killed when."""

from __future__ import annotations

import os
import secrets
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from armonik.common import SessionStatus

from tests.unit.embedded.world import Status, World

from .harness import Soak, run
from .ledger import Ledger, kept

SHORT = {"learners": 4, "think": 0.5, "turns": 1, "slice_": 2, "careless": 0.05, "rest": 0}


@pytest.mark.embedded_only
@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    ("roots", "kills"), [(50, 6), pytest.param(250, 24, marks=pytest.mark.slow)]
)
def test_nothing_is_lost_or_done_twice_beside_a_careless_one_while_processes_are_killed(
    record_property: Callable[[str, object], None], roots: int, kills: int
):
    seed = int(os.environ.get("SOAK_SEED") or secrets.randbelow(2**32))
    print(f"SOAK_SEED={seed}")
    record_property("seed", seed)
    with tempfile.TemporaryDirectory(prefix="c-") as folder:
        report = run(Path(folder), Soak(seed, roots=roots, kills=kills, **SHORT))
    print(report)
    record_property("report", str(report))
    assert report.problems == [], f"SOAK_SEED={seed} gives it again (more or less)"
    assert report.chaos.begun.total() == kills


def test_what_was_promised_and_is_not_so_is_found(tmp_path: Path):
    world = World(tmp_path)
    task, small, large = world.task(), world.result(data=b"small"), world.result(data=bytes(10**5))
    world.crash(task)
    world.succeed(f"{task}###1")
    world.plane.close()
    kept_ones, broken_ones = Ledger(), Ledger()
    kept_ones.session(world.session, SessionStatus.RUNNING)
    kept_ones.session("deleted", None)
    kept_ones.task(task, Status.COMPLETED)
    kept_ones.result(small, b"small")
    kept_ones.result(large, *[bytes(10**4)] * 10)
    broken_ones.session(world.session, SessionStatus.CLOSED, None)
    broken_ones.task(task, Status.ERROR)
    broken_ones.task("lost", Status.COMPLETED)
    broken_ones.result(small, b"another")
    broken_ones.result("gone", b"")
    assert list(kept(tmp_path, kept_ones)) == []
    assert list(kept(tmp_path, broken_ones)) == [
        f"session {world.session} is 1, not one of {[int(SessionStatus.CLOSED), None]}",
        f"task {task} is 4, not one of [5]",
        "task lost is None, not one of [4]",
        f"the data of result {small} is another: 5 bytes",
        "result gone has no data",
    ]
