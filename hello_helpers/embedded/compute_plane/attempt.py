"""One attempt at one task: fetch its data, call the worker, commit or fail."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import shutil
import sqlite3
import uuid
from collections.abc import Callable
from functools import partial
from typing import TypeVar

from armonik.protogen.common.objects_pb2 import Configuration
from armonik.protogen.common.worker_common_pb2 import ProcessRequest

from ..data_plane import attempts
from ..data_plane import results as result_rows
from ..data_plane.attempts import PodIdentity
from ..data_plane.clock import SECOND, now
from ..data_plane.objects import CHUNK
from ..data_plane.options import TaskOptions
from ..data_plane.plane import DataPlane
from ..data_plane.states import ResultStatus, TaskStatus
from ..errors import NotFound, RequestError, StorageError
from .agent_service import Agent
from .faults import Faults
from .outcome import Outcome, Verdict
from .road import Road
from .staging import Staging

log = logging.getLogger(__name__)

T = TypeVar("T")

BUSY_LIMIT = 1.0
"""Seconds that a worker has to come back after a task was taken from it; a Python worker cannot
leave its function, so it is replaced if it does not answer."""


class Attempt:
    """Takes a task off the queue and runs it; every way it can end is in `run`."""

    def __init__(
        self,
        plane: DataPlane,
        agent: Agent,
        road: Road,
        faults: Faults,
        identity: PodIdentity,
        task_id: str,
    ) -> None:
        self._plane = plane
        self._agent = agent
        self._road = road
        self._faults = faults
        self._identity = identity
        self._task_id = task_id
        self._call: asyncio.Future[Outcome] | None = None
        self._taken_away = False

    async def run(self) -> bool:
        """Run the task to its end; return whether the worker may take another one.

        Raises:
            StorageError: nothing could be written; the task is in the queue again.
        """
        try:
            if not await self._road.is_fit():
                attempts.requeue(self._plane, self._task_id)
                return False
            with self._plane.transaction():  # one for the whole beginning, if all data is small
                taken = attempts.take(self._plane, self._task_id)
                if taken is not None:
                    task, session = taken
                    staging = self._stage(task, session)
                    started, large = self._bring(staging, task)
        except StorageError:
            attempts.requeue(self._plane, self._task_id)
            raise
        if taken is None or not (started or large):
            await asyncio.sleep(0)  # a queue may hold many of these: nobody else shall wait
            return True
        look = attempts.on_cancel(self._plane, task, self._take_away)
        try:
            with self._plane.holding(self._task_id, look):
                if large:
                    started = await self._bring_large(staging, task, large)
                return await self._run(staging, task) if started else True
        finally:
            self._agent.staging = None
            if staging.folder.exists():
                shutil.rmtree(staging.folder, ignore_errors=True)

    def _take_away(self) -> None:
        """Let go of the task: it was cancelled, or its session was."""
        self._taken_away = True
        if self._call is not None:
            self._call.cancel()

    def _stage(self, task: sqlite3.Row, session: sqlite3.Row) -> Staging:
        token = str(uuid.uuid4())
        return Staging(self._plane, session, task, token, self._plane.folder / "shared" / token)

    def _bring(self, staging: Staging, task: sqlite3.Row) -> tuple[bool, dict[str, bytes]]:
        """Bring small data to the worker and start; what is large takes time and is left over."""
        try:
            objects = {}
            for result_id in [task["payload_id"], *json.loads(task["data_dependencies"])]:
                row = result_rows.get(self._plane, result_id)
                if row["status"] != ResultStatus.COMPLETED:
                    raise NotFound(f"Result data was not found: {result_id}")
                objects[result_id] = row["opaque_id"]
            large = self._road.bring(staging, objects)
        except NotFound as error:
            attempts.acquire(self._plane, task, self._identity)
            self._miss(task, error)
            return False, {}
        if large:
            attempts.acquire(self._plane, task, self._identity)
            return False, large
        return attempts.acquire_and_start(self._plane, task, self._identity), {}

    async def _bring_large(
        self, staging: Staging, task: sqlite3.Row, large: dict[str, bytes]
    ) -> bool:
        """Bring large data to the worker, and start unless the task was taken away meanwhile."""
        try:
            for result_id, opaque_id in large.items():
                target = staging.folder / result_id
                await asyncio.to_thread(self._plane.objects.copy_large, opaque_id, target)
        except NotFound as error:
            await self._patiently(partial(self._miss, task, error))
            return False
        except StorageError:
            await self._patiently(partial(self._give_back, task))
            raise
        return await self._patiently(partial(self._start, task))

    def _start(self, task: sqlite3.Row) -> bool:
        """Start a task, unless it was taken away meanwhile."""
        started = attempts.start(self._plane, task)
        if not started:
            attempts.finish_cancelled(self._plane, task)
        return started

    def _give_back(self, task: sqlite3.Row) -> None:
        """Put a task back in the queue, unless it was taken away meanwhile."""
        if not attempts.give_back(self._plane, task):
            attempts.finish_cancelled(self._plane, task)

    def _let_go(self, staging: Staging, task: sqlite3.Row) -> None:
        """Throw away what the worker has done so far, and put its task back in the queue."""
        with self._plane.transaction():
            staging.discard()
            self._give_back(task)

    def _miss(self, task: sqlite3.Row, error: NotFound) -> None:
        """End a task whose data is gone."""
        text = f"The data of the task is not there any more: {error}"
        if not attempts.fail(self._plane, task, TaskStatus.ERROR, text):
            attempts.finish_cancelled(self._plane, task)

    async def _run(self, staging: Staging, task: sqlite3.Row) -> bool:
        try:
            outcome = await self._have_it_run(staging, task)
        except asyncio.CancelledError:  # the pod ends in good order: this is no failed attempt
            with contextlib.suppress(StorageError):  # then it counts as lost, at the next start
                self._let_go(staging, task)
            raise
        await self._patiently(lambda: self._settle(staging, task, outcome))
        self._agent.staging = None
        if outcome is None or outcome.verdict is Verdict.TIMEOUT:
            return await self._road.is_serving(BUSY_LIMIT)  # else its worker is replaced
        return not self._road.process.exited.is_set()

    async def _have_it_run(self, staging: Staging, task: sqlite3.Row) -> Outcome | None:
        """Call the worker; None if the task was taken away (cancelled, deleted) meanwhile."""
        self._agent.staging = staging
        max_duration = task["max_duration"] / SECOND
        if fault := self._faults.take(task["partition_id"]):
            end = fault.happen(max_duration)
        else:
            end = self._road.run(staging, _request(staging, task), max_duration)
        call = self._call = asyncio.ensure_future(end)
        if self._taken_away:
            call.cancel()
        try:
            await asyncio.wait({call})
            return None if call.cancelled() else call.result()
        except Exception as error:  # whatever it sent: no task may get lost by that
            log.exception("Task %s: cannot make out how it ended", self._task_id)
            return Outcome(Verdict.CRASH, f"The agent failed at what the worker sent: {error!r}")
        finally:
            call.cancel()

    async def _patiently(self, write: Callable[[], T]) -> T:
        """Write to the tables. While that is impossible (disk full), try again."""
        delay = 0.2
        while True:
            try:
                return write()
            except StorageError as error:
                log.error("Task %s cannot go on: %s", self._task_id, error)
                await asyncio.sleep(delay)
                delay = min(delay * 2, 5.0)

    def _settle(self, staging: Staging, task: sqlite3.Row, outcome: Outcome | None) -> None:
        """Write down how the attempt ended: the task moves to where the outcome leads, at once.

        Staged work is committed only after a success. A task that was taken away ends CANCELLED.
        """
        if outcome is not None and outcome.verdict is Verdict.SUCCESS:
            try:
                with self._plane.transaction():
                    if attempts.complete(self._plane, task, staging.seal(), now()):
                        return
            except RequestError as error:
                text = f"The task succeeded, but what it did cannot be committed: {error}"
                outcome = Outcome(Verdict.CRASH, text)
        with self._plane.transaction():
            staging.discard()
            if outcome is None or not self._fail(task, outcome):
                attempts.finish_cancelled(self._plane, task)

    def _fail(self, task: sqlite3.Row, outcome: Outcome) -> bool:
        """End the attempt without success; False if the task was taken away."""
        log.info(
            "Task %s: %s: %s",
            self._task_id,
            outcome.verdict.value,
            outcome.error,
            extra={"task": self._task_id, "session": task["session_id"]},
        )
        if outcome.verdict is Verdict.CRASH:
            return attempts.retry_or_fail(self._plane, task, outcome.error)
        status = TaskStatus.TIMEOUT if outcome.verdict is Verdict.TIMEOUT else TaskStatus.ERROR
        return attempts.fail(self._plane, task, status, outcome.error)


def _request(staging: Staging, task: sqlite3.Row) -> ProcessRequest:
    return ProcessRequest(
        communication_token=staging.token,
        session_id=task["session_id"],
        task_id=task["task_id"],
        task_options=TaskOptions.from_row(task).to_message(),
        expected_output_keys=json.loads(task["expected_output_ids"]),
        payload_id=task["payload_id"],
        data_dependencies=json.loads(task["data_dependencies"]),
        data_folder=str(staging.folder),
        configuration=Configuration(data_chunk_max_size=CHUNK),
    )
