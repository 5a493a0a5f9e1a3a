"""The HealthChecks service."""

from __future__ import annotations

from armonik.protogen.client.health_checks_service_pb2_grpc import HealthChecksServiceServicer
from armonik.protogen.common import health_checks_common_pb2 as messages

from ..data_plane.plane import DataPlane
from ..errors import StorageError
from ..grpc_context import Context


class HealthChecks(HealthChecksServiceServicer):  # type: ignore[misc]
    """Tells whether tables, objects and queues work."""

    def __init__(self, plane: DataPlane) -> None:
        self._plane = plane

    async def CheckHealth(
        self, _request: messages.CheckHealthRequest, _: Context
    ) -> messages.CheckHealthResponse:
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
        return messages.CheckHealthResponse(
            services=[
                _health("database", database),
                _health("object", object_storage),
                _health("queue", queue, messages.HEALTH_STATUS_ENUM_DEGRADED),
            ]
        )


def _health(
    name: str,
    ailment: str,
    ill: messages.HealthStatusEnum.ValueType = messages.HEALTH_STATUS_ENUM_UNHEALTHY,
) -> messages.CheckHealthResponse.ServiceHealth:
    healthy = messages.HEALTH_STATUS_ENUM_HEALTHY
    return messages.CheckHealthResponse.ServiceHealth(
        name=name, message=ailment, healthy=ill if ailment else healthy
    )
