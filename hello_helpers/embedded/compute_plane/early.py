"""Starting the worker processes ahead of everything else, before gRPC is even imported."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ..config import PartitionSpec
from .guard import Guard
from .worker_process import WorkerProcess


def pod_names(partition: PartitionSpec) -> list[str]:
    """Return the names of a partition's pods; a task's row shows them as hostnames."""
    return [f"{partition.name}-{number}" for number in range(partition.pods)]


def start_worker(partition: PartitionSpec, name: str, folder: Path, guard: Guard) -> WorkerProcess:
    """Start the worker process of one pod.

    Raises:
        StartError: the command cannot be started at all.
    """
    return WorkerProcess(partition.command, folder / name, name, guard, tcp=partition.tcp)


def start_workers(
    partitions: Sequence[PartitionSpec], folder: Path, guard: Guard
) -> dict[str, WorkerProcess]:
    """Start all worker processes at once, ahead of everything else; by pod name.

    Raises:
        StartError: a command cannot be started at all.
    """
    return {
        name: start_worker(partition, name, folder, guard)
        for partition in partitions
        for name in pod_names(partition)
    }
