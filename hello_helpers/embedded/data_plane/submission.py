"""Submission: from task creations to task rows, all or nothing.

Several steps, because a worker's submission is checked at once but inserted only when its own task
has succeeded: `plan` merges options and gives out ids, `check_options` checks them; `insert` checks
the data that the tasks need and writes the rows.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

from armonik.protogen.common.agent_common_pb2 import SubmitTasksRequest as WorkerRequest
from armonik.protogen.common.tasks_common_pb2 import SubmitTasksRequest as ClientRequest

from ..errors import FailedPrecondition, InvalidArgument, NotFound
from . import results, sessions, tasks
from .clock import now
from .database import Transaction
from .options import COLUMNS, TaskOptions
from .plane import DataPlane
from .states import ResultStatus, SessionStatus, TaskStatus


@dataclass(frozen=True)
class TaskCreation:
    """One task as it is asked for."""

    payload_id: str
    expected_output_ids: tuple[str, ...]
    data_dependencies: tuple[str, ...]
    options: TaskOptions | None = None

    @classmethod
    def from_message(
        cls, message: ClientRequest.TaskCreation | WorkerRequest.TaskCreation
    ) -> TaskCreation:
        """Read the message of a client or of a worker; both have the same fields."""
        return cls(
            payload_id=message.payload_id,
            expected_output_ids=tuple(message.expected_output_keys),
            data_dependencies=tuple(message.data_dependencies),
            options=TaskOptions.given_in(message),
        )


@dataclass(frozen=True)
class NewTask:
    """One task with its id and its merged options, ready to be inserted."""

    task_id: str
    creation: TaskCreation
    options: TaskOptions

    @property
    def needs(self) -> tuple[str, ...]:
        """The results that must be COMPLETED before the task can run."""
        return (self.creation.payload_id, *self.creation.data_dependencies)


@dataclass(frozen=True)
class Origin:
    """Who submits: a client, or a running task on whose outputs its subtasks may take over."""

    parent_task_ids: tuple[str, ...]
    created_by: str = ""
    outputs: frozenset[str] = frozenset()


def submit(
    plane: DataPlane,
    session_id: str,
    creations: Sequence[TaskCreation],
    options: TaskOptions | None,
) -> list[NewTask]:
    """Submit tasks on behalf of a client, in one transaction.

    Raises:
        NotFound: the session, a payload, a dependency or an expected output does not exist.
        FailedPrecondition: the session takes no tasks, or needed data is ABORTED or DELETED.
        InvalidArgument: partition, priority or dependencies are wrong.
    """
    with plane.transaction() as tx:
        session = sessions.get(plane, session_id)
        if not session["client_submission"]:
            status = SessionStatus(session["status"]).name
            raise FailedPrecondition(
                "Submission for the session is closed: Client submission is closed"
                f" (session {session_id} is {status})"
            )
        new = plan(session, creations, options)
        insert(plane, tx, session, new, Origin(parent_task_ids=(session_id,)))
        check_options(plane, session, new)  # after what `insert` refuses, as ArmoniK does
        return new


def plan(
    session: sqlite3.Row,
    creations: Sequence[TaskCreation],
    options: TaskOptions | None,
) -> list[NewTask]:
    """Merge the options of tasks to be created, and give out their ids."""
    base = TaskOptions.from_row(session)
    merged = options.over(base) if options else base
    return [
        NewTask(
            results.new_id(),
            creation,
            creation.options.over(merged) if creation.options else merged,
        )
        for creation in creations
    ]


def check_options(plane: DataPlane, session: sqlite3.Row, new: Sequence[NewTask]) -> None:
    """Check that tasks go to partitions of their session, with priorities that queues take.

    Raises:
        InvalidArgument: a partition outside the session's list, or a priority too large.
    """
    allowed = set(json.loads(session["partition_ids"]))
    for task in new:
        if task.options.partition_id not in allowed:
            raise InvalidArgument(
                f"Partition {task.options.partition_id!r} is not one of this session's partitions"
                f" ({', '.join(sorted(allowed))}); name it when creating the session"
            )
        if task.options.priority > plane.rules.max_priority:
            raise InvalidArgument(
                f"Max priority is {plane.rules.max_priority}, not {task.options.priority}"
            )


def insert(
    plane: DataPlane,
    tx: Transaction,
    session: sqlite3.Row,
    new: Sequence[NewTask],
    origin: Origin,
) -> None:
    """Write the rows of new tasks, take over their outputs, and queue those that can run.

    Raises:
        NotFound, FailedPrecondition, InvalidArgument: see `submit`; nothing is written then.
    """
    known = _look_up(tx, new)
    unready = [_missing(task, known) for task in new]
    created = now()
    paused = session["status"] == SessionStatus.PAUSED
    ready = TaskStatus.PAUSED if paused else TaskStatus.SUBMITTED
    tx.executemany(
        "INSERT INTO task (task_id, session_id, status, initial_task_id, created_by, payload_id,"
        " parent_task_ids, data_dependencies, expected_output_ids,"
        f" {', '.join(COLUMNS)}, created_at, submitted_at)"
        f" VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, {', '.join('?' for _ in COLUMNS)}, ?, ?)",
        [
            (
                task.task_id,
                session["session_id"],
                int(TaskStatus.PENDING if missing else ready),
                task.task_id,
                origin.created_by,
                task.creation.payload_id,
                json.dumps(origin.parent_task_ids),
                json.dumps(task.creation.data_dependencies),
                json.dumps(task.creation.expected_output_ids),
                *task.options.columns(),
                created,
                None if missing else created,
            )
            for task, missing in zip(new, unready, strict=True)
        ],
    )
    tx.executemany(
        "INSERT INTO waiting (result_id, task_id) VALUES (?, ?)",
        [
            (result_id, task.task_id)
            for task, missing in zip(new, unready, strict=True)
            for result_id in missing
        ],
    )
    _own_outputs(plane, tx, session["session_id"], new, origin, known)
    for task, missing in zip(new, unready, strict=True):
        steps = [TaskStatus.PENDING, *([] if missing else [ready])]
        tasks.announce_new(plane, tx, session["session_id"], task.task_id, steps)
        if not missing and not paused:
            options = task.options
            plane.enqueue(
                tx, session["session_id"], task.task_id, options.partition_id, options.priority
            )


def _look_up(tx: Transaction, new: Sequence[NewTask]) -> dict[str, sqlite3.Row]:
    """Return the rows of all results that the new tasks name."""
    ids = {id_ for task in new for id_ in (*task.needs, *task.creation.expected_output_ids)}
    known = {row["result_id"]: row for row in results.select(tx, ids)}
    if unknown := sorted(ids - known.keys()):
        raise NotFound(f"Result was not found: {', '.join(map(repr, unknown[:10]))}")
    return known


def _missing(task: NewTask, known: dict[str, sqlite3.Row]) -> list[str]:
    """Return the results that a task must wait for.

    Raises:
        FailedPrecondition: one of them will never be COMPLETED.
        InvalidArgument: one is named twice.
    """
    if len(set(task.needs)) < len(task.needs):
        raise InvalidArgument(
            "A result is named twice among a task's payload and data dependencies"
        )
    gone = [
        f"{id_} is {ResultStatus(known[id_]['status']).name}"
        for id_ in task.needs
        if known[id_]["status"] in (ResultStatus.ABORTED, ResultStatus.DELETED)
    ]
    if gone:
        raise FailedPrecondition(f"Result status is invalid: {', '.join(gone)}")
    return [id_ for id_ in task.needs if known[id_]["status"] != ResultStatus.COMPLETED]


def _own_outputs(
    plane: DataPlane,
    tx: Transaction,
    session_id: str,
    new: Sequence[NewTask],
    origin: Origin,
    known: dict[str, sqlite3.Row],
) -> None:
    """Make the tasks the owners of their outputs: unowned ones, or the submitting task's own."""
    owners = {
        id_: task.task_id
        for task in new
        for id_ in task.creation.expected_output_ids
        if not known[id_]["owner_task_id"]
        or (id_ in origin.outputs and known[id_]["owner_task_id"] == origin.created_by)
    }
    results.own(plane, tx, session_id, owners)
