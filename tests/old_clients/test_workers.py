"""Workers of old releases serve a partition: unary calls, and subtasks sent with their payloads."""

from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path

import pytest
from armonik.common import ResultStatus, TaskStatus

from hello_helpers.embedded import EmbeddedArmonik
from tests.conformance.driver import ArmoniK, Submitted

from .conftest import PROGRAMS

pytestmark = [pytest.mark.old_clients, pytest.mark.embedded_only, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def endpoint(pythons: Mapping[str, Path]) -> Iterator[str]:
    """An embedded ArmoniK with one partition for each release, named as the release."""
    partitions = {
        version: [str(pythons[version]), str(PROGRAMS / "worker.py")]
        for version in ("3.15.1", "3.19.0")
    }
    with EmbeddedArmonik(partitions=partitions, pods=1) as embedded:
        yield embedded.endpoint


@pytest.fixture(params=["3.15.1", "3.19.0"])
def armonik(request: pytest.FixtureRequest, endpoint: str) -> Iterator[ArmoniK]:
    """The partition of one release."""
    with closing(ArmoniK(endpoint, request.param)) as armonik:
        yield armonik


@pytest.fixture
def session(armonik: ArmoniK) -> Iterator[str]:
    session_id = armonik.create_session()
    yield session_id
    armonik.forget(session_id)


def submit(armonik: ArmoniK, session: str, payload: str) -> Submitted:
    return armonik.submit(session, payload_id=armonik.create_data(session, payload.encode()))


def test_an_old_worker_hands_its_output_over_to_a_subtask(armonik: ArmoniK, session: str):
    task = submit(armonik, session, "over 42")
    armonik.wait_result(task.outputs[0], ResultStatus.COMPLETED)
    assert armonik.data(session, task.outputs[0]) == b"42"
    (subtask,) = [other for other in armonik.session_tasks(session) if other.id != task.task_id]
    assert armonik.result(task.outputs[0]).owner_task_id == subtask.id
    assert subtask.created_by == task.task_id
    assert list(subtask.parent_task_ids) == [session, task.task_id]
    payload = armonik.result(subtask.payload_id)
    assert (payload.name, payload.owner_task_id) == ("", "")
    assert payload.created_by == task.task_id
    assert payload.size == len("sum 42") + (5 << 20)


@pytest.mark.parametrize("armonik", ["3.15.1"], indirect=True)
def test_an_old_worker_splits_its_task_in_subtasks(armonik: ArmoniK, session: str):
    task = submit(armonik, session, "sum 1 2 3 4")
    armonik.wait_result(task.outputs[0], ResultStatus.COMPLETED)
    assert armonik.data(session, task.outputs[0]) == b"10"
    tasks = armonik.session_tasks(session)
    assert len(tasks) == 1 + 3 + 2 * 3  # the task, its three subtasks, and those of two of them
    assert {subtask.status for subtask in tasks} == {TaskStatus.COMPLETED}


def test_an_old_worker_that_is_refused_a_subtask_learns_why(armonik: ArmoniK, session: str):
    task = submit(armonik, session, "refused 1")
    armonik.wait_task(task.task_id, TaskStatus.RETRIED)
    armonik.wait_task(f"{task.task_id}###1", TaskStatus.ERROR)
    assert "Max priority is 10" in armonik.task(f"{task.task_id}###1").output.error
    assert len(armonik.session_tasks(session)) == 2
