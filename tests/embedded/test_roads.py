"""The two roads to a worker are one to it: whatever it tries, the same comes of it on both."""

import re
import sys
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
from armonik.common import ResultStatus, TaskStatus

from hello_helpers.embedded import EmbeddedArmonik
from tests.conformance.driver import WORKERS, ArmoniK, long_road
from tests.workers.probes import PROBES

COMMAND = [sys.executable, str(WORKERS / "probes.py")]


@pytest.fixture(scope="module")
def roads() -> Iterator[tuple[ArmoniK, ArmoniK]]:
    """The same worker at the end of the short road, and at that of the long one."""
    partitions = {"by-short-road": COMMAND, "by-long-road": long_road(COMMAND)}
    with (
        EmbeddedArmonik(partitions=partitions, pods=1) as embedded,
        closing(ArmoniK(embedded.endpoint, "by-short-road")) as short,
        closing(ArmoniK(embedded.endpoint, "by-long-road")) as long,
    ):
        yield short, long


def what_comes_of(probe: str, armonik: ArmoniK, **options: Any) -> list[Any]:
    """How each attempt of a task ends, and what is in its results and inputs then."""
    session = armonik.create_session(**options)
    inputs = [armonik.create_data(session, data) for data in (b"small", b"x" * 100_000)]
    payload = armonik.create_data(session, probe.encode())
    task = armonik.submit(session, payload_id=payload, outputs=3, dependencies=inputs)
    results = {
        **{result_id: f"output {number}" for number, result_id in enumerate(task.outputs)},
        **{result_id: f"input {number}" for number, result_id in enumerate(inputs)},
        payload: "payload",
    }

    def without_ids(text: str) -> str:
        for id_, name in {**results, armonik.partition: "partition"}.items():
            text = text.replace(id_, name)
        text = re.sub(r"debug_error_string = .*", "", text)  # its form is gRPC's own business
        return re.sub(r"/\S*/shared/[0-9a-f-]{36}|0x[0-9a-f]+|[0-9a-f-]{36}", "…", text)

    attempts = [armonik.wait_task(task.task_id)]
    while attempts[-1].status == TaskStatus.RETRIED:
        attempts.append(armonik.wait_task(f"{task.task_id}###{len(attempts)}"))
    ends: list[Any] = [
        (TaskStatus(attempt.status), without_ids(attempt.output.error)) for attempt in attempts
    ]
    for result_id, name in results.items():
        status = ResultStatus(armonik.result(result_id).status)
        data = armonik.data(session, result_id) if status == ResultStatus.COMPLETED else b""
        ends.append((name, status, without_ids(data.decode("latin-1"))))
    armonik.forget(session)
    return ends


@pytest.mark.parametrize("probe", PROBES)
def test_whatever_a_worker_tries_the_same_comes_of_it(roads: tuple[ArmoniK, ArmoniK], probe: str):
    short, long = (what_comes_of(probe, road) for road in roads)
    assert short == long


def test_a_task_that_does_not_fit_into_one_message_comes_to_no_worker(
    roads: tuple[ArmoniK, ArmoniK],
):
    options = {"large": "x" * 5_000_000}
    short, long = (what_comes_of("surroundings", road, options=options) for road in roads)
    (status, error), (_, long_error) = short[0], long[0]
    assert status == TaskStatus.RETRIED
    assert re.sub(r"\d+ vs", "… vs", error) == re.sub(r"\d+ vs", "… vs", long_error)
    assert error.startswith("Worker returned error ResourceExhausted:")
