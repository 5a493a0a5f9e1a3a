"""What an ArmoniK tells of itself: versions, who calls, its health, partitions, applications."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from functools import cache
from importlib import metadata

from armonik.protogen.client.applications_service_pb2_grpc import ApplicationsServicer
from armonik.protogen.client.auth_service_pb2_grpc import AuthenticationServicer
from armonik.protogen.client.health_checks_service_pb2_grpc import HealthChecksServiceServicer
from armonik.protogen.client.partitions_service_pb2_grpc import PartitionsServicer
from armonik.protogen.client.versions_service_pb2_grpc import VersionsServicer
from armonik.protogen.common import auth_common_pb2 as auth
from armonik.protogen.common import health_checks_common_pb2 as health
from armonik.protogen.common import partitions_common_pb2 as partitions
from armonik.protogen.common import versions_common_pb2 as versions
from armonik.protogen.common.applications_common_pb2 import (
    ApplicationRaw,
    ListApplicationsRequest,
    ListApplicationsResponse,
)

from ..data_plane import partitions as partition_rows
from ..data_plane.fields import APPLICATIONS, PARTITIONS
from ..errors import StorageError
from ..interceptor import Context
from .callers import caller_of
from .listing import list_messages
from .messages import partition_raw
from .service import Service


class Versions(VersionsServicer):  # type: ignore[misc]
    """Tells the versions of ArmoniK's core and of its API."""

    async def ListVersions(
        self, _request: versions.ListVersionsRequest, _: Context
    ) -> versions.ListVersionsResponse:
        """Name this package as the core: three numbers, and a build of 40 hex digits."""
        return _versions()


@cache  # it reads files
def _versions() -> versions.ListVersionsResponse:
    name = "hello-armonik"
    version = metadata.version(name)
    return versions.ListVersionsResponse(
        core=core_version(name, version), api=metadata.version("armonik")
    )


def core_version(name: str, version: str) -> str:
    """Write a version of this package as ArmoniK writes its own: ``1.2.3+<40 hex digits>``.

    There, the digits are the commit that it was built from. An installed package does not know its
    own, so they are a hash of its name and its version; that of ``1.2.3rc1`` is another one.
    """
    numbers = [*re.split(r"\.?[^\d.]", version)[0].split("."), "0", "0"][:3]
    build = hashlib.sha1(f"{name} {version}".encode(), usedforsecurity=False).hexdigest()
    return f"{'.'.join(numbers)}+{build}"


ANONYMOUS = "Anonymous"
"""Who everybody is as long as nobody shows a certificate."""


class Authentication(AuthenticationServicer):  # type: ignore[misc]
    """Tells callers who they are. All have all permissions; see callers.py for what holds."""

    def __init__(self, permissions: Sequence[str]) -> None:
        """Take the permissions: ``Service:Method`` for every method that is served."""
        others = sorted([*permissions, "General:Impersonate"])
        self._permissions = sorted(others, key=lambda name: not name.startswith("Submitter:"))

    async def GetCurrentUser(
        self, _request: auth.GetCurrentUserRequest, context: Context
    ) -> auth.GetCurrentUserResponse:
        """Name the caller: the common name of their client certificate, if they showed one."""
        user = auth.User(username=caller_of(context) or ANONYMOUS, permissions=self._permissions)
        return auth.GetCurrentUserResponse(user=user)


class HealthChecks(Service, HealthChecksServiceServicer):  # type: ignore[misc]
    """Tells whether tables, objects and queues work."""

    async def CheckHealth(
        self, _request: health.CheckHealthRequest, _: Context
    ) -> health.CheckHealthResponse:
        """Try the tables and the object storage; report partitions whose workers do not start."""
        database = object_storage = ""
        try:
            with self._plane.transaction() as tx:
                tx.execute("SELECT 1")
        except StorageError as error:
            database = str(error)
        try:
            self._plane.objects.remove([self._plane.objects.put(b"health check")])
        except StorageError as error:
            object_storage = str(error)
        queue = "\n".join(self._plane.health.complaints())
        return health.CheckHealthResponse(
            services=[
                _health("database", database),
                _health("object", object_storage),
                _health("queue", queue, health.HEALTH_STATUS_ENUM_DEGRADED),
            ]
        )


def _health(
    name: str,
    ailment: str,
    ill: health.HealthStatusEnum.ValueType = health.HEALTH_STATUS_ENUM_UNHEALTHY,
) -> health.CheckHealthResponse.ServiceHealth:
    healthy = health.HEALTH_STATUS_ENUM_HEALTHY
    return health.CheckHealthResponse.ServiceHealth(
        name=name, message=ailment, healthy=ill if ailment else healthy
    )


class Partitions(Service, PartitionsServicer):  # type: ignore[misc]
    """Tells which partitions there are."""

    async def GetPartition(
        self, request: partitions.GetPartitionRequest, _: Context
    ) -> partitions.GetPartitionResponse:
        """Return one partition."""
        row = partition_rows.get(self._plane, request.id)
        return partitions.GetPartitionResponse(partition=partition_raw(row))

    async def ListPartitions(
        self, request: partitions.ListPartitionsRequest, _: Context
    ) -> partitions.ListPartitionsResponse:
        """Return a page of the partitions that match the filters."""
        return await list_messages(
            self._plane,
            request,
            PARTITIONS,
            partition_raw,
            partitions.ListPartitionsResponse,
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
