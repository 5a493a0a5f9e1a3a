"""The Versions service."""

from __future__ import annotations

from functools import cache
from importlib import metadata

from armonik.protogen.client.versions_service_pb2_grpc import VersionsServicer
from armonik.protogen.common import versions_common_pb2 as messages

from ..grpc_context import Context


class Versions(VersionsServicer):  # type: ignore[misc]
    """Tells the versions of ArmoniK's core and of its API."""

    async def ListVersions(
        self, _request: messages.ListVersionsRequest, _: Context
    ) -> messages.ListVersionsResponse:
        """Name this package as the core, so that nobody takes it for a real cluster."""
        return _versions()


@cache  # it reads files
def _versions() -> messages.ListVersionsResponse:
    return messages.ListVersionsResponse(
        core=f"{metadata.version('hello-armonik')}-embedded", api=metadata.version("armonik")
    )
