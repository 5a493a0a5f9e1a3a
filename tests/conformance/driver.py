"""What the conformance tests stand on: one endpoint's raw stubs, and short words for common steps.

The stubs come from `armonik.protogen` and not from the client classes, because the tests also send
what the classes never would. Every call has a deadline, every wait too.
"""

import contextlib
import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
import pytest
from armonik.common import ResultStatus, TaskStatus
from armonik.protogen.common import (
    events_common_pb2,
    objects_pb2,
    results_common_pb2,
    sessions_common_pb2,
    tasks_common_pb2,
)
from google.protobuf.duration_pb2 import Duration

from tests.listings import RESULTS, TASKS_DETAILED, Listing

from .stubs import Stubs
from .waiting import PATIENCE, Subscription, eventually

WORKERS = Path(__file__).parent.parent / "workers"
SCRIPTED = [sys.executable, str(WORKERS / "scripted.py")]

FINAL = frozenset(
    {
        TaskStatus.COMPLETED,
        TaskStatus.CANCELLED,
        TaskStatus.ERROR,
        TaskStatus.RETRIED,
        TaskStatus.TIMEOUT,
    }
)

Script = Sequence[Any]  # one action of tests/workers/scripted.py: its name, then its arguments


@dataclass(frozen=True)
class Submitted:
    """What one submission made."""

    session_id: str
    task_id: str
    payload_id: str
    outputs: list[str]


INSTANTS = (
    "created_at",
    "submitted_at",
    "received_at",
    "acquired_at",
    "fetched_at",
    "started_at",
    "processed_at",
    "ended_at",
)
"""What a task that has run knows of when it did what, in this order."""


class ArmoniK(Stubs):
    """One endpoint, and what nearly every test does with it."""

    # --- sessions --------------------------------------------------------------------------------

    def options(self, **fields: Any) -> objects_pb2.TaskOptions:
        """Task options: one minute, no retry beyond the least allowed, priority 1, our partition.

        `max_duration` is in seconds; None leaves it out.
        """
        fields = {"max_retries": 1, "priority": 1, "partition_id": self.partition, **fields}
        seconds = fields.pop("max_duration", 60.0)
        options = objects_pb2.TaskOptions(**fields)
        if seconds is not None:
            options.max_duration.FromNanoseconds(int(seconds * 1e9))
        return options

    def create_session(self, partitions: Iterable[str] | None = None, **options: Any) -> str:
        """The id of a new session on our partition; the rest are its default task options."""
        return self.sessions.CreateSession(
            sessions_common_pb2.CreateSessionRequest(
                default_task_option=self.options(**options),
                partition_ids=[self.partition] if partitions is None else partitions,
            )
        ).session_id

    def session(self, session_id: str) -> sessions_common_pb2.SessionRaw:
        request = sessions_common_pb2.GetSessionRequest(session_id=session_id)
        return self.sessions.GetSession(request).session

    def move(self, verb: str, session_id: str, **fields: Any) -> sessions_common_pb2.SessionRaw:
        """Pause, Resume, Cancel, Close, Purge, Delete a session; or StopSubmission."""
        name = verb if verb == "StopSubmission" else f"{verb}Session"
        request = getattr(sessions_common_pb2, f"{name}Request")(session_id=session_id, **fields)
        return getattr(self.sessions, name)(request).session

    def forget(self, session_id: str) -> None:
        """Cancels and deletes a session, whatever its status: no task of it goes on."""
        with contextlib.suppress(grpc.RpcError):
            self.move("Cancel", session_id)
        self.move("Delete", session_id)

    # --- results ---------------------------------------------------------------------------------

    def create_results(
        self, session_id: str, *names: str, manual_deletion: bool = False
    ) -> list[str]:
        """The ids of new results without data, in order."""
        create = results_common_pb2.CreateResultsMetaDataRequest.ResultCreate
        reply = self.results.CreateResultsMetaData(
            results_common_pb2.CreateResultsMetaDataRequest(
                session_id=session_id,
                results=[create(name=name, manual_deletion=manual_deletion) for name in names],
            )
        )
        return [result.result_id for result in reply.results]

    def create_data(
        self, session_id: str, data: bytes, name: str = "data", manual_deletion: bool = False
    ) -> str:
        """The id of a new result that has its data from the start."""
        create = results_common_pb2.CreateResultsRequest.ResultCreate
        reply = self.results.CreateResults(
            results_common_pb2.CreateResultsRequest(
                session_id=session_id,
                results=[create(name=name, data=data, manual_deletion=manual_deletion)],
            )
        )
        return reply.results[0].result_id

    def upload(
        self, session_id: str, result_id: str, *chunks: bytes
    ) -> results_common_pb2.ResultRaw:
        """Streams data into a result that exists."""
        upload = results_common_pb2.UploadResultDataRequest
        identifier = upload.ResultIdentifier(session_id=session_id, result_id=result_id)
        messages = [upload(id=identifier), *(upload(data_chunk=chunk) for chunk in chunks)]
        return self.results.UploadResultData(iter(messages)).result

    def chunks(self, session_id: str, result_id: str) -> list[bytes]:
        """The data of a result, as the messages that carried it."""
        request = results_common_pb2.DownloadResultDataRequest(
            session_id=session_id, result_id=result_id
        )
        return [message.data_chunk for message in self.results.DownloadResultData(request)]

    def data(self, session_id: str, result_id: str) -> bytes:
        return b"".join(self.chunks(session_id, result_id))

    def result(self, result_id: str) -> results_common_pb2.ResultRaw:
        request = results_common_pb2.GetResultRequest(result_id=result_id)
        return self.results.GetResult(request).result

    def session_results(self, session_id: str) -> list[results_common_pb2.ResultRaw]:
        """All results of a session, in the order of their creation."""
        return self._of_session(RESULTS, session_id)

    def delete_data(
        self, session_id: str, *result_ids: str
    ) -> results_common_pb2.DeleteResultsDataResponse:
        return self.results.DeleteResultsData(
            results_common_pb2.DeleteResultsDataRequest(session_id=session_id, result_id=result_ids)
        )

    def aborted_result(self, session_id: str) -> str:
        """The id of an ABORTED result: the output of a task cancelled before it could run."""
        waiting = self.submit(session_id, payload_id=self.create_results(session_id, "never")[0])
        self.cancel(waiting.task_id)
        self.wait_result(waiting.outputs[0], ResultStatus.ABORTED)
        return waiting.outputs[0]

    # --- tasks -----------------------------------------------------------------------------------

    def payload(self, session_id: str, *script: Script) -> str:
        """The id of a new result that tells the scripted worker what to do."""
        return self.create_data(session_id, json.dumps({"do": script}).encode(), "payload")

    def submit(
        self,
        session_id: str,
        *script: Script,
        outputs: int | Sequence[str] = 1,
        payload_id: str | None = None,
        dependencies: Sequence[str] = (),
        task_options: objects_pb2.TaskOptions | None = None,
        submission_options: objects_pb2.TaskOptions | None = None,
    ) -> Submitted:
        """Submits one task that does the script; `outputs`: ids, or how many new ones to make."""
        if payload_id is None:
            payload_id = self.payload(session_id, *script)
        if isinstance(outputs, int):
            outputs = self.create_results(session_id, *(f"output {i}" for i in range(outputs)))
        task_creation = tasks_common_pb2.SubmitTasksRequest.TaskCreation(
            payload_id=payload_id,
            expected_output_keys=outputs,
            data_dependencies=dependencies,
            task_options=task_options,
        )
        infos = self.submit_all(session_id, [task_creation], submission_options)
        return Submitted(session_id, infos[0].task_id, payload_id, list(outputs))

    def submit_busy(self, session_id: str, *then: Script) -> tuple[Submitted, str]:
        """A task that a worker is busy with until its gate (a result) is uploaded, and its gate."""
        gate = self.create_results(session_id, "gate")[0]
        busy = self.submit(session_id, ["gate", gate], *(then or [["send", 0, "finished"]]))
        self.wait_task(busy.task_id, TaskStatus.PROCESSING)
        return busy, gate

    def submit_all(
        self,
        session_id: str,
        task_creations: Sequence[tasks_common_pb2.SubmitTasksRequest.TaskCreation],
        submission_options: objects_pb2.TaskOptions | None = None,
    ) -> list[tasks_common_pb2.SubmitTasksResponse.TaskInfo]:
        return list(
            self.tasks.SubmitTasks(
                tasks_common_pb2.SubmitTasksRequest(
                    session_id=session_id,
                    task_creations=task_creations,
                    task_options=submission_options,
                )
            ).task_infos
        )

    def task(self, task_id: str) -> tasks_common_pb2.TaskDetailed:
        return self.tasks.GetTask(tasks_common_pb2.GetTaskRequest(task_id=task_id)).task

    def session_tasks(self, session_id: str) -> list[tasks_common_pb2.TaskDetailed]:
        """All tasks of a session, in the order of their creation."""
        return self._of_session(TASKS_DETAILED, session_id)

    def cancel(self, *task_ids: str) -> list[tasks_common_pb2.TaskSummary]:
        request = tasks_common_pb2.CancelTasksRequest(task_ids=task_ids)
        return list(self.tasks.CancelTasks(request).tasks)

    # --- lists -----------------------------------------------------------------------------------

    def reply(self, listing: Listing, request: Any) -> Any:
        """What a List method answers."""
        return getattr(getattr(self, listing.service), listing.method)(request)

    def rows(self, listing: Listing, *conjunctions: list[Any], **how: Any) -> list[Any]:
        """The objects that match, see `Listing.ask`."""
        reply = self.reply(listing, listing.ask(*conjunctions, **how))
        return list(getattr(reply, listing.rows))

    def _of_session(self, listing: Listing, session_id: str) -> list[Any]:
        mine = listing.field("SESSION_ID").condition("EQUAL", session_id)
        return self.rows(listing, [mine], by=[listing.field("CREATED_AT")])

    # --- waiting ---------------------------------------------------------------------------------

    def wait_task(
        self, task_id: str, *statuses: TaskStatus, within: float = PATIENCE
    ) -> tasks_common_pb2.TaskDetailed:
        """Waits until a task has one of these statuses (none given: until it is final)."""
        wanted = frozenset(statuses) or FINAL
        return eventually(
            lambda: self.task(task_id),
            lambda task: task.status in wanted or _never(task, wanted),
            within,
        )

    def wait_result(
        self, result_id: str, status: ResultStatus, within: float = PATIENCE
    ) -> results_common_pb2.ResultRaw:
        return eventually(
            lambda: self.result(result_id), lambda result: result.status == status, within
        )

    def report(self, submitted: Submitted, index: int = 0) -> list[Any]:
        """Waits for a task's success and returns the notes that it sent with ["report", index]."""
        self.wait_task(submitted.task_id, TaskStatus.COMPLETED)
        return json.loads(self.data(submitted.session_id, submitted.outputs[index]))

    @contextlib.contextmanager
    def subscribe(self, session_id: str, *types: int, **filters: Any) -> Iterator[Subscription]:
        """An event stream; types as in EventsEnum, none for all."""
        call = self.events.GetEvents(
            events_common_pb2.EventSubscriptionRequest(
                session_id=session_id, returned_events=types, **filters
            ),
            timeout=2 * PATIENCE,
        )
        try:
            yield Subscription(call)
        finally:
            call.cancel()


def _never(task: tasks_common_pb2.TaskDetailed, wanted: frozenset[TaskStatus]) -> bool:
    """Fails at once when a task has ended, but not as hoped: nothing will come of waiting."""
    if task.status in FINAL:
        hoped = ", ".join(status.name for status in wanted)
        pytest.fail(f"task ended {TaskStatus(task.status).name}, not {hoped}: {task.output.error}")
    return False


def duration(seconds: float) -> Duration:
    message = Duration()
    message.FromNanoseconds(int(seconds * 1e9))
    return message


def long_road(command: list[str]) -> list[str]:
    """The same worker, so started that the embedded ArmoniK takes it for any program at all."""
    return ["sh", "-c", 'exec "$0" "$@"', *command]
