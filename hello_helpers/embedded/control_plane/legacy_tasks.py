"""From the task messages of the Submitter service to tasks with payloads."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

from armonik.protogen.common.objects_pb2 import DataChunk, InitTaskRequest, TaskRequestHeader
from armonik.protogen.common.submitter_common_pb2 import (
    CreateLargeTaskRequest,
    CreateSmallTaskRequest,
)

from ..data_plane import results, sessions, submission
from ..data_plane.plane import DataPlane
from ..data_plane.submission import NewTask
from ..data_plane.task_stream import TaskStream, with_payloads
from .service import raise_if


async def create_large(
    plane: DataPlane, requests: AsyncIterator[CreateLargeTaskRequest]
) -> list[NewTask]:
    """Create tasks from a stream, all or none, in one transaction at its end.

    Raises:
        InvalidArgument: the messages of the stream are not in order.
        RequestError: see `submission.submit`.
    """
    session_id = ""
    with TaskStream(plane.objects) as stream:
        async for request in requests:
            stream.add(request)
            if request.HasField("init_request"):
                session_id = request.init_request.session_id
                sessions.get(plane, session_id)  # before anybody sends a gigabyte in vain
        return _create(plane, session_id, stream)


def create_small(plane: DataPlane, request: CreateSmallTaskRequest) -> list[NewTask]:
    """Create tasks whose payloads are in the request, all or none.

    Raises:
        InvalidArgument: options, tasks, a payload or the outputs of a task are missing.
        RequestError: see `submission.submit`.
    """
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
    with TaskStream(plane.objects) as stream, plane.transaction():
        for message in _as_stream(request):
            stream.add(message)
        return _create(plane, request.session_id, stream)


def _as_stream(request: CreateSmallTaskRequest) -> Iterator[CreateLargeTaskRequest]:
    """Yield what a client would send that put the same tasks into a stream."""
    message = CreateLargeTaskRequest
    yield message(init_request=message.InitRequest(task_options=request.task_options))
    for task in request.task_requests:
        header = TaskRequestHeader(
            expected_output_keys=task.expected_output_keys, data_dependencies=task.data_dependencies
        )
        yield message(init_task=InitTaskRequest(header=header))
        yield message(task_payload=DataChunk(data=task.payload))
        yield message(task_payload=DataChunk(data_complete=True))
    yield message(init_task=InitTaskRequest(last_task=True))


def _create(plane: DataPlane, session_id: str, stream: TaskStream) -> list[NewTask]:
    payloads, creations = with_payloads(stream.finish(), session_id)
    with plane.transaction():
        results.create(plane, session_id, payloads)
        return submission.submit(plane, session_id, creations, stream.options)
