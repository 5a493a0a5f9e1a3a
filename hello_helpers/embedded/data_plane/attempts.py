"""One attempt at a task, as the tables see it: acquired, started, and one of five ends.

A pod calls these in order. An attempt belongs to the pod that the task's row names: each change
compares that, in its own transaction, with the row that `acquire` returned. Each tells, by False or
None, that the task is not the pod's any more (cancelled, paused, deleted, taken by another pod),
and then has changed nothing.
"""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass, field
from typing import Any

from . import cancellation, dependencies, results, sessions, submission, tasks
from .clock import now
from .database import Transaction
from .object_writer import Stored
from .options import COLUMNS
from .plane import DataPlane
from .results import NewResult
from .states import SessionStatus, TaskStatus, can_retry, retry_id
from .submission import NewTask, Origin

LONGEST_CAUSE = 2_000
"""Characters of a task's error that are written into each of the tasks that depend on it."""

_WANTED = f"{tasks.HANDLES}, pod_hostname, payload_id, data_dependencies"
"""The columns of a task that matter before a pod has it."""


@dataclass(frozen=True)
class PodIdentity:
    """What a task's row says of the pod that holds it."""

    pod_id: str
    hostname: str


@dataclass
class Work:
    """What a task did besides ending: visible to nobody until the task has succeeded.

    Attributes:
        created: results made by the task, with or without data.
        produced: data for results by id: opaque id and size in bytes.
        subtasks: tasks that it submitted.
    """

    created: list[NewResult] = field(default_factory=list)
    produced: dict[str, Stored] = field(default_factory=dict)
    subtasks: list[NewTask] = field(default_factory=list)

    def objects(self) -> list[bytes]:
        """Return the opaque ids of all data that the task wrote."""
        stored = [new.opaque_id for new in self.created if new.opaque_id]
        return stored + [object_.opaque_id for object_ in self.produced.values()]


def take(plane: DataPlane, task_id: str) -> tuple[sqlite3.Row, sqlite3.Row] | None:
    """Look at a task that came off the queue.

    Returns:
        What `acquire` wants of its row, and the row of its session. None if it is not to be run
        (now, or ever); then it is where it belongs.
    """
    with plane.transaction() as tx:
        task = tx.row(f"SELECT {_WANTED} FROM task WHERE task_id = ?", (task_id,))
        if task is None or task["status"] != TaskStatus.SUBMITTED:
            return None
        session = sessions.get(plane, task["session_id"])
        if session["status"] == SessionStatus.PAUSED:
            tasks.move(plane, tx, task, TaskStatus.PAUSED)
            return None
        if session["status"] != SessionStatus.RUNNING:
            status = SessionStatus(session["status"]).name
            why = f"Task {task_id} was cancelled: its session is {status}"
            cancellation.cancel(plane, tx, [task], why)
            return None
        return task, session


def acquire(plane: DataPlane, task: sqlite3.Row, pod: PodIdentity, *, started: bool) -> sqlite3.Row:
    """Note that a pod has a task that `take` has just returned; return its row, with its owner.

    Args:
        started: its data is there, and the worker is about to be called; else it is on the way.
    """
    instant = now()
    steps = [TaskStatus.DISPATCHED, *([TaskStatus.PROCESSING] if started else [])]
    columns: dict[str, Any] = {
        "owner_pod_id": pod.pod_id,
        "pod_hostname": pod.hostname,
        "received_at": instant,
        "acquired_at": instant,
        **(_started(instant) if started else {}),
    }
    with plane.transaction() as tx:
        tasks.move(plane, tx, task, *steps, **columns)
        return tasks.get(plane, task["task_id"])


def start(plane: DataPlane, task: sqlite3.Row) -> bool:
    """Note that the data is there and the worker is about to be called."""
    with plane.transaction() as tx:
        return tasks.move(plane, tx, task, TaskStatus.PROCESSING, **_started(now()))


def _started(instant: int) -> dict[str, Any]:
    return {"fetched_at": instant, "started_at": instant, "pod_ttl": instant}


def requeue(plane: DataPlane, task_id: str) -> None:
    """Put a task id back that was taken off the queue and not acquired."""
    task = plane.database.row("SELECT * FROM task WHERE task_id = ?", (task_id,))
    if task is not None:
        share = plane.shares.of(task["session_id"])
        plane.queues[task["partition_id"]].put(task_id, task["priority"], share)


def give_back(plane: DataPlane, task: sqlite3.Row) -> bool:
    """Put a task back in the queue; no retry is used up."""
    with plane.transaction() as tx:
        unstarted: dict[str, Any] = {"fetched_at": None, "started_at": None, "pod_ttl": None}
        moved = tasks.move(plane, tx, task, TaskStatus.SUBMITTED, **tasks.UNOWNED, **unstarted)
        if moved:
            plane.enqueue_all(tx, [task])
        return moved


def complete(plane: DataPlane, task: sqlite3.Row, work: Work, processed_at: int) -> bool:
    """Commit a success: created results, data, subtasks, released tasks, then the task itself.

    Raises:
        RequestError: something that the task did is impossible (a subtask without data, …);
            nothing is committed.
    """
    with plane.transaction() as tx:
        if not is_held(plane, task):
            return False
        if work.created:
            results.insert(plane, tx, task["session_id"], work.created)
        for result_id, (opaque_id, size) in work.produced.items():
            results.complete(plane, tx, results.get(plane, result_id), opaque_id, size)
        if work.subtasks:
            session = sessions.get(plane, task["session_id"])
            submission.insert(plane, tx, session, work.subtasks, _origin(task))
        return tasks.end(plane, tx, task, TaskStatus.COMPLETED, processed_at=processed_at)


def fail(
    plane: DataPlane, task: sqlite3.Row, to: TaskStatus, error: str, reason: str | None = None
) -> bool:
    """End a task in ERROR or TIMEOUT for good; abort its outputs and what depends on them."""
    with plane.transaction() as tx:
        if not tasks.end(plane, tx, task, to, error=error):
            return False
        what = "timed-out" if to is TaskStatus.TIMEOUT else "failed"
        told = error if len(error) <= LONGEST_CAUSE else f"{error[:LONGEST_CAUSE]}…"
        cause = reason or f"Task {task['task_id']} {what}:\n{told}"
        dependencies.abort_outputs(plane, tx, [task], cause)
        return True


def retry_or_fail(plane: DataPlane, task: sqlite3.Row, error: str) -> bool:
    """End an attempt that crashed: try again under a new id, or give up with ERROR."""
    retry_of = json.loads(task["retry_of_ids"])
    if not can_retry(len(retry_of), task["max_retries"]):
        return fail(plane, task, TaskStatus.ERROR, error)
    with plane.transaction() as tx:
        if not tasks.end(plane, tx, task, TaskStatus.RETRIED, error=error):
            return False
        _insert_retry(plane, tx, task, retry_of)
        return True


def finish_cancelled(plane: DataPlane, task: sqlite3.Row) -> None:
    """End a CANCELLING task now that its pod has let go of it."""
    with plane.transaction() as tx:
        tasks.end(plane, tx, task, TaskStatus.CANCELLED)


def is_held(plane: DataPlane, task: sqlite3.Row) -> bool:
    """Tell whether the pod that a row names still has its task, and may go on with it."""
    row = plane.database.row(
        "SELECT status FROM task WHERE task_id = ? AND pod_hostname = ?",
        (task["task_id"], task["pod_hostname"]),
    )
    return row is not None and row["status"] in (TaskStatus.DISPATCHED, TaskStatus.PROCESSING)


def _origin(task: sqlite3.Row) -> Origin:
    parents = (*json.loads(task["parent_task_ids"]), task["task_id"])
    outputs = frozenset(json.loads(task["expected_output_ids"]))
    return Origin(parent_task_ids=parents, created_by=task["task_id"], outputs=outputs)


def _insert_retry(
    plane: DataPlane, tx: Transaction, task: sqlite3.Row, retry_of: list[str]
) -> None:
    """Insert the next attempt: the same task under a new id.

    It becomes the owner of all outputs that the task was to give, whoever owned them before.
    """
    new_id = retry_id(task["initial_task_id"], len(retry_of))
    instant = now()
    copied = (
        "session_id, initial_task_id, payload_id, parent_task_ids, data_dependencies,"
        f" expected_output_ids, {', '.join(COLUMNS)}"
    )
    tx.execute(
        f"INSERT INTO task (task_id, status, created_by, retry_of_ids, created_at, submitted_at,"
        f" success, {copied}) SELECT ?, ?, ?, ?, ?, ?, 0, {copied} FROM task WHERE task_id = ?",
        (
            new_id,
            int(TaskStatus.SUBMITTED),
            task["task_id"],
            json.dumps([*retry_of, task["task_id"]]),
            instant,
            instant,
            task["task_id"],
        ),
    )
    session_id = task["session_id"]
    outputs = results.select(tx, json.loads(task["expected_output_ids"]))
    results.own(plane, tx, session_id, {row["result_id"]: new_id for row in outputs})
    steps = (TaskStatus.PENDING, TaskStatus.SUBMITTED)
    tasks.announce_new(plane, tx, session_id, new_id, steps)
    plane.enqueue(tx, session_id, new_id, task["partition_id"], task["priority"])
