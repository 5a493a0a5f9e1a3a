"""The task form: one task, and each state that it goes through, as it happens."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Callable
from functools import partial

import grpc
from armonik.client import ArmoniKSessions, ArmoniKTasks
from armonik.common import TaskDefinition

from hello_helpers import steps
from hello_helpers.connect.deadline import with_deadline
from hello_helpers.connect.endpoint import Endpoint
from hello_helpers.course.values import comma_note, parse_values, parse_whole
from hello_helpers.display.signs import State
from hello_helpers.display.states import WATCH, History, Watch, watch_session
from hello_helpers.errors import WaitTimeoutError
from hello_helpers.forms.base import Form
from hello_helpers.forms.code_twin import TASK, code_of
from hello_helpers.forms.field import Field, Input
from hello_helpers.forms.option_fields import PRIORITY_LABEL
from hello_helpers.messages import Payload
from hello_helpers.wait.events import News


class TaskForm(Form[History]):
    """Type numbers and a priority; a task is submitted, and its states are shown as they come.

    Its result is the history of the task. Cancel cancels the task.

    Attributes:
        values: numbers, separated by blanks or commas.
        priority: of this task; larger goes first.
        task_id: of the task that was submitted; "" before.
    """

    title = "A task to submit"
    deed = "Submit the task"
    doing = "Following the task"
    task_id = ""

    def __init__(self, endpoint: Endpoint, session_id: str) -> None:
        """Make the form; nothing is connected yet."""
        self._session_id = session_id
        super().__init__(endpoint)

    def _inputs(self) -> list[Input]:
        self._values = Field(
            "Numbers (blanks or commas between them)", parse_values, "1 2 3", note=comma_note
        )
        self._priority = Field(
            PRIORITY_LABEL,
            partial(parse_whole, name="priority", low=1, high=99),
            "1",
        )
        self.values, self.priority = self._values.input, self._priority.input
        return [self._values, self._priority]

    def _prepare(self) -> Callable[[], History]:
        payload, priority = Payload(self._values.read()), self._priority.read()
        self.task_id = ""
        return lambda: self._submit(payload, priority)

    def _submit(self, payload: Payload, priority: int) -> History:
        self._show_code(
            code_of(
                TASK,
                self._endpoint(),
                session_id=self._session_id,
                payload=payload,
                priority=priority,
            )
        )
        with self._channel() as channel:
            data = steps.create_payload(channel, self._session_id, payload)
            self._report("The payload is stored, the output is announced.")
            submitted = threading.Event()
            watch = watch_session(
                with_deadline(channel, by=WATCH),
                self._session_id,
                partial(self._tell, submitted),
            )
            self._cancellation.attach(watch)
            options = ArmoniKSessions(channel).get_session(self._session_id).options
            task = TaskDefinition(
                payload_id=data.payload_id,
                expected_output_ids=[data.result_id],
                options=dataclasses.replace(options, priority=priority),
            )
            (sent,) = ArmoniKTasks(channel).submit_tasks(self._session_id, [task])
            self.task_id = sent.id
            self._report(f"ArmoniK calls it task {sent.id}.")
            submitted.set()
            return self._follow(channel, watch, sent)

    def _follow(self, channel: grpc.Channel, watch: Watch, task: object) -> History:
        try:
            return watch.until_over(task)
        except WaitTimeoutError:
            if self._cancellation.requested:
                ArmoniKTasks(channel).cancel_tasks([self.task_id])
                self._report("ArmoniK was asked to cancel the task.")
            self._cancellation.check()
            raise

    def _tell(self, submitted: threading.Event, step: News) -> None:
        """Show a state of our task; events may come before the reply that says which one it is."""
        submitted.wait(5.0)
        if step.key == self.task_id:
            state = State(step.state)
            self._report(f"{state}: {state.look.word}.")

    def _rows(self) -> list[tuple[str, str]]:
        return [
            ("Numbers", self.values.value),
            ("priority", self.priority.value),
            ("Task", "submitted" if self.task_id else "none yet"),
        ]
