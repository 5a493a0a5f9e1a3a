"""Tasks that come as a stream, payloads included: so clients and workers before 3.21 create them.

    init_request  { header  data …  data_complete } …  last_task

``Submitter.CreateLargeTasks`` and ``Agent.CreateTask`` both take this stream; the messages differ
only in what else they carry. A payload goes to the object storage piece by piece, so its size
costs no memory.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

from ..errors import InvalidArgument
from . import results
from .object_writer import ObjectWriter
from .objects import ObjectStorage
from .options import TaskOptions
from .results import NewResult
from .submission import TaskCreation

_BEGIN = "beginning of the stream"
_FOLLOWERS: dict[str, tuple[str, ...]] = {
    _BEGIN: ("init_request",),
    "init_request": ("header", "last_task"),
    "header": ("data", "data_complete"),
    "data": ("data", "data_complete"),
    "data_complete": ("header", "last_task"),
    "last_task": (),
}
"""Which messages may follow which. Clients that create no task stop after ``init_request``."""


@dataclass(frozen=True)
class PayloadTask:
    """A task to be created, whose payload lies in the object storage but is no result yet."""

    expected_output_ids: tuple[str, ...]
    data_dependencies: tuple[str, ...]
    opaque_id: bytes
    size: int


def with_payloads(
    tasks: Sequence[PayloadTask], *, owner_task_id: str = "", created_by: str = ""
) -> tuple[list[NewResult], list[TaskCreation]]:
    """Return the results that the payloads become, and the tasks that name them, in order.

    Such a result has no name, as in ArmoniK.

    Args:
        owner_task_id: of the payloads: the session's id for a client, "" for a worker.
        created_by: the task that creates them; "" for a client.
    """
    payloads = [
        NewResult(
            results.new_id(),
            "",
            owner_task_id=owner_task_id,
            created_by=created_by,
            opaque_id=task.opaque_id,
            size=task.size,
        )
        for task in tasks
    ]
    creations = [
        TaskCreation(payload.result_id, task.expected_output_ids, task.data_dependencies)
        for payload, task in zip(payloads, tasks, strict=True)
    ]
    return payloads, creations


class TaskStream:
    """Takes the messages of one stream. If the block fails or ends early, no payload stays.

    Attributes:
        options: what ``init_request`` says of the tasks' options; None if it says nothing.
    """

    def __init__(self, objects: ObjectStorage) -> None:
        self.options: TaskOptions | None = None
        self._objects = objects
        self._last = _BEGIN
        self._header: Any = None
        self._payload = ExitStack()  # holds the writer of the payload that is coming in
        self._writer: ObjectWriter  # there is one from the first header on
        self._tasks: list[PayloadTask] = []
        self._finished = False

    def __enter__(self) -> TaskStream:
        return self

    def add(self, message: Any) -> None:
        """Take the next message: a ``CreateLargeTaskRequest`` or an agent's ``CreateTaskRequest``.

        Raises:
            InvalidArgument: it may not come here.
            StorageError: the payload cannot be stored.
        """
        kind = _kind_of(message)
        if kind not in _FOLLOWERS[self._last]:
            expected = " or ".join(_FOLLOWERS[self._last]) or "the end of the stream"
            raise InvalidArgument(
                f"Task stream: after {self._last} comes {expected}, not {kind or 'nothing'}"
            )
        self._last = kind
        if kind == "init_request":
            self.options = TaskOptions.given_in(message.init_request)
        elif kind == "header":
            self._begin(message.init_task.header)
        elif kind == "data":
            self._writer.write(message.task_payload.data)
        elif kind == "data_complete":
            self._complete()

    def _begin(self, header: Any) -> None:
        if not header.expected_output_keys:
            raise InvalidArgument("A task must have at least one expected output")
        self._header = header
        self._writer = self._payload.enter_context(self._objects.writer())

    def _complete(self) -> None:
        task = PayloadTask(
            expected_output_ids=tuple(self._header.expected_output_keys),
            data_dependencies=tuple(self._header.data_dependencies),
            opaque_id=self._writer.finish(),
            size=self._writer.size,
        )
        self._tasks.append(task)
        self._payload.close()

    def finish(self) -> list[PayloadTask]:
        """Return the tasks, in order, once the stream has ended.

        Raises:
            InvalidArgument: it ended too early.
        """
        if self._last not in ("init_request", "last_task"):
            expected = " or ".join(_FOLLOWERS[self._last])
            raise InvalidArgument(f"Task stream: it ended after {self._last}, before {expected}")
        self._finished = True
        return self._tasks

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._payload.close()  # an unfinished payload is erased by its writer
        if kind is not None or not self._finished:
            self._objects.remove(task.opaque_id for task in self._tasks)


def _kind_of(message: Any) -> str:
    """Return what a message is, one level down where there is one; "" if it is nothing."""
    kind: str = message.WhichOneof("type") or ""
    if kind in ("init_task", "task_payload"):
        kind = getattr(message, kind).WhichOneof("type") or ""
    return kind
