"""A data plane without pods: the tests say what becomes of the tasks."""

import asyncio
import functools
import json
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, ParamSpec

from hello_helpers.embedded.config import QueueRules
from hello_helpers.embedded.data_plane import (
    attempts,
    partitions,
    results,
    sessions,
    submission,
    tasks,
)
from hello_helpers.embedded.data_plane.clock import SECOND
from hello_helpers.embedded.data_plane.options import TaskOptions
from hello_helpers.embedded.data_plane.plane import DataPlane
from hello_helpers.embedded.data_plane.results import NewResult
from hello_helpers.embedded.data_plane.states import TaskStatus
from hello_helpers.embedded.data_plane.submission import TaskCreation

P = ParamSpec("P")
Status = TaskStatus


class World:
    """One partition, one session, and whatever a test puts into it."""

    def __init__(self, folder: Path, rules: QueueRules | None = None):
        self.plane = DataPlane(folder, rules)
        partitions.define(self.plane, ["default"], [1])
        options = TaskOptions(max_duration=60 * SECOND, max_retries=1, priority=1)
        self.new_session: Callable[[], str] = lambda: sessions.create(self.plane, options, [])
        self.session = self.new_session()

    def result(self, session: str | None = None, data: bytes | None = None) -> str:
        opaque_id = b"" if data is None else self.plane.objects.put(data)
        new = NewResult(results.new_id(), "r", opaque_id=opaque_id, size=len(data or b""))
        results.create(self.plane, session or self.session, [new])
        return new.result_id

    def task(self, *outputs: str, session: str | None = None, waits_for: str = "") -> str:
        session = session or self.session
        creation = TaskCreation(
            self.result(session, b"payload"), outputs, (waits_for,) if waits_for else ()
        )
        (task,) = submission.submit(self.plane, session, [creation], None)
        return task.task_id

    def status(self, task_id: str) -> TaskStatus:
        return TaskStatus(tasks.get(self.plane, task_id)["status"])

    def move(self, task_id: str, *statuses: TaskStatus) -> None:
        """Takes a task through its life; PROCESSING means: by a pod."""
        with self.plane.transaction() as tx:
            for status in statuses:
                row = tasks.get(self.plane, task_id)
                if status in (Status.COMPLETED, Status.CANCELLED):
                    assert tasks.end(self.plane, tx, row, status)
                else:
                    assert tasks.move(self.plane, tx, row, status)

    def start(self, task_id: str) -> None:
        self.move(task_id, Status.DISPATCHED, Status.PROCESSING)

    def succeed(self, task_id: str, *, producing: bool = True) -> None:
        """Ends a task well; its outputs are completed unless it forgets them."""
        self.start(task_id)
        row = tasks.get(self.plane, task_id)
        with self.plane.transaction() as tx:
            for output in json.loads(row["expected_output_ids"]) if producing else []:
                result = results.get(self.plane, output)
                results.complete(self.plane, tx, result, self.plane.objects.put(b"x"), 1)
            assert tasks.end(self.plane, tx, row, Status.COMPLETED)

    def fail(self, task_id: str, error: str) -> None:
        self.start(task_id)
        assert attempts.fail(self.plane, tasks.get(self.plane, task_id), Status.ERROR, error)

    def crash(self, task_id: str) -> None:
        self.start(task_id)
        assert attempts.retry_or_fail(self.plane, tasks.get(self.plane, task_id), "boom")

    def objects(self) -> int:
        """How many small objects there are."""
        row = self.plane.database.row("SELECT COUNT(*) FROM object")
        assert row is not None
        return int(row[0])


def played(scene: Callable[P, Coroutine[Any, Any, None]]) -> Callable[P, None]:
    """Plays an asynchronous test in a loop of its own."""

    @functools.wraps(scene)
    def test(*args: P.args, **kwargs: P.kwargs) -> None:
        asyncio.run(asyncio.wait_for(scene(*args, **kwargs), 20))

    return test
