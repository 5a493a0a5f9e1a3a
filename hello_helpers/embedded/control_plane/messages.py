"""From rows of the tables to the messages of ArmoniK's API."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from armonik.protogen.common.partitions_common_pb2 import PartitionRaw
from armonik.protogen.common.results_common_pb2 import ResultRaw
from armonik.protogen.common.sessions_common_pb2 import SessionRaw
from armonik.protogen.common.tasks_common_pb2 import TaskDetailed, TaskSummary

from ..data_plane.clock import to_duration, to_timestamp
from ..data_plane.options import message_of
from ..data_plane.states import TaskStatus

Ailments = Mapping[str, str]
"""What is wrong with a partition's pods, by partition id: why a task that could run still waits."""

NO_AILMENTS: Ailments = MappingProxyType({})


def session_raw(row: sqlite3.Row) -> SessionRaw:
    """Return a session as the API shows it."""
    return SessionRaw(
        session_id=row["session_id"],
        status=row["status"],
        client_submission=bool(row["client_submission"]),
        worker_submission=bool(row["worker_submission"]),
        partition_ids=json.loads(row["partition_ids"]),
        options=message_of(row),
        created_at=to_timestamp(row["created_at"]),
        cancelled_at=to_timestamp(row["cancelled_at"]),
        closed_at=to_timestamp(row["closed_at"]),
        purged_at=to_timestamp(row["purged_at"]),
        deleted_at=to_timestamp(row["deleted_at"]),
        duration=to_duration(row["duration"]),
    )


_TASK_STRINGS = (
    "session_id",
    "owner_pod_id",
    "initial_task_id",
    "pod_hostname",
    "payload_id",
    "created_by",
)
_TASK_INSTANTS = (
    "created_at",
    "submitted_at",
    "received_at",
    "acquired_at",
    "fetched_at",
    "started_at",
    "processed_at",
    "ended_at",
    "pod_ttl",
)
_TASK_DURATIONS = (
    "creation_to_end_duration",
    "processing_to_end_duration",
    "received_to_end_duration",
)


def _task_fields(row: sqlite3.Row, ailments: Ailments) -> dict[str, Any]:
    """Return what a task's summary and its details have in common."""
    queued = row["status"] == TaskStatus.SUBMITTED
    return {
        "id": row["task_id"],
        "status": row["status"],
        "status_message": ailments.get(row["partition_id"], "") if queued else "",
        "options": message_of(row),
        **{name: row[name] for name in _TASK_STRINGS},
        **{name: to_timestamp(row[name]) for name in _TASK_INSTANTS},
        **{name: to_duration(row[name]) for name in _TASK_DURATIONS},
    }


def task_detailed(row: sqlite3.Row, ailments: Ailments = NO_AILMENTS) -> TaskDetailed:
    """Return a task with all its ids."""
    return TaskDetailed(
        **_task_fields(row, ailments),
        parent_task_ids=json.loads(row["parent_task_ids"]),
        data_dependencies=json.loads(row["data_dependencies"]),
        expected_output_ids=json.loads(row["expected_output_ids"]),
        retry_of_ids=json.loads(row["retry_of_ids"]),
        output=TaskDetailed.Output(success=bool(row["success"]), error=row["error"]),
    )


def task_summary(row: sqlite3.Row, ailments: Ailments = NO_AILMENTS) -> TaskSummary:
    """Return a task with counts instead of ids."""
    return TaskSummary(
        **_task_fields(row, ailments),
        count_parent_task_ids=len(json.loads(row["parent_task_ids"])),
        count_data_dependencies=len(json.loads(row["data_dependencies"])),
        count_expected_output_ids=len(json.loads(row["expected_output_ids"])),
        count_retry_of_ids=len(json.loads(row["retry_of_ids"])),
        error=row["error"],
    )


def result_raw(row: sqlite3.Row) -> ResultRaw:
    """Return a result as the API shows it."""
    return ResultRaw(
        session_id=row["session_id"],
        name=row["name"],
        owner_task_id=row["owner_task_id"],
        status=row["status"],
        created_at=to_timestamp(row["created_at"]),
        completed_at=to_timestamp(row["completed_at"]),
        result_id=row["result_id"],
        size=row["size"],
        created_by=row["created_by"],
        opaque_id=row["opaque_id"],
        manual_deletion=bool(row["manual_deletion"]),
    )


def partition_raw(row: sqlite3.Row) -> PartitionRaw:
    """Return a partition as the API shows it."""
    return PartitionRaw(
        id=row["partition_id"],
        parent_partition_ids=json.loads(row["parent_partition_ids"]),
        pod_reserved=row["pod_reserved"],
        pod_max=row["pod_max"],
        pod_configuration=json.loads(row["pod_configuration"]),
        preemption_percentage=row["preemption_percentage"],
        priority=row["priority"],
    )
