"""The Partitions and Applications services: where tasks run, and what they belong to."""

from __future__ import annotations

from armonik.protogen.client.applications_service_pb2_grpc import ApplicationsServicer
from armonik.protogen.client.partitions_service_pb2_grpc import PartitionsServicer
from armonik.protogen.common import partitions_common_pb2 as messages
from armonik.protogen.common.applications_common_pb2 import (
    ApplicationRaw,
    ListApplicationsRequest,
    ListApplicationsResponse,
)

from ..data_plane import partitions as partition_rows
from ..data_plane.fields import APPLICATIONS, PARTITIONS
from ..grpc_context import Context
from .listing import list_messages
from .messages import partition_raw
from .service import Service


class Partitions(Service, PartitionsServicer):  # type: ignore[misc]
    """Tells which partitions there are."""

    async def GetPartition(
        self, request: messages.GetPartitionRequest, _: Context
    ) -> messages.GetPartitionResponse:
        """Return one partition."""
        row = partition_rows.get(self._plane, request.id)
        return messages.GetPartitionResponse(partition=partition_raw(row))

    async def ListPartitions(
        self, request: messages.ListPartitionsRequest, _: Context
    ) -> messages.ListPartitionsResponse:
        """Return a page of the partitions that match the filters."""
        return await list_messages(
            self._plane,
            request,
            PARTITIONS,
            partition_raw,
            messages.ListPartitionsResponse,
            "partitions",
        )


class Applications(Service, ApplicationsServicer):  # type: ignore[misc]
    """Lists applications. Nobody creates one: it is there as long as a task names it."""

    async def ListApplications(
        self, request: ListApplicationsRequest, _: Context
    ) -> ListApplicationsResponse:
        """Return each distinct name, version, namespace and service that occurs in tasks."""
        return await list_messages(
            self._plane,
            request,
            APPLICATIONS,
            lambda row: ApplicationRaw(**row),
            ListApplicationsResponse,
            "applications",
        )
