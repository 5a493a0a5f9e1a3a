"""One attempt at one task: fetch its data, call the worker, commit or fail."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
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
from ..data_plane.options import message_of
from ..data_plane.plane import DataPlane
from ..data_plane.states import ResultStatus, TaskStatus
from ..errors import NotFound, RequestError, StorageError
from .agent_service import Agent
from .outcome import Faults, Outcome, Verdict
from .road import Road
from .staging import Staging

log = logging.getLogger(__name__)

T = TypeVar("T")


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
        self._task: sqlite3.Row
        self._staging: Staging
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
            large = self._begin()
        except StorageError:
            attempts.requeue(self._plane, self._task_id)
            raise
        if large is None:
            await asyncio.sleep(0)  # a queue may hold many of these: nobody else shall wait
            return True
        try:
            with self._plane.holding(self._task_id, self._look):
                if large and not await self._bring_large(large):
                    return True
                return await self._run()
        finally:
            self._agent.staging = None
            self._staging.clear()

    def _look(self) -> None:
        """Let go of the task if it is not this attempt's any more."""
        if not attempts.is_held(self._plane, self._task):
            self._taken_away = True
            if self._call is not None:
                self._call.cancel()

    def _begin(self) -> dict[str, bytes] | None:
        """Take the task, bring small data to the worker, and start: all in one transaction.

        Returns:
            What is large and takes time; nothing is started then. None: there is nothing to do.
        """
        with self._plane.transaction():
            taken = attempts.take(self._plane, self._task_id)
            if taken is None:
                return None
            task, session = taken
            token = str(uuid.uuid4())
            shared = self._road.process.shared or self._plane.shared
            self._staging = Staging(self._plane, session, task, token, shared / token)
            missing = None
            large: dict[str, bytes] | None = None
            try:
                large = self._road.bring(self._staging, self._inputs(task))
            except NotFound as error:
                missing = error
            started = large is not None and not large
            self._task = attempts.acquire(self._plane, task, self._identity, started=started)
            if missing:
                self._miss(missing)
            return large

    def _inputs(self, task: sqlite3.Row) -> dict[str, bytes]:
        """Return the opaque ids of payload and dependencies, by result id."""
        inputs = {}
        for result_id in [task["payload_id"], *json.loads(task["data_dependencies"])]:
            row = result_rows.get(self._plane, result_id)
            if row["status"] != ResultStatus.COMPLETED:
                raise NotFound(f"Result data was not found: {result_id}")
            inputs[result_id] = row["opaque_id"]
        return inputs

    async def _bring_large(self, large: dict[str, bytes]) -> bool:
        """Bring large data to the worker, and start unless the task was taken away meanwhile."""
        try:
            for result_id, opaque_id in large.items():
                target = self._staging.folder / result_id
                await asyncio.to_thread(self._plane.objects.copy_large, opaque_id, target)
        except NotFound as error:
            await self._patiently(partial(self._miss, error))
            return False
        except StorageError:
            await self._patiently(self._give_back)
            raise
        return await self._patiently(self._start)

    def _start(self) -> bool:
        """Start the task, unless it was taken away meanwhile."""
        return self._or_finish(attempts.start(self._plane, self._task))

    def _give_back(self) -> None:
        """Throw away what was done so far, and put the task back in the queue."""
        with self._plane.transaction():
            self._staging.discard()
            self._or_finish(attempts.give_back(self._plane, self._task))

    def _miss(self, error: NotFound) -> None:
        """End the task, whose data is gone."""
        text = f"The data of the task is not there any more: {error}"
        self._or_finish(attempts.fail(self._plane, self._task, TaskStatus.ERROR, text))

    def _or_finish(self, done: bool) -> bool:
        """If a change was not done, the task was taken away: end it, should it be this one's."""
        if not done:
            attempts.finish_cancelled(self._plane, self._task)
        return done

    async def _run(self) -> bool:
        try:
            outcome = await self._have_it_run()
        except asyncio.CancelledError:  # the pod ends in good order: this is no failed attempt
            with contextlib.suppress(StorageError):  # then it counts as lost, at the next start
                self._give_back()
            raise
        crashed = outcome is not None and outcome.verdict is Verdict.CRASH
        if crashed and await self._road.ends_by_itself():  # so this task had no chance
            await self._patiently(self._give_back)
            return False
        await self._patiently(partial(self._settle, outcome))
        self._agent.staging = None
        if outcome is None or outcome.verdict is Verdict.TIMEOUT:
            return await self._road.is_back()  # else its worker is replaced
        return not self._road.process.exited.is_set()

    async def _have_it_run(self) -> Outcome | None:
        """Call the worker; None if the task was taken away (cancelled, deleted) meanwhile."""
        self._agent.staging = self._staging
        max_duration = self._task["max_duration"] / SECOND
        if fault := self._faults.take(self._task["partition_id"]):
            end = fault.happen(max_duration)
        else:
            end = self._road.run(self._staging, _request(self._staging, self._task), max_duration)
        call = self._call = asyncio.ensure_future(end)
        if self._taken_away:
            call.cancel()
        try:
            return await call
        except asyncio.CancelledError:
            if not self._taken_away:  # the pod is told to end
                raise
            return None
        except Exception as error:  # whatever it sent: no task may get lost by that
            log.exception("Task %s: cannot make out how it ended", self._task_id)
            return Outcome(Verdict.CRASH, f"The agent failed at what the worker sent: {error!r}")

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

    def _settle(self, outcome: Outcome | None) -> None:
        """Write down how the attempt ended: the task moves to where the outcome leads, at once.

        Staged work is committed only after a success. Whatever is wrong with it, the attempt ends;
        a task that was taken away ends CANCELLED.
        """
        if outcome is not None and outcome.verdict is Verdict.SUCCESS:
            try:
                with self._plane.transaction():
                    if attempts.complete(self._plane, self._task, self._staging.seal(), now()):
                        return
                outcome = None
            except StorageError:  # there is no room for it now
                raise
            except Exception as error:
                if not isinstance(error, RequestError):
                    log.exception("Task %s: cannot commit what it did", self._task_id)
                text = f"The task succeeded, but what it did cannot be committed: {error}"
                outcome = Outcome(Verdict.CRASH, text)
        with self._plane.transaction():
            self._staging.discard()
            self._or_finish(outcome is not None and self._fail(outcome))

    def _fail(self, outcome: Outcome) -> bool:
        """End the attempt without success; False if the task was taken away."""
        log.info(
            "Task %s: %s: %s",
            self._task_id,
            outcome.verdict.value,
            outcome.error,
            extra={"task": self._task_id, "session": self._task["session_id"]},
        )
        if outcome.verdict is Verdict.CRASH:
            return attempts.retry_or_fail(self._plane, self._task, outcome.error)
        status = TaskStatus.TIMEOUT if outcome.verdict is Verdict.TIMEOUT else TaskStatus.ERROR
        return attempts.fail(self._plane, self._task, status, outcome.error)


def _request(staging: Staging, task: sqlite3.Row) -> ProcessRequest:
    return ProcessRequest(
        communication_token=staging.token,
        session_id=task["session_id"],
        task_id=task["task_id"],
        task_options=message_of(task),
        expected_output_keys=json.loads(task["expected_output_ids"]),
        payload_id=task["payload_id"],
        data_dependencies=json.loads(task["data_dependencies"]),
        data_folder=str(staging.folder),
        configuration=Configuration(data_chunk_max_size=CHUNK),
    )
