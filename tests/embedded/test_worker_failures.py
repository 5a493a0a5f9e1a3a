"""Every way in which a worker can fail ends in a clear word to the client, and soon."""

from __future__ import annotations

import shlex
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from armonik.common import ResultStatus, TaskStatus
from armonik.protogen.common import health_checks_common_pb2 as health

from hello_helpers.embedded.compute_plane.staging import SPARE
from hello_helpers.embedded.compute_plane.worker_log import BLOCK
from tests.conformance.driver import WORKERS, ArmoniK, Submitted, long_road
from tests.conformance.waiting import eventually

from .served import Served, all_gone

ODD = [sys.executable, str(WORKERS / "odd.py")]
SOON = 10.0  # seconds: how long anybody waits for a word here
HURRY = {
    "compute_plane.road.START_LIMIT": 3.0,
    "compute_plane.road.HEALTH_LIMIT": 1.0,
    "compute_plane.pods.FIRST_DELAY": 0.2,
}

roads = pytest.mark.parametrize("road", ["short", "long"])


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("w")


@pytest.fixture(scope="module")
def served(place: Path) -> Iterator[Served]:
    """An embedded ArmoniK whose partitions have all kinds of bad workers, in one pod each."""
    program = place / "gone.sh"
    program.write_text(f"#!/bin/sh\nexec {shlex.join(ODD)}\n")
    program.chmod(0o700)
    (place / "ill").touch()
    kinds = ("crash", "silent", "unwell", "nonsense", "hangs_up", "not_grpc")
    partitions = {
        **{kind: [*ODD, kind] for kind in kinds},
        "crash-a-while": [*ODD, "crash", str(place / "ill")],
        "gone": [str(program)],
        "short": ODD,
        "long": long_road(ODD),
    }
    with Served(place, partitions, pods=1, constants=HURRY) as served:
        yield served


@pytest.fixture
def client(served: Served) -> Iterator[ArmoniK]:
    with served.client() as client:
        yield client


def ask(client: ArmoniK, partition: str, action: str = "right", **options: float) -> Submitted:
    """Submit a task to a partition, in a session of its own."""
    client.partition = partition
    session = client.create_session(**options)
    return client.submit(session, payload_id=client.create_data(session, action.encode()))


def complaint(client: ArmoniK) -> tuple[int, str]:
    """What CheckHealth says of the queues."""
    services = client.health.CheckHealth(health.CheckHealthRequest()).services
    (queue,) = (service for service in services if service.name == "queue")
    return queue.healthy, queue.message


def done(client: ArmoniK, partition: str) -> None:
    """Show that a partition works: a task is done, soon."""
    task = ask(client, partition)
    client.wait_task(task.task_id, TaskStatus.COMPLETED, within=SOON)
    assert client.data(task.session_id, task.outputs[0]) == b"right"


def logged(served: Served, partition: str) -> str:
    """What the workers of a partition have written."""
    folders = [path for runtime in served.runtime for path in runtime.rglob(f"{partition}-0")]
    return "".join((folder / "worker.log").read_text(errors="replace") for folder in folders)


# --- from the start -------------------------------------------------------------------------------

FROM_THE_START = {
    "crash": ["exited with status 3", "cannot find my licence"],
    "silent": ["is running but has not opened its socket", "thinking"],
    "unwell": ["is running but not healthy"],
    "not_grpc": ["is running but not healthy"],
}


@pytest.mark.parametrize("kind", FROM_THE_START)
def test_a_worker_that_does_not_get_ready_is_complained_of_everywhere(
    served: Served, client: ArmoniK, kind: str
):
    task = ask(client, kind)
    texts = FROM_THE_START[kind]

    def unsaid(said: str) -> list[str]:
        return [text for text in texts if text not in said]

    seen = eventually(
        lambda: client.task(task.task_id),
        lambda task: not unsaid(task.status_message),
        within=SOON,
    )
    assert seen.status == TaskStatus.SUBMITTED
    status, message = complaint(client)
    assert status == health.HEALTH_STATUS_ENUM_DEGRADED
    assert f"{kind}: " in message
    eventually(
        lambda: served.text,
        lambda text: f"pod {kind}-0" in text and not unsaid(text),
        within=SOON,
    )
    assert unsaid(message) == []
    client.cancel(task.task_id)
    assert client.wait_task(task.task_id, TaskStatus.CANCELLED).status_message == ""


def test_a_worker_that_gets_ready_late_does_what_waited_and_the_complaint_ends(
    client: ArmoniK, place: Path
):
    task = ask(client, "crash-a-while")
    eventually(lambda: client.task(task.task_id), lambda task: task.status_message, within=SOON)
    (place / "ill").unlink()
    assert client.wait_task(task.task_id, TaskStatus.COMPLETED, within=SOON).status_message == ""
    assert "crash-a-while" not in complaint(client)[1]


def test_a_worker_program_that_vanishes_is_complained_of(
    served: Served, client: ArmoniK, place: Path
):
    done(client, "gone")
    (place / "gone.sh").unlink()
    (worker,) = (
        worker for worker in served.workers() if "/gone-0/" in " ".join(worker.environ().values())
    )
    worker.kill()
    eventually(lambda: complaint(client), lambda said: "gone-0" in said[1], within=SOON)
    task = ask(client, "gone")
    seen = eventually(
        lambda: client.task(task.task_id), lambda task: task.status_message, within=SOON
    )
    assert "No such file" in seen.status_message
    assert "gone.sh" in seen.status_message


def test_as_long_as_one_pod_works_waiting_tasks_have_nothing_to_complain_of(folder: Path):
    with (
        Served(folder, {"default": [*ODD, "other_crash"]}, constants=HURRY) as served,
        served.client() as client,
    ):
        eventually(lambda: complaint(client), lambda said: "default-1" in said[1], within=SOON)
        done(client, "default")
        busy, waits = ask(client, "default", "hang"), ask(client, "default")
        client.wait_task(busy.task_id, TaskStatus.PROCESSING, within=SOON)
        time.sleep(0.5)  # the other pod fails once more meanwhile
        assert client.task(waits.task_id).status_message == ""
        status, message = complaint(client)
        assert status == health.HEALTH_STATUS_ENUM_DEGRADED
        assert "default-1" in message
        assert "default-0" not in message


# --- during a call --------------------------------------------------------------------------------


def fails(client: ArmoniK, partition: str, action: str, *texts: str) -> None:
    """Show that a task is tried twice and ends in an ERROR that says why; its output is aborted."""
    task = ask(client, partition, action, max_retries=1)
    first = client.wait_task(task.task_id, TaskStatus.RETRIED, within=SOON)
    last = client.wait_task(f"{task.task_id}###1", TaskStatus.ERROR, within=SOON)
    for error in (first.output.error, last.output.error):
        assert [text for text in texts if text not in error] == [], error
    assert client.result(task.outputs[0]).status == ResultStatus.ABORTED


AS_ANNOUNCED = "cannot be committed"


@roads
@pytest.mark.parametrize(
    ("action", "texts"),
    [
        ("exit_7", ["went down", "exited with status 7; its last lines:\nI had enough"]),
        ("hang_up", ["Worker", "Unavailable"]),
        ("directory", [AS_ANNOUNCED, "announced"]),
        ("symlink", [AS_ANNOUNCED, "announced"]),
        ("unwritten", [AS_ANNOUNCED, "announced"]),
        ("unknown", [AS_ANNOUNCED, "no result has the id 'no-such-result'"]),
        ("outside", [AS_ANNOUNCED, "no result has the id '../../tables.sqlite'"]),
        ("half_a_character", ["Worker returned error", r"half \ud800 a character"]),
        ("half_a_name", ["Worker returned error", "surrogates not allowed"]),
        ("without_end", ["Worker returned error"]),
    ],
)
def test_whatever_a_worker_does_wrong_during_a_call_its_tasks_error_says_it_and_the_next_runs(
    served: Served, client: ArmoniK, road: str, action: str, texts: list[str]
):
    fails(client, road, action, *texts)
    assert {path.name for path in served.data.glob("shared/*")} <= {SPARE}
    done(client, road)


@pytest.mark.parametrize(("kind", "text"), [("hangs_up", "Worker"), ("nonsense", "ProcessReply")])
def test_a_server_that_stops_or_replies_nonsense_during_a_call(
    client: ArmoniK, kind: str, text: str
):
    fails(client, kind, "right", text)


@roads
def test_a_worker_that_hangs_is_replaced_and_the_next_task_runs(
    served: Served, client: ArmoniK, road: str
):
    task = ask(client, road, "hang", max_duration=1.0)
    before = set(served.workers())
    hung = client.wait_task(task.task_id, TaskStatus.TIMEOUT, within=SOON)
    assert hung.output.error == "Deadline Exceeded"
    done(client, road)
    assert len(before - set(served.workers())) >= 1


@roads
def test_a_task_that_ends_its_worker_by_sys_exit_gets_no_answer_as_on_a_cluster(
    client: ArmoniK, road: str
):
    task = ask(client, road, "sys_exit", max_duration=1.0)
    ended = client.wait_task(task.task_id, TaskStatus.TIMEOUT, within=SOON)
    assert ended.output.error == "Deadline Exceeded"
    done(client, road)


@roads
@pytest.mark.parametrize("end", [TaskStatus.CANCELLED, TaskStatus.TIMEOUT], ids=lambda s: s.name)
def test_a_worker_that_ends_by_itself_after_a_call_was_given_up_costs_the_next_task_no_attempt(
    served: Served, client: ArmoniK, road: str, end: TaskStatus
):
    def times(text: str) -> int:
        return logged(served, road).count(text)

    waited, ended = times("waiting to be cancelled"), times("ending as a task comes")
    for turn in range(1, 4):
        max_duration = 1.0 if end == TaskStatus.TIMEOUT else 60.0
        task = ask(client, road, "wait_to_be_cancelled", max_duration=max_duration)
        eventually(lambda: times("waiting to be cancelled"), lambda n, to=waited + turn: n == to)
        if end == TaskStatus.CANCELLED:
            client.cancel(task.task_id)
        client.wait_task(task.task_id, end, within=SOON)
        done(client, road)
        assert times("ending as a task comes") == ended + turn


@roads
def test_a_worker_that_falls_ill_is_replaced_and_the_next_task_runs(client: ArmoniK, road: str):
    task = ask(client, road, "fall_ill")
    client.wait_task(task.task_id, TaskStatus.COMPLETED, within=SOON)
    time.sleep(1.1)  # a health check counts for a second
    done(client, road)


@roads
def test_the_log_of_a_worker_takes_limited_room(served: Served, client: ArmoniK, road: str):
    fails(client, road, "flood", "after the flood")
    eventually(
        lambda: sum(
            log.stat().st_blocks * BLOCK for path in served.runtime for log in path.rglob("*.log*")
        ),
        lambda size: size < 20 * 1024 * 1024,
        within=SOON,
    )
    done(client, road)


# --- other processes ------------------------------------------------------------------------------


@roads
def test_what_a_worker_has_started_ends_with_it(folder: Path, road: str):
    command = ODD if road == "short" else long_road(ODD)
    with Served(folder, {"default": command}, pods=1) as served, served.client() as client:
        families = []
        for _ in range(2):
            task = ask(client, "default", "found_family")
            client.wait_task(task.task_id, TaskStatus.COMPLETED)
            text = client.data(task.session_id, task.outputs[0])
            families.append([psutil.Process(int(pid)) for pid in text.split()])
            for worker in served.workers():
                worker.kill()
            all_gone(families[-1][:1])  # its own group
        served.kill()
        all_gone([process for family in families for process in family])
