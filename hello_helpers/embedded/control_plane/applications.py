"""The Applications service: which applications the tasks belong to."""

from __future__ import annotations

from armonik.protogen.client.applications_service_pb2_grpc import ApplicationsServicer
from armonik.protogen.common.applications_common_pb2 import (
    ApplicationRaw,
    ListApplicationsRequest,
    ListApplicationsResponse,
)

from ..data_plane.fields import APPLICATIONS
from ..data_plane.plane import DataPlane
from ..grpc_context import Context
from .listing import list_messages


class Applications(ApplicationsServicer):  # type: ignore[misc]
    """Lists applications. Nobody creates one: it is there as long as a task names it."""

    def __init__(self, plane: DataPlane) -> None:
        self._plane = plane

    async def ListApplications(
        self, request: ListApplicationsRequest, _: Context
    ) -> ListApplicationsResponse:
        """Return each distinct name, version, namespace and service that occurs in tasks."""
        applications, total = await list_messages(
            self._plane, request, APPLICATIONS, lambda row: ApplicationRaw(**row)
        )
        return ListApplicationsResponse(
            applications=applications,
            page=request.page,
            page_size=request.page_size,
            total=total,
        )
