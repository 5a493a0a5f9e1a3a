"""One attempt at one task: fetch its data, call the worker, commit or fail."""

from __future__ import annotations

import asyncio
import json
import logging
import shutil
import sqlite3
import uuid
from collections.abc import Sequence
from pathlib import Path

import grpc
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
from .outcome import Outcome, Verdict, of_failure, of_reply
from .staging import CommitError, Staging
from .worker_client import WorkerClient

log = logging.getLogger(__name__)

LARGE = 8 * 1024 * 1024
"""Bytes above which data is copied in a thread, so that nobody else has to wait for it."""


BUSY_LIMIT = 1.0
"""Seconds that a worker has to come back after a task was taken from it; a Python worker cannot
leave its function, so it is replaced if it does not answer."""


class Attempt:
    """Runs a task that was acquired; every way it can end is in `run`."""

    def __init__(
        self, plane: DataPlane, agent: Agent, worker: WorkerClient, task: sqlite3.Row
    ) -> None:
        self._plane = plane
        self._agent = agent
        self._worker = worker
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
                folder.mkdir(mode=0o700, parents=True)
                return await self._run(staging)
        finally:
            self._agent.staging = None
            shutil.rmtree(folder, ignore_errors=True)

    async def _run(self, staging: Staging) -> bool:
        if not await self._fetch(staging.folder):
            return True
        fetched_at = now()
        if not await self._worker.is_fit():
            attempts.give_back(self._plane, self._task)
            return False
        started = attempts.start(self._plane, self._task, fetched_at)
        if started is None:
            attempts.finish_cancelled(self._plane, self._task)
            return True
        self._task = started
        outcome = await self._call(staging)
        self._settle(staging, outcome)
        if outcome is None or outcome.verdict is Verdict.TIMEOUT:
            return await self._worker.is_serving(limit=1.0)  # it may still be busy: replace it
        return not self._worker.process.exited.is_set()

    async def _fetch(self, folder: Path) -> bool:
        """Put payload and dependencies into the data folder; False if the task cannot run."""
        needs = [self._task["payload_id"], *json.loads(self._task["data_dependencies"])]
        try:
            for result_id in needs:
                row = result_rows.get(self._plane, result_id)
                if row["status"] != ResultStatus.COMPLETED:
                    raise NotFound(f"Result data was not found: {result_id}")
                copy = (row["opaque_id"], folder / result_id)
                if row["size"] > LARGE:
                    await asyncio.to_thread(self._plane.objects.copy_to, *copy)
                else:
                    self._plane.objects.copy_to(*copy)
        except NotFound as error:
            text = f"The data of the task is not there any more: {error}"
            if not attempts.fail(self._plane, self._task, TaskStatus.ERROR, text):
                attempts.finish_cancelled(self._plane, self._task)
            return False
        return True

    async def _call(self, staging: Staging) -> Outcome | None:
        """Call the worker; None if the task was taken away (cancelled, deleted) meanwhile."""
        process = self._worker.process
        log_offset = process.log_size()
        self._agent.staging = staging
        call = self._worker.process_task(
            self._request(staging), self._task["max_duration"] / SECOND
        )
        watch = asyncio.ensure_future(self._taken_away.wait())
        watch.add_done_callback(lambda _: call.cancel())
        try:
            reply = await call
        except asyncio.CancelledError:
            if not self._taken_away.is_set():
                raise  # the pod itself is being stopped
            return None
        except grpc.aio.AioRpcError as error:
            died = await _death(self._worker, error.code())
            worker_log = process.log_since(log_offset)
            return of_failure(error.code(), error.details() or "", worker_log, died)
        finally:
            self._agent.staging = None  # whatever the worker asks for from now on is too late
            watch.cancel()
        self._worker.prove()
        return of_reply(reply)

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


async def _death(worker: WorkerClient, code: grpc.StatusCode) -> str:
    """Return how the worker process died, or "" if it lives."""
    if code is grpc.StatusCode.UNAVAILABLE:
        try:  # the connection breaks a moment before the process is gone
            await asyncio.wait_for(worker.process.exited.wait(), timeout=1.0)
        except asyncio.TimeoutError:
            return ""
        return worker.process.end_report()
    return ""


__all__: Sequence[str] = ("Attempt",)
