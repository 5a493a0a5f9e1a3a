"""Collecting what can be known about a result that does not come: the facts for a diagnosis.

To them belongs what ArmoniK complains about: the parts that do not feel well, as its health checks
tell. A worker that ends again and again, for example, is nothing that a task or a result tells.
"""

from __future__ import annotations

import contextlib
import datetime
import functools
import operator
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import grpc
from armonik.client import (
    ArmoniKHealthChecks,
    ArmoniKPartitions,
    ArmoniKResults,
    ArmoniKSessions,
    ArmoniKTasks,
)
from armonik.common import (
    Result,
    ResultStatus,
    ServiceHealthCheckStatus,
    SessionStatus,
    Task,
    TaskStatus,
)

from hello_helpers.connect.deadline import with_deadline
from hello_helpers.connect.origin import end_of
from hello_helpers.wait.diagnosis import Diagnosis, Facts, diagnose

CALL_SECONDS = 2.0

PAGE = 100
"""Results in one call; each is a term of its filter."""

REASON = "looking for the reason"
"""How records of the calls name whoever asks."""

GLANCE_SECONDS = 0.5
"""How long somebody who has pressed Ctrl-C is kept waiting."""

UNREACHABLE = (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED)

UNFINISHED = ("CREATING", "PENDING", "SUBMITTED", "DISPATCHED", "PROCESSING", "PROCESSED")


def never_sent(channel: grpc.Channel, owners: Mapping[str, str]) -> str:
    """Return a result that will not come, since its task has ended well without sending it.

    Args:
        channel: to the control plane.
        owners: the tasks that shall make them, by the ids of the results.

    Returns:
        The id of the result; "" if there is none, or nothing can be known.
    """
    channel = with_deadline(channel, CALL_SECONDS)
    for result_id, task_id in owners.items():
        with contextlib.suppress(grpc.RpcError):  # no such task, say
            if ArmoniKTasks(channel).get_task(task_id).status != TaskStatus.COMPLETED:
                continue
            # A task is COMPLETED after its results, so what is not there now never will be; unless
            # the task has handed it over to a subtask, which owns it then.
            result = ArmoniKResults(channel).get_result(result_id)
            if result.status == ResultStatus.CREATED and result.owner_task_id == task_id:
                return result_id
    return ""


def why(channel: grpc.Channel, session_id: str, result_id: str) -> Diagnosis:
    """Return why a result does not come, or did not. Takes some seconds."""
    return diagnose(collect(channel, session_id, result_id))


def collect(channel: grpc.Channel, session_id: str, result_id: str) -> Facts:
    """Ask for all facts about a result; what cannot be learned is left out. Takes some seconds."""
    channel = with_deadline(channel, CALL_SECONDS, CALL_SECONDS, by=REASON)
    try:
        session = _ask(lambda: ArmoniKSessions(channel).get_session(session_id))
        about_result = _about_result(channel, result_id)
        _, partitions = _ask(ArmoniKPartitions(channel).list_partitions) or (0, [])
        return Facts(
            session_status=SessionStatus(session.status).name if session else "",
            **about_result,
            partitions=tuple(sorted(partition.id for partition in partitions)),
            complaints=_ask(lambda: complaints(channel)) or (),
        )
    except grpc.RpcError as error:
        reason = f"{error.code().name}: {error.details()}"
        return Facts(ended=end_of(error), unreachable=reason)


def _about_result(channel: grpc.Channel, result_id: str) -> dict[str, Any]:
    result = _ask(lambda: ArmoniKResults(channel).get_result(result_id))
    if result is None:
        return {}
    status = ResultStatus(result.status).name
    task = _owner(channel, result.owner_task_id, patient=status == "ABORTED")
    known = {"result_name": result.name, "result_status": status}
    return {**known, **(_about_task(channel, task) if task else {})}


def _owner(channel: grpc.Channel, task_id: str, patient: bool) -> Task | None:
    """Return the task that owns the result.

    A result is ABORTED a moment before its task shows the error: then it is worth a second look.
    """
    for _ in range(10):
        task = _ask(lambda: ArmoniKTasks(channel).get_task(task_id)) if task_id else None
        if not patient or task is None or TaskStatus(task.status).name not in UNFINISHED:
            return task
        time.sleep(0.1)
    return task


def _about_task(channel: grpc.Channel, task: Task) -> dict[str, Any]:
    since = task.started_at
    now = datetime.datetime.now(datetime.timezone.utc)
    return {
        "task_status": TaskStatus(task.status).name,
        "task_error": (task.output.error or "").strip() if task.output else "",
        "running_seconds": max(0.0, (now - since).total_seconds()) if since else 0.0,
        "max_seconds": task.options.max_duration.total_seconds(),
        "missing_inputs": _missing_inputs(channel, task),
        "partition": task.options.partition_id,
    }


def _missing_inputs(channel: grpc.Channel, task: Task) -> tuple[str, ...]:
    ids = [task.payload_id, *task.data_dependencies][:PAGE]
    found = _ask(lambda: ArmoniKResults(channel).list_results(any_of(ids), page_size=PAGE)[1])
    return tuple(
        f"{'payload' if result.result_id == task.payload_id else 'data dependency'} "
        f"{result.name!r} ({ResultStatus(result.status).name})"
        for result in found or []
        if result.status != ResultStatus.COMPLETED
    )


def _ask(question: Callable[[], Any]) -> Any:
    """Return the answer; None if ArmoniK has none. Raise only if it cannot be reached."""
    try:
        return question()
    except grpc.RpcError as error:
        if error.code() in UNREACHABLE or end_of(error):
            raise
        return None


def complaints(channel: grpc.Channel) -> tuple[str, ...]:
    """Return a text for each part of ArmoniK that does not feel well."""
    return tuple(
        f"{name}: {report['message'] or ServiceHealthCheckStatus(report['status']).name}"
        for name, report in ArmoniKHealthChecks(channel).check_health().items()
        if report["status"] != ServiceHealthCheckStatus.HEALTHY
    )


def complaints_at_once(channel: grpc.Channel) -> str:
    """Return the complaints in a sentence; "" if there are none, or no answer comes at once.

    They are asked for in a thread: another Ctrl-C must not hit gRPC in the middle of its work.
    """
    found: list[str] = []

    def ask() -> None:
        with contextlib.suppress(grpc.RpcError, ValueError):  # ValueError: the channel is closed
            found.extend(complaints(with_deadline(channel, GLANCE_SECONDS)))

    asking = threading.Thread(target=ask, name="look for complaints", daemon=True)
    asking.start()
    asking.join(GLANCE_SECONDS)
    return f"ArmoniK complains: {'; '.join(map(brief, found))}." if found else ""


def brief(complaint: str) -> str:
    """Return a complaint in one line: of the last lines of a log, only the very last."""
    first, _, log = complaint.strip().partition("; its last lines:\n")
    return f"{first}; its last line: {log.splitlines()[-1].strip()}" if log else first


def any_of(result_ids: Iterable[str]) -> Any:
    """Return a filter of results: the id is this one, or that one, or ..."""
    return functools.reduce(operator.or_, (Result.result_id == key for key in result_ids))
