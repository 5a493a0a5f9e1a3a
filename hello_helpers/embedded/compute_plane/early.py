"""Starting the worker processes ahead of everything else, before gRPC is even imported."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ..config import PartitionSpec
from .guard import Guard
from .worker_process import WorkerProcess


def pod_name(partition: PartitionSpec, number: int) -> str:
    """Return the name of a pod, which a task's row shows as its hostname."""
    return f"{partition.name}-{number}"


def start_workers(
    partitions: Sequence[PartitionSpec], folder: Path, guard: Guard
) -> dict[str, WorkerProcess]:
    """Start all worker processes at once, ahead of everything else; by pod name.

    Raises:
        StartError: a command cannot be started at all.
    """
    return {
        (name := pod_name(partition, number)): WorkerProcess(
            partition.command, folder / name, name, guard
        )
        for partition in partitions
        for number in range(partition.pods)
    }
