"""A chaos run from start to end: work, kill, watch, and then look at what is left."""

from __future__ import annotations

import json
import random
import sqlite3
import sys
import threading
import time
from collections import Counter
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path

import grpc
from armonik.common import ResultStatus, TaskStatus
from armonik.protogen.common import events_common_pb2 as events

from tests.conformance.driver import ArmoniK, long_road
from tests.embedded.served import Served

from .audit import TRANSITIONS, audit
from .job import PATIENCE, Client, Job, plan
from .killer import Killer

WORKER = [sys.executable, str(Path(__file__).with_name("worker.py"))]
PARTITIONS = {"default": WORKER, "long": long_road(WORKER)}  # a worker may be reached by two roads


@dataclass
class Report:
    """What came of a run. ``problems`` is empty if all went as it should."""

    seed: int
    tasks: int
    attempts: int = 0
    kills: Counter[str] = field(default_factory=Counter)
    broken_calls: int = 0
    looked_up: int = 0
    transitions: int = 0
    seconds: float = 0.0
    problems: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        kills = ", ".join(f"{number} x {name}" for name, number in sorted(self.kills.items()))
        return (
            f"chaos: seed {self.seed}: {self.tasks} tasks in {self.attempts} attempts,"
            f" {self.kills.total()} kills ({kills}), {self.broken_calls} broken calls"
            f" ({self.looked_up} submissions heard but not answered),"
            f" {self.transitions} transitions seen, {self.seconds:.1f} s,"
            f" {len(self.problems)} problems"
        )


def run(folder: Path, seed: int, *, roots: int = 250, kills: int = 24, pods: int = 2) -> Report:
    """Run a job of ``roots`` times 8 tasks while ``kills`` processes are killed."""
    chance = random.Random(seed)
    job = plan(chance, roots, list(PARTITIONS))
    report = Report(seed, job.tasks)
    began = time.monotonic()
    with Served(folder, PARTITIONS, pods=pods) as served:
        killer = Killer(served, chance, kills)
        with closing(Client(served.endpoint, PARTITIONS)) as client:
            session_id = client.open_session()
            watcher = Watcher(served.endpoint, session_id)
            killer.start()
            try:
                _work(job, client, session_id, killer)
                report.problems += _check_results(job, client, session_id)
            except AssertionError as error:
                report.problems.append(str(error))
            finally:
                killer.join()
                watcher.stop()
            if killer.error:
                raise killer.error
            report.broken_calls, report.looked_up = client.broken_calls, client.looked_up
        report.kills = killer.begun
    report.transitions, illegal = watcher.transitions, watcher.illegal
    report.problems += illegal + audit(served.data) + _check_tables(job, served.data, report)
    report.seconds = time.monotonic() - began
    return report


def _work(job: Job, client: Client, session_id: str, killer: Killer) -> None:
    """Submit the batches, as fast as the killing goes on, so that it hits work all the time."""
    for number, batch in enumerate(job.batches):
        while killer.share < number / len(job.batches) and killer.is_alive():
            time.sleep(0.002)
        client.submit(session_id, batch)
    client.wait(session_id, {node.output_id for node in job.nodes})


def _check_results(job: Job, client: Client, session_id: str) -> list[str]:
    """Download the result of every task of the client, and compare."""
    problems = []
    for node in job.nodes:
        found = json.loads(client.data(session_id, node.output_id))["value"]
        if found != node.value:
            problems.append(f"result {node.output_id} is {found}, not {node.value}")
    return problems


def _check_tables(job: Job, data: Path, report: Report) -> list[str]:
    """Check that there is exactly what there should be: every task once, every subtask once."""
    with closing(sqlite3.connect(data / "tables.sqlite")) as tables:
        count = dict(tables.execute("SELECT status, COUNT(*) FROM task GROUP BY status"))
        subtasks = dict(
            tables.execute(
                "SELECT initial_task_id, (SELECT COUNT(*) FROM task AS child"
                " WHERE child.created_by = task.task_id AND child.task_id = child.initial_task_id)"
                " FROM task WHERE status = ?",
                (int(TaskStatus.COMPLETED),),
            )
        )
        failed = tables.execute(
            "SELECT task_id, error FROM task WHERE status NOT IN (?, ?)",
            (int(TaskStatus.COMPLETED), int(TaskStatus.RETRIED)),
        ).fetchmany(20)
        squares = tables.execute(
            "SELECT name, result_id, status, data FROM result LEFT JOIN object USING (opaque_id)"
            " WHERE name LIKE 'square %' AND size < 1000"
        ).fetchall()
    report.attempts = sum(count.values())
    problems = [f"task {task_id}: {error}" for task_id, error in failed]
    if count.get(TaskStatus.COMPLETED, 0) != job.tasks:
        named = {TaskStatus(status).name: number for status, number in count.items()}
        problems.append(f"of {job.tasks} tasks there are {named}")
    splits = sum(node.payload["op"] == "split" for node in job.nodes)
    wrong = Counter(subtasks.values()) - Counter({0: job.tasks - splits, 6: splits})
    if wrong:
        problems.append(f"numbers of subtasks, and how often: {dict(Counter(subtasks.values()))}")
    for name, result_id, status, text in squares:
        value = int(name.removeprefix("square "))
        if text is None or json.loads(text).get("value", value**2) != value**2:
            problems.append(f"result {result_id}: {name} is {ResultStatus(status).name} {text!r}")
    return problems


class Watcher:
    """Follows the event stream in a thread, and notes each transition that ArmoniK does not have.

    Each stream begins with the present: what is told of a task is compared with what the same
    stream told before.
    """

    def __init__(self, endpoint: str, session_id: str) -> None:
        self.transitions = 0
        self.illegal: list[str] = []
        self._endpoint, self._session_id = endpoint, session_id
        self._stopping = threading.Event()
        self._call: grpc.Call | None = None
        self._thread = threading.Thread(target=self._run, name="watcher")
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        if self._call:
            self._call.cancel()
        self._thread.join()

    def _run(self) -> None:
        while not self._stopping.is_set():
            with suppress(grpc.RpcError), closing(ArmoniK(self._endpoint, "")) as armonik:
                self._follow(armonik)
            self._stopping.wait(0.1)

    def _follow(self, armonik: ArmoniK) -> None:
        request = events.EventSubscriptionRequest(
            session_id=self._session_id,
            returned_events=[events.EVENTS_ENUM_TASK_STATUS_UPDATE],
        )
        seen: dict[str, TaskStatus] = {}
        self._call = armonik.events.GetEvents(request, timeout=PATIENCE * 10)
        for event in self._call:
            task_id = event.task_status_update.task_id
            status = TaskStatus(event.task_status_update.status)
            if before := seen.get(task_id):
                self.transitions += 1
                if status not in TRANSITIONS.get(before, set()):
                    self.illegal.append(f"task {task_id} went {before.name} -> {status.name}")
            seen[task_id] = status
