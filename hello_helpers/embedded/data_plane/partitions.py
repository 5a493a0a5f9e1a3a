"""Partition rows: which partitions there are. They are fixed when the embedded ArmoniK starts."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from ..errors import NotFound
from .plane import DataPlane
from .queues import PartitionQueue


def define(plane: DataPlane, partition_ids: Sequence[str], pods: Sequence[int]) -> None:
    """Write the partitions of the configuration, the first one is the default; make their queues.

    Args:
        pods: how many each of them has.
    """
    with plane.transaction() as tx:
        tx.execute("DELETE FROM partition")
        tx.executemany(
            "INSERT INTO partition (partition_id, pod_reserved, pod_max) VALUES (?, ?, ?)",
            [(name, count, count) for name, count in zip(partition_ids, pods, strict=True)],
        )
    for name, count in zip(partition_ids, pods, strict=True):
        most = max(count - 1, 1) if plane.rules.leave_one_pod else None
        plane.queues[name] = PartitionQueue(most)


def get(plane: DataPlane, partition_id: str) -> sqlite3.Row:
    """Return the row of a partition.

    Raises:
        NotFound: there is no such partition; the message names those that exist.
    """
    row = plane.database.row("SELECT * FROM partition WHERE partition_id = ?", (partition_id,))
    if row is None:
        names = ", ".join(names_of(plane)) or "none"
        raise NotFound(f"Partition was not found: {partition_id!r}. These exist: {names}.")
    return row


def names_of(plane: DataPlane) -> list[str]:
    """Return the ids of all partitions, the default one first."""
    rows = plane.database.rows("SELECT partition_id FROM partition ORDER BY rowid")
    return [row["partition_id"] for row in rows]


def default(plane: DataPlane) -> str:
    """Return the id of the default partition: "default" if there is one, else the first."""
    names = names_of(plane)
    return "default" if "default" in names or not names else names[0]
