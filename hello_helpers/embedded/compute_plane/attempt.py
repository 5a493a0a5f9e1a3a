"""One attempt at one task: fetch its data, call the worker, commit or fail."""

from __future__ import annotations

import asyncio
import json
import logging
import shutil
import sqlite3
import uuid

from armonik.protogen.common.objects_pb2 import Configuration
from armonik.protogen.common.worker_common_pb2 import ProcessRequest

from ..data_plane import attempts
from ..data_plane import results as result_rows
from ..data_plane import sessions as session_rows
from ..data_plane.clock import SECOND, now
from ..data_plane.objects import CHUNK
from ..data_plane.options import TaskOptions
from ..data_plane.plane import DataPlane
from ..data_plane.states import ResultStatus, TaskStatus
from ..errors import NotFound
from .agent_service import Agent
from .faults import Faults
from .outcome import Outcome, Verdict
from .road import Road
from .staging import CommitError, Staging

log = logging.getLogger(__name__)


BUSY_LIMIT = 1.0
"""Seconds that a worker has to come back after a task was taken from it; a Python worker cannot
leave its function, so it is replaced if it does not answer."""


class Attempt:
    """Runs a task that was acquired; every way it can end is in `run`."""

    def __init__(
        self, plane: DataPlane, agent: Agent, road: Road, faults: Faults, task: sqlite3.Row
    ) -> None:
        self._plane = plane
        self._agent = agent
        self._road = road
        self._faults = faults
        self._task = task
        self._taken_away = asyncio.Event()

    async def run(self) -> bool:
        """Run the task to its end; return whether the worker may take another one."""
        token = str(uuid.uuid4())
        folder = self._plane.folder / "shared" / token
        session = session_rows.get(self._plane, self._task["session_id"])
        staging = Staging(self._plane, session, self._task, token, folder)
        look = attempts.on_cancel(self._plane, self._task, self._taken_away.set)
        try:
            with self._plane.holding(self._task["task_id"], look):
                return await self._run(staging)
        finally:
            self._agent.staging = None
            if folder.exists():
                shutil.rmtree(folder, ignore_errors=True)

    async def _run(self, staging: Staging) -> bool:
        if not await self._fetch(staging):
            return True
        fetched_at = now()
        if not await self._road.is_fit():
            attempts.give_back(self._plane, self._task)
            return False
        started = attempts.start(self._plane, self._task, fetched_at)
        if started is None:
            attempts.finish_cancelled(self._plane, self._task)
            return True
        self._task = started
        outcome = await self._call(staging)
        self._settle(staging, outcome)
        self._agent.staging = None
        if outcome is None or outcome.verdict is Verdict.TIMEOUT:
            return await self._road.is_serving(BUSY_LIMIT)  # else its worker is replaced
        return not self._road.process.exited.is_set()

    async def _fetch(self, staging: Staging) -> bool:
        """Bring payload and dependencies to the worker; False if the task cannot run."""
        needs = [self._task["payload_id"], *json.loads(self._task["data_dependencies"])]
        try:
            objects = {}
            for result_id in needs:
                row = result_rows.get(self._plane, result_id)
                if row["status"] != ResultStatus.COMPLETED:
                    raise NotFound(f"Result data was not found: {result_id}")
                objects[result_id] = row["opaque_id"]
            await self._road.fetch(staging, objects)
        except NotFound as error:
            text = f"The data of the task is not there any more: {error}"
            if not attempts.fail(self._plane, self._task, TaskStatus.ERROR, text):
                attempts.finish_cancelled(self._plane, self._task)
            return False
        return True

    async def _call(self, staging: Staging) -> Outcome | None:
        """Call the worker; None if the task was taken away (cancelled, deleted) meanwhile."""
        self._agent.staging = staging
        max_duration = self._task["max_duration"] / SECOND
        if fault := self._faults.take(self._task["partition_id"]):
            end = fault.happen(max_duration)
        else:
            end = self._road.run(staging, self._request(staging), max_duration)
        call = asyncio.ensure_future(end)
        watch = asyncio.ensure_future(self._taken_away.wait())
        try:
            await asyncio.wait({call, watch}, return_when=asyncio.FIRST_COMPLETED)
            return call.result() if call.done() else None
        finally:
            watch.cancel()
            call.cancel()

    def _request(self, staging: Staging) -> ProcessRequest:
        return ProcessRequest(
            communication_token=staging.token,
            session_id=self._task["session_id"],
            task_id=self._task["task_id"],
            task_options=TaskOptions.from_row(self._task).to_message(),
            expected_output_keys=json.loads(self._task["expected_output_ids"]),
            payload_id=self._task["payload_id"],
            data_dependencies=json.loads(self._task["data_dependencies"]),
            data_folder=str(staging.folder),
            configuration=Configuration(data_chunk_max_size=CHUNK),
        )

    def _settle(self, staging: Staging, outcome: Outcome | None) -> None:
        """Write down how the attempt ended. Staged work is committed only after a success."""
        settled = outcome is not None and self._write(staging, outcome)
        if not settled or outcome is None or outcome.verdict is not Verdict.SUCCESS:
            staging.discard()
        if not settled:
            attempts.finish_cancelled(self._plane, self._task)

    def _write(self, staging: Staging, outcome: Outcome) -> bool:
        """Move the task to where the outcome leads; False if it was taken away."""
        if outcome.verdict is Verdict.SUCCESS:
            processed_at = now()
            try:
                return attempts.complete(self._plane, self._task, staging.seal(), processed_at)
            except CommitError as error:
                staging.discard()
                text = f"The task succeeded, but what it did cannot be committed: {error}"
                outcome = Outcome(Verdict.CRASH, text)
        log.info("Task %s: %s: %s", self._task["task_id"], outcome.verdict.value, outcome.error)
        if outcome.verdict is Verdict.CRASH:
            return attempts.retry_or_fail(self._plane, self._task, outcome.error)
        status = TaskStatus.TIMEOUT if outcome.verdict is Verdict.TIMEOUT else TaskStatus.ERROR
        return attempts.fail(self._plane, self._task, status, outcome.error)
