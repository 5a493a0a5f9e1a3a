"""A private ArmoniK whose worker does not come up: when it is started, and in a wait for it."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import pytest
from armonik.client import ArmoniKHealthChecks

from hello_helpers.course.private_armonik import (
    START_SECONDS,
    WorkerStartError,
    endpoint_of,
    start_private,
)
from hello_helpers.embedded import EmbeddedArmonik
from hello_helpers.wait.waiting import Wait

pytestmark = pytest.mark.embedded_only


@pytest.mark.parametrize(
    ("program", "reason", "place"),
    [
        ("import os\nif True\n    pass\n", "SyntaxError: expected ':'", 'File "bad.py", line 2'),
        (None, "No such file or directory", ""),
        ("", "it has said nothing. Does its program call run()?", ""),
    ],
)
def test_a_worker_that_ends_at_once_is_told_when_it_is_started(
    tmp_path: Path, program: str | None, reason: str, place: str
) -> None:
    path = tmp_path / "bad.py"
    if program is not None:
        path.write_text(program)
    began = time.monotonic()
    with pytest.raises(WorkerStartError) as caught:
        start_private("bad", {"mine": [sys.executable, str(path)]}, pods=1)
    assert time.monotonic() - began < START_SECONDS + 5  # far less, if the machine is not busy
    assert "The worker of the partition 'mine' ended as soon as it was started" in str(caught.value)
    assert reason in caught.value.message
    assert place in caught.value.hint


def test_a_wait_for_a_dead_worker_that_is_interrupted_says_so() -> None:
    with (
        EmbeddedArmonik({"mine": [sys.executable, "-c", "exit('no luck')"]}, pods=1) as armonik,
        endpoint_of(armonik).open_channel() as channel,
    ):
        checks = ArmoniKHealthChecks(channel)
        deadline = time.monotonic() + 30
        while not any(report["message"] for report in checks.check_health().values()):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        told = Wait(channel, "session", ["result"]).interrupted()
    assert told.message == "Interrupted after 0 s while waiting for 1 result."
    assert "worker of pod mine-0 exited with status 1; its last line: no luck" in told.hint
