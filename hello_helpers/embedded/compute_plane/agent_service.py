"""The Agent service: what a worker may ask of the agent beside it while it runs a task."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import grpc
from armonik.protogen.common import agent_common_pb2 as messages
from armonik.protogen.worker.agent_service_pb2_grpc import (
    AgentServicer,
    add_AgentServicer_to_server,
)

from ..data_plane.clock import now, to_timestamp
from ..data_plane.options import TaskOptions
from ..data_plane.results import NewResult
from ..data_plane.states import ResultStatus
from ..data_plane.submission import TaskCreation
from ..errors import InvalidArgument, Unavailable
from ..interceptor import ANY_PINGS, Context, ErrorInterceptor
from .addresses import Addresses
from .staging import Staging


class Agent(AgentServicer):  # type: ignore[misc]
    """Serves one worker. ``staging`` is the attempt under way, None between tasks."""

    def __init__(self) -> None:
        self.staging: Staging | None = None

    def _of(self, token: str) -> Staging:
        """Return the attempt that a token belongs to.

        Raises:
            Unavailable: no task is running.
            InvalidArgument: the token is missing or belongs to another attempt.
        """
        if self.staging is None:
            raise Unavailable("No task is accepting request")
        if not token:
            raise InvalidArgument("Missing communication token")
        if token != self.staging.token:
            raise InvalidArgument("Wrong communication token")
        return self.staging

    async def CreateResultsMetaData(
        self, request: messages.CreateResultsMetaDataRequest, _: Context
    ) -> messages.CreateResultsMetaDataResponse:
        """Give out ids for results to come."""
        staging = self._of(request.communication_token)
        new = staging.create([result.name for result in request.results])
        return messages.CreateResultsMetaDataResponse(results=_metadata(staging, new))

    async def CreateResults(
        self, request: messages.CreateResultsRequest, _: Context
    ) -> messages.CreateResultsResponse:
        """Take results with their data."""
        staging = self._of(request.communication_token)
        new = staging.create_with_data([(r.name, r.data) for r in request.results])
        return messages.CreateResultsResponse(results=_metadata(staging, new))

    async def NotifyResultData(
        self, request: messages.NotifyResultDataRequest, _: Context
    ) -> messages.NotifyResultDataResponse:
        """Note that the data of results lies in the data folder."""
        result_ids = [identifier.result_id for identifier in request.ids]
        self._of(request.communication_token).announce(result_ids)
        return messages.NotifyResultDataResponse(result_ids=result_ids)

    async def SubmitTasks(
        self, request: messages.SubmitTasksRequest, _: Context
    ) -> messages.SubmitTasksResponse:
        """Take subtasks; they go into the session of the running task."""
        staging = self._of(request.communication_token)
        new = staging.submit(
            [TaskCreation.from_message(creation) for creation in request.task_creations],
            TaskOptions.given_in(request),
        )
        return messages.SubmitTasksResponse(
            communication_token=request.communication_token,
            task_infos=[
                messages.SubmitTasksResponse.TaskInfo(
                    task_id=task.task_id,
                    expected_output_ids=task.creation.expected_output_ids,
                    data_dependencies=task.creation.data_dependencies,
                    payload_id=task.creation.payload_id,
                )
                for task in new
            ],
        )

    async def CreateTask(
        self, requests: AsyncIterator[messages.CreateTaskRequest], _: Context
    ) -> messages.CreateTaskReply:
        """Take subtasks with their payloads from a stream, as workers before 3.21 send them.

        What is wrong with token or stream comes back in the reply, as those workers expect.
        """
        if self.staging is None:
            raise Unavailable("No task is accepting request")
        staging, token = self.staging, ""
        try:
            with staging.task_stream() as stream:
                async for request in requests:
                    token = request.communication_token
                    self._of(token)
                    stream.add(request)
                tasks = stream.finish()
                self._of(token)  # the task may have ended while its stream went on
                new = staging.submit_with_payloads(tasks, stream.options)
        except InvalidArgument as error:
            return messages.CreateTaskReply(communication_token=token, error=str(error))
        created = messages.CreateTaskReply.CreationStatus
        infos = [
            messages.CreateTaskReply.TaskInfo(
                task_id=task.task_id,
                expected_output_keys=task.creation.expected_output_ids,
                data_dependencies=task.creation.data_dependencies,
                payload_id=task.creation.payload_id,
            )
            for task in new
        ]
        return messages.CreateTaskReply(
            communication_token=token,
            creation_status_list=messages.CreateTaskReply.CreationStatusList(
                creation_statuses=[created(task_info=info) for info in infos]
            ),
        )

    async def GetResourceData(
        self, request: messages.DataRequest, _: Context
    ) -> messages.DataResponse:
        """Put the data of any completed result into the data folder."""
        await self._of(request.communication_token).fetch(request.result_id)
        return messages.DataResponse(result_id=request.result_id)


@asynccontextmanager
async def serving(agent: Agent, addresses: Addresses) -> AsyncIterator[None]:
    """Serve the Agent protocol where the worker of a pod looks for it."""
    addresses.close()
    server = grpc.aio.server(interceptors=[ErrorInterceptor()], options=[ANY_PINGS])
    add_AgentServicer_to_server(agent, server)
    server.add_insecure_port(addresses.agent_target)
    start = asyncio.ensure_future(server.start())
    try:
        await asyncio.shield(start)  # gRPC's own server does not bear to be cancelled there
        yield
    finally:
        await start
        await server.stop(None)


def _metadata(staging: Staging, new: list[NewResult]) -> list[messages.ResultMetaData]:
    created_at = to_timestamp(now())
    return [
        messages.ResultMetaData(
            session_id=staging.session_id,
            result_id=result.result_id,
            name=result.name,
            status=int(ResultStatus.CREATED),
            created_at=created_at,
        )
        for result in new
    ]
