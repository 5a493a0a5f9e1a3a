"""Work with subtasks and dependencies that goes on while processes are killed."""

from __future__ import annotations

import random
import sqlite3
import threading
import time
from contextlib import closing, suppress
from pathlib import Path

import grpc
from armonik.common import TaskStatus
from armonik.protogen.common import events_common_pb2 as events

from tests.conformance.driver import ArmoniK
from tests.embedded.served import Served

from .audit import TRANSITIONS
from .client import PATIENCE
from .job import Client, plan
from .killer import Killer
from .ledger import Ledger


class Chaos:
    """A job of ``roots`` times 8 tasks, worked at while ``kills`` deeds of killing are done.

    Attributes:
        problems: what was wrong so far; ``ledger``: what must be there at the end.
        begun: how often each kind of deed was begun.
    """

    def __init__(
        self, served: Served, partitions: list[str], chance: random.Random, roots: int, kills: int
    ) -> None:
        self.problems: list[str] = []
        self.ledger = Ledger()
        self.job = plan(chance, roots, partitions)
        self.broken_calls = self.looked_up = self.transitions = self.attempts = 0
        self._served, self._partitions = served, partitions
        self._killer = Killer(served, chance, kills)
        self.begun = self._killer.begun
        self._session_id = ""

    def run(self) -> None:
        """Do it, and note what the results must be."""
        with closing(Client(self._served.endpoint, self._partitions)) as client:
            self._session_id = client.open_session()
            watcher = Watcher(self._served.endpoint, self._session_id)
            self._killer.start()
            try:
                self._work(client)
            except AssertionError as error:
                self.problems.append(str(error))
            except BaseException:
                self._killer.stop()
                raise
            finally:
                self._killer.join()
                watcher.stop()
            if self._killer.error:
                raise self._killer.error
            self.broken_calls, self.looked_up = client.broken_calls, client.looked_up
        self.transitions = watcher.transitions
        self.problems += watcher.illegal

    def __str__(self) -> str:
        kills = ", ".join(f"{number} x {name}" for name, number in sorted(self.begun.items()))
        return (
            f"{self.job.tasks} tasks in {self.attempts} attempts,"
            f" {self.begun.total()} kills ({kills}), {self.broken_calls} broken calls"
            f" ({self.looked_up} submissions heard but not answered),"
            f" {self.transitions} transitions seen"
        )

    def _work(self, client: Client) -> None:
        """Submit the batches, as fast as the killing goes on, so that it hits work all the time."""
        batches = self.job.batches
        for number, batch in enumerate(batches):
            while self._killer.share < number / len(batches) and self._killer.is_alive():
                time.sleep(0.002)
            client.submit(self._session_id, batch)
        client.wait(self._session_id, {node.output_id for node in self.job.nodes})
        for node in self.job.nodes:
            self.ledger.result(node.output_id, node.result)

    def audit(self, data: Path) -> list[str]:
        """Look whether every task of the job is there, with all its subtasks, and only once."""
        with closing(sqlite3.connect(data / "tables.sqlite")) as tables:
            count: dict[int, int] = dict(
                tables.execute(
                    "SELECT status, COUNT(*) FROM task WHERE session_id = ? GROUP BY status",
                    (self._session_id,),
                )
            )
        self.attempts = sum(count.values())
        retried = count.pop(TaskStatus.RETRIED, 0)
        if count != {TaskStatus.COMPLETED: self.job.tasks}:
            self.problems.append(
                f"of {self.job.tasks} tasks and {retried} retries there are {count}"
            )
        return self.problems


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
