"""Every result right, none missing, none twice, whatever is killed and when."""

from __future__ import annotations

import os
import secrets
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

from .harness import run


@pytest.mark.embedded_only
@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    ("roots", "kills"), [(70, 8), pytest.param(250, 24, marks=pytest.mark.slow)]
)
def test_nothing_is_lost_or_done_twice_while_processes_are_killed_at_random(
    record_property: Callable[[str, object], None], roots: int, kills: int
):
    seed = int(os.environ.get("CHAOS_SEED") or secrets.randbelow(2**32))
    print(f"CHAOS_SEED={seed}")
    record_property("seed", seed)
    with tempfile.TemporaryDirectory(prefix="c-") as folder:
        report = run(Path(folder), seed, roots=roots, kills=kills)
    print(report)
    record_property("report", str(report))
    assert report.problems == [], f"CHAOS_SEED={seed} gives it again (more or less)"
    assert report.tasks == 8 * roots
    assert report.kills.total() == kills
