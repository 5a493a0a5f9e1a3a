"""The Tasks service."""

from __future__ import annotations

import json

from armonik.protogen.client.tasks_service_pb2_grpc import TasksServicer
from armonik.protogen.common import tasks_common_pb2 as messages
from armonik.protogen.common.objects_pb2 import StatusCount

from ..data_plane import cancellation, submission
from ..data_plane import tasks as task_rows
from ..data_plane.fields import TASKS
from ..data_plane.filters import compile_filters
from ..data_plane.options import TaskOptions
from ..data_plane.submission import TaskCreation
from ..interceptor import Context
from .listing import count_by_status, list_messages
from .messages import task_detailed, task_summary
from .service import Service, raise_if


class Tasks(Service, TasksServicer):  # type: ignore[misc]
    """Takes tasks and tells how they are."""

    async def SubmitTasks(
        self, request: messages.SubmitTasksRequest, context: Context
    ) -> messages.SubmitTasksResponse:
        """Submit tasks, all or none; infos come in the order of the request."""
        raise_if([] if request.task_creations else ["task_creations must not be empty"])
        creations = [TaskCreation.from_message(creation) for creation in request.task_creations]
        self._require_owner(context, "session", [request.session_id])
        self._require_outputs(context, creations)
        new = submission.submit(
            self._plane, request.session_id, creations, TaskOptions.given_in(request)
        )
        return messages.SubmitTasksResponse(
            task_infos=[
                messages.SubmitTasksResponse.TaskInfo(
                    task_id=task.task_id,
                    expected_output_ids=task.creation.expected_output_ids,
                    data_dependencies=task.creation.data_dependencies,
                    payload_id=task.creation.payload_id,
                )
                for task in new
            ]
        )

    async def GetTask(
        self, request: messages.GetTaskRequest, _: Context
    ) -> messages.GetTaskResponse:
        """Return one task with all details."""
        row = task_rows.get(self._plane, request.task_id)
        return messages.GetTaskResponse(task=task_detailed(row, self._plane.health.ailments()))

    async def ListTasks(
        self, request: messages.ListTasksRequest, _: Context
    ) -> messages.ListTasksResponse:
        """Return a page of the tasks that match the filters, as summaries."""
        ailments = self._plane.health.ailments()
        return await list_messages(
            self._plane,
            request,
            TASKS,
            lambda row: task_summary(row, ailments),
            messages.ListTasksResponse,
            "tasks",
        )

    async def ListTasksDetailed(
        self, request: messages.ListTasksRequest, _: Context
    ) -> messages.ListTasksDetailedResponse:
        """Return a page of the tasks that match the filters, with all details."""
        ailments = self._plane.health.ailments()
        return await list_messages(
            self._plane,
            request,
            TASKS,
            lambda row: task_detailed(row, ailments),
            messages.ListTasksDetailedResponse,
            "tasks",
        )

    async def CancelTasks(
        self, request: messages.CancelTasksRequest, context: Context
    ) -> messages.CancelTasksResponse:
        """Cancel tasks; unknown and final ones are passed over."""
        self._require_owner(context, "task", request.task_ids)
        found = await cancellation.cancel_by_id(self._plane, request.task_ids)
        ailments = self._plane.health.ailments()
        return messages.CancelTasksResponse(tasks=[task_summary(row, ailments) for row in found])

    async def GetResultIds(
        self, request: messages.GetResultIdsRequest, _: Context
    ) -> messages.GetResultIdsResponse:
        """Return the expected outputs of tasks; unknown tasks are passed over."""
        with self._plane.transaction() as tx:
            found = task_rows.select(tx, request.task_id)
        return messages.GetResultIdsResponse(
            task_results=[
                messages.GetResultIdsResponse.MapTaskResult(
                    task_id=row["task_id"], result_ids=json.loads(row["expected_output_ids"])
                )
                for row in found
            ]
        )

    async def CountTasksByStatus(
        self, request: messages.CountTasksByStatusRequest, _: Context
    ) -> messages.CountTasksByStatusResponse:
        """Count the tasks that match the filters, by status; zero counts are left out."""
        counts = await self._plane.database.read(
            lambda reader: count_by_status(reader, compile_filters(request.filters, TASKS))
        )
        return messages.CountTasksByStatusResponse(
            status=[
                StatusCount(status=status, count=count) for status, count in sorted(counts.items())
            ]
        )
