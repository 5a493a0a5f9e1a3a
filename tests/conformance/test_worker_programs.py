"""Programs of others behind an agent: healthy or not, with or without decorator (76, 77)."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from armonik.common import TaskStatus

from .driver import WORKERS, ArmoniK
from .waiting import eventually


@dataclass(frozen=True)
class Programs:
    """An embedded ArmoniK with one pod for each of some worker programs, partitions of one name."""

    endpoint: str
    serving: Path  # `late` is healthy once this file exists
    log: Path  # what the agent asked of `late`, one call a line

    def at(self, partition: str) -> ArmoniK:
        return ArmoniK(self.endpoint, partition)


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Programs]:
    from hello_helpers.embedded import EmbeddedArmonik

    folder = tmp_path_factory.mktemp("late")
    serving, log = folder / "serving", folder / "log"
    by_hand = [sys.executable, str(WORKERS / "by_hand.py")]
    partitions = {
        "plain": [sys.executable, str(WORKERS / "plain.py")],
        "by-hand": by_hand,
        "late": [*by_hand, "--serving-when", str(serving), "--log", str(log)],
    }
    with EmbeddedArmonik(partitions=partitions, pods=1) as embedded:
        yield Programs(embedded.endpoint, serving, log)


@pytest.mark.statement(76)
@pytest.mark.embedded_only
def test_no_task_is_sent_to_a_worker_that_is_not_serving(programs: Programs):
    armonik = programs.at("late")
    session = armonik.create_session()
    task = armonik.submit(session, payload_id=armonik.create_data(session, b"patience"))
    asked = programs.log.read_text().count("\n") if programs.log.exists() else 0
    eventually(
        lambda: programs.log.read_text().splitlines() if programs.log.exists() else [],
        lambda calls: len(calls) > asked,
    )
    assert "Process" not in programs.log.read_text()
    assert not armonik.task(task.task_id).HasField("started_at")
    programs.serving.touch()
    armonik.wait_task(task.task_id, TaskStatus.COMPLETED)
    calls = programs.log.read_text().splitlines()
    assert calls.index("SERVING") < calls.index("Process")
    assert armonik.data(session, task.outputs[0]) == b"by hand: patience"
    armonik.forget(session)
    armonik.close()


@pytest.mark.statement(77)
@pytest.mark.embedded_only
@pytest.mark.parametrize(
    ("partition", "answer"), [("plain", b"plain: hello"), ("by-hand", b"by hand: hello")]
)
def test_an_unmodified_worker_program_serves_a_partition(
    programs: Programs, partition: str, answer: bytes
):
    armonik = programs.at(partition)
    session = armonik.create_session()
    task = armonik.submit(session, payload_id=armonik.create_data(session, b"hello"))
    armonik.wait_task(task.task_id, TaskStatus.COMPLETED)
    assert armonik.data(session, task.outputs[0]) == answer
    armonik.forget(session)
    armonik.close()
