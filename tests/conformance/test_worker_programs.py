"""Programs of others behind an agent: healthy or not, with or without decorator (76, 77)."""

import contextlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from armonik.common import TaskStatus

from .driver import WORKERS, ArmoniK, long_road
from .waiting import eventually

PLAIN = [sys.executable, str(WORKERS / "plain.py")]
BY_HAND = [sys.executable, str(WORKERS / "by_hand.py")]

At = Callable[[str], ArmoniK]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for signs to and from the workers of partitions: `<partition>.serving`, `.log`."""
    return tmp_path_factory.mktemp("workers")


@pytest.fixture(scope="module")
def at(files: Path) -> Iterator[At]:
    """An embedded ArmoniK of worker programs, each in a partition with one pod, by its name."""
    from hello_helpers.embedded import EmbeddedArmonik

    def late(partition: str) -> list[str]:
        serving, log = str(files / f"{partition}.serving"), str(files / f"{partition}.log")
        return [*BY_HAND, "--serving-when", serving, "--log", log]

    partitions = {
        "plain": PLAIN,
        "plain-long": long_road(PLAIN),
        "by-hand": BY_HAND,
        "by-hand-long": long_road(BY_HAND),
        "own-service": [*BY_HAND, "--own-service"],
        "own-service-long": long_road([*BY_HAND, "--own-service"]),
        "late": late("late"),
        "late-long": long_road(late("late-long")),
    }
    with contextlib.ExitStack() as stack:
        embedded = stack.enter_context(EmbeddedArmonik(partitions=partitions, pods=1))

        def partition(name: str) -> ArmoniK:
            armonik = ArmoniK(embedded.endpoint, name)
            return stack.enter_context(contextlib.closing(armonik))

        yield partition


def run(armonik: ArmoniK, payload: bytes) -> bytes:
    """The output of one task."""
    session = armonik.create_session()
    task = armonik.submit(session, payload_id=armonik.create_data(session, payload))
    armonik.wait_task(task.task_id, TaskStatus.COMPLETED)
    return armonik.data(session, task.outputs[0])


def calls(log: Path) -> list[str]:
    """What the agent has asked of a worker, in order."""
    return log.read_text().splitlines() if log.exists() else []


@pytest.mark.statement(76)
@pytest.mark.embedded_only
@pytest.mark.parametrize("partition", ["late", "late-long"])
def test_no_task_is_sent_to_a_worker_that_is_not_serving(at: At, files: Path, partition: str):
    armonik, log = at(partition), files / f"{partition}.log"
    session = armonik.create_session()
    task = armonik.submit(session, payload_id=armonik.create_data(session, b"patience"))
    asked = len(calls(log))
    seen = eventually(lambda: calls(log), lambda seen: len(seen) > asked)
    assert set(seen) == {"NOT_SERVING"}
    assert not armonik.task(task.task_id).HasField("started_at")
    (files / f"{partition}.serving").touch()
    armonik.wait_task(task.task_id, TaskStatus.COMPLETED)
    assert calls(log).index("SERVING") < calls(log).index("Process")
    assert armonik.data(session, task.outputs[0]) == b"by hand: patience"


@pytest.mark.statement(77)
@pytest.mark.embedded_only
@pytest.mark.parametrize(
    ("partition", "answer"),
    [
        ("plain", b"plain: hello"),
        ("plain-long", b"plain: hello"),
        ("by-hand", b"by hand: hello"),
        ("by-hand-long", b"by hand: hello"),
        ("own-service", b"hello, in time: True"),
        ("own-service-long", b"hello, in time: True"),
    ],
)
def test_an_unmodified_worker_program_serves_a_partition(at: At, partition: str, answer: bytes):
    assert run(at(partition), b"hello") == answer


@pytest.mark.embedded_only
def test_worker_and_agent_may_meet_over_tcp():
    from hello_helpers.embedded import EmbeddedArmonik

    with (
        EmbeddedArmonik(partitions={"tcp": BY_HAND}, pods=1, tcp_workers=True) as embedded,
        contextlib.closing(ArmoniK(embedded.endpoint, "tcp")) as armonik,
    ):
        assert run(armonik, b"hello") == b"by hand: hello"
