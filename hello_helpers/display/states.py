"""The states that a task goes through, as ArmoniK's events tell them while it runs."""

from __future__ import annotations

import html
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import grpc
from armonik.common import EventTypes, ResultStatus, Task, TaskStatus
from armonik.protogen.client.events_service_pb2_grpc import EventsStub
from armonik.protogen.common.events_common_pb2 import EventSubscriptionRequest

from hello_helpers.connect.grpc_errors import explain, explained
from hello_helpers.display.tables import Table
from hello_helpers.errors import WaitTimeoutError
from hello_helpers.wait.evidence import why

OVER = ("COMPLETED", "ERROR", "TIMEOUT", "CANCELLED", "RETRIED")

MEANING = {
    "CREATING": "the control plane writes the task down",
    "PENDING": "it waits for its data",
    "SUBMITTED": "it is in the queue of its partition",
    "PAUSED": "its session is paused",
    "DISPATCHED": "an agent has taken it from the queue",
    "PROCESSING": "the worker runs",
    "COMPLETED": "it is over",
    "ERROR": "it has failed",
    "TIMEOUT": "it ran longer than its max_duration",
    "RETRIED": "this attempt failed; a copy of the task is tried",
    "CANCELLING": "somebody has cancelled it",
    "CANCELLED": "it was cancelled",
}

NO_TIMES = (
    "The lines stand in the order in which this notebook heard of them. Events carry no time; "
    "lesson 05 shows the times that ArmoniK has written down."
)

READY_SECONDS = 1.0
"""How long to wait for the first event, which proves that ArmoniK tells us everything from now on.

It sends what exists already first. In an empty session there is nothing that it could send.
"""

LISTEN_SECONDS = 600.0
"""How long a watch listens that nobody ends."""


@dataclass(frozen=True)
class Step:
    """Something that an event told: the state of a task or of a result."""

    thing: str
    key: str
    state: str


@dataclass(frozen=True)
class History:
    """What the events told about one task and its outputs, in the order of their arrival."""

    steps: tuple[Step, ...]

    @property
    def states(self) -> list[str]:
        """The states of the task."""
        return [step.state for step in self.steps if step.thing == "task"]

    def _repr_html_(self) -> str:
        lines = "".join(f"<p>{html.escape(line)}</p>" for line in (self._sentence(), NO_TIMES))
        return self._table()._repr_html_() + lines

    def __repr__(self) -> str:
        return f"{self._table()!r}\n{self._sentence()}\n{NO_TIMES}"

    def _table(self) -> Table:
        rows = [
            (
                step.thing,
                step.state,
                MEANING.get(step.state, "") if step.thing == "task" else "its data is stored",
            )
            for step in self.steps
        ]
        return Table("What the events told", ("what", "state", "meaning"), rows)

    def _sentence(self) -> str:
        return "The task: " + " \N{RIGHTWARDS ARROW} ".join(self.states)


class Watch:
    """Listens to the events of a session, in a thread, until `until_over` or `close`.

    Args:
        channel: to the control plane.
        session_id: all its tasks and results are watched.
        on_step: called with each step as it comes, in the listening thread.
    """

    def __init__(
        self,
        channel: grpc.Channel,
        session_id: str,
        on_step: Callable[[Step], None] | None = None,
    ) -> None:
        self._channel = channel
        self._session_id = session_id
        self._on_step = on_step
        self._steps: list[Step] = []
        self._error: grpc.RpcError | None = None
        self._news = threading.Condition()
        self._ended = False
        request = EventSubscriptionRequest(
            session_id=session_id,
            returned_events=[
                EventTypes.NEW_TASK,
                EventTypes.TASK_STATUS_UPDATE,
                EventTypes.NEW_RESULT,
                EventTypes.RESULT_STATUS_UPDATE,
            ],
        )
        self.call = EventsStub(channel).GetEvents(request, timeout=LISTEN_SECONDS)
        threading.Thread(target=self._listen, name="watch", daemon=True).start()
        with self._news:
            self._news.wait_for(lambda: self._steps or self._ended, READY_SECONDS)
            self._raise()

    def until_over(self, task: Task, timeout: float = 60.0) -> History:
        """Wait until the task is over; return its history, and stop listening.

        Args:
            task: one that `ArmoniKTasks.submit_tasks` has returned.
            timeout: seconds.

        Raises:
            WaitTimeoutError: it is not over in time; it says what is probably the reason.
        """
        try:
            with self._news:
                over = self._news.wait_for(
                    lambda: self._ended or self._state_of(task.id) in OVER, timeout
                )
                if self._state_of(task.id) not in OVER:
                    self._raise()
        finally:
            self.close()
        if not over or self._state_of(task.id) not in OVER:
            found = why(self._channel, self._session_id, task.expected_output_ids[0])
            raise WaitTimeoutError(
                f"The task is not over after {timeout:g} seconds. {found.cause}", found.remedy
            )
        return self._history(task)

    def close(self) -> None:
        """Stop listening."""
        self.call.cancel()

    def _listen(self) -> None:
        try:
            for message in self.call:
                self._note(message)
        except grpc.RpcError as error:
            if error.code() not in (
                grpc.StatusCode.CANCELLED,
                grpc.StatusCode.DEADLINE_EXCEEDED,
            ):
                self._error = error
        finally:
            with self._news:
                self._ended = True
                self._news.notify_all()

    def _note(self, message: Any) -> None:
        kind = message.WhichOneof("update")
        if kind in ("new_task", "task_status_update"):
            event = getattr(message, kind)
            self._add("task", event.task_id, TaskStatus(event.status).name)
        elif kind in ("new_result", "result_status_update"):
            event = getattr(message, kind)
            self._add("result", event.result_id, ResultStatus(event.status).name)

    def _add(self, thing: str, key: str, state: str) -> None:
        # The first look and the stream may tell the same twice.
        if any((step.key, step.state) == (key, state) for step in self._steps):
            return
        step = Step(thing, key, state)
        with self._news:
            self._steps.append(step)
            self._news.notify_all()
        if self._on_step is not None:
            self._on_step(step)

    def _state_of(self, key: str) -> str:
        return next((step.state for step in reversed(self._steps) if step.key == key), "")

    def _history(self, task: Task) -> History:
        outputs = set(task.expected_output_ids)
        return History(
            tuple(
                step
                for step in self._steps
                if step.key == task.id or (step.key in outputs and step.state == "COMPLETED")
            )
        )

    def _raise(self) -> None:
        if self._error is not None:
            raise explain(self._error, self._channel) from self._error


def watch_session(
    channel: grpc.Channel, session_id: str, on_step: Callable[[Step], None] | None = None
) -> Watch:
    """Listen to what happens in a session from now on, tasks and results.

    Raises:
        HelloError: if ArmoniK does not let us listen, or does not answer.
    """
    with explained(channel):
        return Watch(channel, session_id, on_step)
