"""The metrics exporter: how many tasks there are, in Prometheus' format, for ``--metrics-port``.

The gauges are named as ArmoniK's exporter names them, so that its dashboards and autoscaling rules
fit: ``armonik_tasks_<status>`` for all tasks, ``armonik_<partition>_tasks_<status>`` for those of a
partition. Beside the statuses there is ``queued``: whatever a pod has to do, or is doing.

Tasks are counted when somebody asks, in the thread for long reads: about 0.03 s for 100,000 tasks,
and nothing while nobody asks.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections import Counter
from collections.abc import Iterable, Iterator

from prometheus_client import CollectorRegistry, start_http_server
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from .data_plane import partitions
from .data_plane.plane import DataPlane
from .data_plane.states import TaskStatus
from .errors import StartError

log = logging.getLogger(__name__)

ADDRESS = "127.0.0.1"
"""Metrics are for this machine only: they are neither encrypted nor asked for a certificate."""

COUNT_LIMIT = 10.0
"""Seconds that counting may take; Prometheus asks for no longer, by default."""

QUEUED = frozenset({TaskStatus.SUBMITTED, TaskStatus.DISPATCHED, TaskStatus.PROCESSING})

Count = tuple[str, int, int]
"""A partition id, a status, and how many such tasks there are; several may be about the same."""


class MetricsExporter(Collector):
    """Serves ``/metrics`` from threads of its own until it is closed.

    Attributes:
        url: where the metrics are.
    """

    def __init__(self, plane: DataPlane, port: int) -> None:
        """Start to listen; 0 takes a free port. Call it from the thread of the data plane.

        Raises:
            StartError: the port is taken.
        """
        self._plane = plane
        self._loop = asyncio.get_running_loop()
        registry = CollectorRegistry()
        registry.register(self)
        try:
            self._server, _ = start_http_server(port, ADDRESS, registry)
        except OSError as error:
            raise StartError(
                f"Cannot serve metrics on port {port}: {error.strerror}",
                "Choose another port, or let a free one be chosen (--metrics-port 0)",
            ) from error
        self.url = f"http://{ADDRESS}:{self._server.server_port}/metrics"

    async def stop(self) -> None:
        """Stop listening; takes up to half a second."""
        await asyncio.to_thread(self._server.shutdown)
        self._server.server_close()

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Yield the gauges (called in a thread of the HTTP server)."""
        counting = asyncio.run_coroutine_threadsafe(self._count(), self._loop)
        for name, value in sorted(gauges(counting.result(COUNT_LIMIT)).items()):
            yield GaugeMetricFamily(name, "Number of tasks", value=value)

    async def _count(self) -> list[Count]:
        """Count the tasks of all partitions; those without tasks are there, with zeros."""
        names = partitions.names_of(self._plane)
        zeros = [(name, int(status), 0) for name in names for status in TaskStatus]
        # The index on these columns holds all that is needed, in this order: no row is read.
        rows = await self._plane.database.read_rows(
            "SELECT partition_id, status, COUNT(*) FROM task"
            " GROUP BY session_id, status, partition_id"
        )
        return [*zeros, *map(tuple, rows)]


def gauges(counts: Iterable[Count]) -> dict[str, int]:
    """Return the gauges by name, for each partition and for all together."""
    found: Counter[str] = Counter()
    for partition_id, number, count in counts:
        status = TaskStatus(number)
        names = [status.name.lower(), *(["queued"] if status in QUEUED else [])]
        for name in names:
            found[f"armonik_tasks_{name}"] += count
            found[f"armonik_{_metric(partition_id)}_tasks_{name}"] += count
    return dict(found)


def _metric(partition_id: str) -> str:
    """Return a partition id as a part of a metric's name, where dashes and dots are not allowed."""
    return re.sub(r"\W", "_", partition_id, flags=re.ASCII)
