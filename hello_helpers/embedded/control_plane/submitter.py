"""The Submitter service: what clients before 3.21 use for sessions, tasks and results.

ArmoniK's newer services replace it: Sessions, Tasks, Results. It stays so that programs written
years ago go on working. Both kinds of client see the same sessions, tasks and results.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

from armonik.protogen.client.submitter_service_pb2_grpc import SubmitterServicer
from armonik.protogen.common import submitter_common_pb2 as messages
from armonik.protogen.common.objects_pb2 import (
    Configuration,
    Count,
    DataChunk,
    Empty,
    InitTaskRequest,
    Output,
    ResultRequest,
    Session,
    StatusCount,
    TaskIdList,
    TaskOutputRequest,
    TaskRequestHeader,
)

from ..data_plane import cancellation, session_life, submission
from ..data_plane import results as result_rows
from ..data_plane import sessions as session_rows
from ..data_plane import tasks as task_rows
from ..data_plane.objects import CHUNK
from ..data_plane.states import FINAL_TASK, ResultStatus, SessionAction, TaskStatus
from ..data_plane.submission import NewTask
from ..data_plane.task_stream import TaskStream, with_payloads
from ..errors import NotFound
from ..interceptor import Context
from .legacy_waits import (
    ids_of,
    owner_of,
    session_where,
    task_where,
    wait_for_availability,
    wait_for_completion,
    why_never,
)
from .listing import count_by_status
from .service import Service, create_session, raise_if

Created = messages.CreateTaskReply.CreationStatus


class Submitter(Service, SubmitterServicer):  # type: ignore[misc]
    """Serves old clients. WatchResults is not implemented, as in ArmoniK."""

    async def GetServiceConfiguration(self, _request: Empty, _: Context) -> Configuration:
        """Tell how large a chunk of data may be, in bytes."""
        return Configuration(data_chunk_max_size=CHUNK)

    async def CreateSession(
        self, request: messages.CreateSessionRequest, context: Context
    ) -> messages.CreateSessionReply:
        """Open a session, as Sessions.CreateSession does."""
        return messages.CreateSessionReply(session_id=create_session(self._plane, request, context))

    async def CancelSession(self, request: Session, context: Context) -> Empty:
        """Stop everything in a session, as Sessions.CancelSession does."""
        self._require_owner(context, "session", [request.id])
        await session_life.act(self._plane, request.id, SessionAction.CANCEL)
        return Empty()

    async def ListSessions(
        self, request: messages.SessionFilter, _: Context
    ) -> messages.SessionIdList:
        """Return the ids of the sessions that match."""
        found = await ids_of(self._plane, "session", session_where(request))
        return messages.SessionIdList(session_ids=found)

    async def CreateSmallTasks(
        self, request: messages.CreateSmallTaskRequest, context: Context
    ) -> messages.CreateTaskReply:
        """Create tasks whose payloads are in the request, all or none; the reply has ids only."""
        self._require_owner(context, "session", [request.session_id])
        _check(request)
        with TaskStream(self._plane.objects) as stream, self._plane.transaction():
            for message in _as_stream(request):
                stream.add(message)
            new = self._create(context, request.session_id, stream)
        return _created([messages.CreateTaskReply.TaskInfo(task_id=task.task_id) for task in new])

    async def CreateLargeTasks(
        self, requests: AsyncIterator[messages.CreateLargeTaskRequest], context: Context
    ) -> messages.CreateTaskReply:
        """Create tasks from a stream that carries their payloads, all or none, at its end.

        Infos come in the order of the stream.
        """
        session_id = ""
        with TaskStream(self._plane.objects) as stream:
            async for request in requests:
                stream.add(request)
                if request.HasField("init_request"):
                    session_id = request.init_request.session_id
                    self._require_owner(context, "session", [session_id])
                    session_rows.get(self._plane, session_id)  # before a gigabyte comes in vain
            new = self._create(context, session_id, stream)
        infos = [
            messages.CreateTaskReply.TaskInfo(
                task_id=task.task_id,
                expected_output_keys=task.creation.expected_output_ids,
                data_dependencies=task.creation.data_dependencies,
                payload_id=task.creation.payload_id,
            )
            for task in new
        ]
        return _created(infos)

    def _create(self, context: Context, session_id: str, stream: TaskStream) -> list[NewTask]:
        payloads, creations = with_payloads(stream.finish(), owner_task_id=session_id)
        self._require_outputs(context, creations)
        with self._plane.transaction():
            result_rows.create(self._plane, session_id, payloads)
            return submission.submit(self._plane, session_id, creations, stream.options)

    async def ListTasks(self, request: messages.TaskFilter, _: Context) -> TaskIdList:
        """Return the ids of the tasks that match."""
        return TaskIdList(task_ids=await ids_of(self._plane, "task", task_where(request)))

    async def CountTasks(self, request: messages.TaskFilter, _: Context) -> Count:
        """Count the tasks that match, by status; zero counts are left out."""
        where = task_where(request)
        return _count(
            await self._plane.database.read(lambda reader: count_by_status(reader, where))
        )

    async def CancelTasks(self, request: messages.TaskFilter, context: Context) -> Empty:
        """Cancel the tasks that match; final ones are passed over."""
        found = await ids_of(self._plane, "task", task_where(request))
        self._require_owner(context, "task", found)
        await cancellation.cancel_by_id(self._plane, found)
        return Empty()

    async def GetTaskStatus(
        self, request: messages.GetTaskStatusRequest, _: Context
    ) -> messages.GetTaskStatusReply:
        """Tell the status of each task; unknown tasks are passed over."""
        status = messages.GetTaskStatusReply.IdStatus
        with self._plane.transaction() as tx:
            rows = task_rows.select(tx, request.task_ids)
        return messages.GetTaskStatusReply(
            id_statuses=[status(task_id=row["task_id"], status=row["status"]) for row in rows]
        )

    async def TryGetTaskOutput(self, request: TaskOutputRequest, _: Context) -> Output:
        """Tell how a task ended; neither ok nor error while it has not."""
        row = task_rows.get(self._plane, request.task_id)
        status = TaskStatus(row["status"])
        if status is TaskStatus.COMPLETED:
            return Output(ok=Empty())
        if status not in FINAL_TASK:
            return Output()
        details = row["error"] or f"Task {row['task_id']} is {status.name}"
        return Output(error=Output.Error(details=details))

    async def GetResultStatus(
        self, request: messages.GetResultStatusRequest, _: Context
    ) -> messages.GetResultStatusReply:
        """Tell the status of each result; unknown results are passed over."""
        status = messages.GetResultStatusReply.IdStatus
        with self._plane.transaction() as tx:
            rows = result_rows.select(tx, request.result_ids)
        return messages.GetResultStatusReply(
            id_statuses=[status(result_id=row["result_id"], status=row["status"]) for row in rows]
        )

    async def TryGetResultStream(
        self, request: ResultRequest, _: Context
    ) -> AsyncIterator[messages.ResultReply]:
        """Give a result's data in chunks and the word that it is complete; or say what is amiss."""
        row = result_rows.get(self._plane, request.result_id)
        if row["status"] == ResultStatus.COMPLETED:
            async for chunk in self._plane.objects.read(row["opaque_id"]):
                yield messages.ResultReply(result=DataChunk(data=chunk))
            yield messages.ResultReply(result=DataChunk(data_complete=True))
            return
        owner = owner_of(self._plane, row)
        error = why_never(row, owner)
        if owner is None:
            status = ResultStatus(row["status"]).name
            raise NotFound(f"Task was not found: no task produces this result, which is {status}")
        if error:
            yield messages.ResultReply(error=error)
        else:
            yield messages.ResultReply(not_completed_task=owner["task_id"])

    async def WaitForAvailability(
        self, request: ResultRequest, _: Context
    ) -> messages.AvailabilityReply:
        """Wait until a result is there, or never will be; the caller may hang up before."""
        return await wait_for_availability(self._plane, request.result_id)

    async def WaitForCompletion(self, request: messages.WaitRequest, _: Context) -> Count:
        """Wait until all tasks that match have ended, however; the caller may hang up before."""
        return _count(await wait_for_completion(self._plane, request))


def _check(request: messages.CreateSmallTaskRequest) -> None:
    """Refuse a request that lacks options, tasks, a payload or the outputs of a task."""
    problems = []
    if not request.HasField("task_options"):
        problems.append("task_options must be given")
    if not request.task_requests:
        problems.append("task_requests must not be empty")
    for number, task in enumerate(request.task_requests):
        if not task.payload:
            problems.append(f"task_requests[{number}].payload must not be empty")
        if not task.expected_output_keys:
            problems.append(f"task_requests[{number}].expected_output_keys must not be empty")
    raise_if(problems)


def _as_stream(
    request: messages.CreateSmallTaskRequest,
) -> Iterator[messages.CreateLargeTaskRequest]:
    """Yield what a client would send that put the same tasks into a stream."""
    message = messages.CreateLargeTaskRequest
    yield message(init_request=message.InitRequest(task_options=request.task_options))
    for task in request.task_requests:
        header = TaskRequestHeader(
            expected_output_keys=task.expected_output_keys, data_dependencies=task.data_dependencies
        )
        yield message(init_task=InitTaskRequest(header=header))
        yield message(task_payload=DataChunk(data=task.payload))
        yield message(task_payload=DataChunk(data_complete=True))
    yield message(init_task=InitTaskRequest(last_task=True))


def _created(infos: list[messages.CreateTaskReply.TaskInfo]) -> messages.CreateTaskReply:
    statuses = [Created(task_info=info) for info in infos]
    return messages.CreateTaskReply(
        creation_status_list=messages.CreateTaskReply.CreationStatusList(creation_statuses=statuses)
    )


def _count(counts: dict[int, int]) -> Count:
    return Count(
        values=[StatusCount(status=status, count=count) for status, count in sorted(counts.items())]
    )
