"""The values form: numbers in, their sum out, through all five steps."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from functools import partial
from time import time
from typing import Any

import grpc
import ipywidgets as widgets
from armonik.client import ArmoniKTasks
from armonik.common import Task, TaskOptions

from hello_helpers import steps
from hello_helpers.connect.deadline import with_deadline
from hello_helpers.connect.endpoint import Endpoint
from hello_helpers.course.sessions import closing_session
from hello_helpers.course.values import comma_note, parse_count, parse_values
from hello_helpers.display.moment import Moment
from hello_helpers.display.task_journey import Clicks, stops
from hello_helpers.errors import HelloError
from hello_helpers.forms import html
from hello_helpers.forms.base import Form
from hello_helpers.forms.code_twin import HELLO, code_of, without_address
from hello_helpers.forms.field import Field, Input, radio_buttons
from hello_helpers.messages import DEFAULT_SUBTASK_THRESHOLD, Payload

NUMBERS, FIRST_N = "numbers", "first n"

WAIT_SECONDS = 120.0

DRAW_SECONDS = 5.0
"""How long ArmoniK may take to tell which way the task has gone."""


class ValuesForm(Form[int | float]):
    """Type numbers, or n for the first n numbers; ArmoniK adds them.

    Its result is the sum. Each run has a session of its own, closed at the end. A picture shows the
    way that the task has taken.

    Attributes:
        source: "numbers" or "first n"; editing one of the next two chooses it.
        values: numbers, separated by blanks or commas.
        way: the way that the last task has taken, as a picture and a table that stand still.
        first_n: n, for the numbers 0, 1, ..., n-1.
        session_id: of the last run; "" before.
    """

    title = "Numbers for ArmoniK to add"
    deed = "Send the numbers"
    doing = "Adding the numbers"
    starts_anew = True

    def __init__(
        self,
        endpoint: Endpoint | str | None = None,
        partition: str | None = None,
        subtask_threshold: int = DEFAULT_SUBTASK_THRESHOLD,
    ) -> None:
        """Make the form; nothing is shown and nothing is connected yet.

        Args:
            endpoint: None for the one in the environment, else the embedded one.
            partition: None for the default one.
            subtask_threshold: above this many numbers, the work is split into subtasks.
        """
        self._partition = partition
        self._threshold = subtask_threshold
        self.way = Moment()
        self.picture = widgets.HTML()
        super().__init__(endpoint)
        self._clear()
        self._place_picture()

    def _place_picture(self) -> None:
        """Put the picture where it belongs: here before all else, and the buttons with it."""
        *fields, buttons, status, twin, calls = self.box.children
        buttons.layout.min_height = "5.5em"  # for a problem of three lines: no field may move
        self.box.children = (self.picture, buttons, *fields, status, twin, calls)

    def _inputs(self) -> list[Input]:
        sources = [("these numbers", NUMBERS), ("the first n numbers", FIRST_N)]
        self.source = radio_buttons("Add up", sources)
        self._values = Field(
            "Numbers (blanks or commas between them)",
            parse_values,
            "0 1 2 3 4 5 6 7 8 9",
            placeholder="for example 1, 2.5, -3e2",
            lines=2,
            note=comma_note,
        )
        self._first_n = Field("n (for 0, 1, ..., n-1)", parse_count, placeholder="for example 10")
        self.values, self.first_n = self._values.input, self._first_n.input
        for edited, source in ((self.values, NUMBERS), (self.first_n, FIRST_N)):
            edited.observe(partial(self._choose, source), "value")
        return [self.source, self._values, self._first_n]

    def _choose(self, source: str, _change: object) -> None:
        self.source.value = source

    def _prepare(self) -> Callable[[], int | float]:
        if self.source.value == NUMBERS:
            values = self._values.read()
            return lambda: self._hello(values, repr(values))
        count = self._first_n.read()
        return lambda: self._hello(list(range(count)), f"list(range({count}))")

    def _hello(self, values: list[int | float], expression: str) -> int | float:
        """Say hello; this runs in the form's thread."""
        endpoint, options = self._endpoint(), self._options()
        self._show_code(
            code_of(
                HELLO,
                endpoint,
                options.partition_id,
                options=options,
                seconds=options.max_duration.total_seconds(),
                values=expression,
                threshold=self._threshold,
            )
        )
        payload = Payload(values, self._threshold)
        with self._channel(endpoint) as channel:
            session_id = self.session_id = self._create_session(channel)
            self._report(f"Session {session_id} has been created.")
            with closing_session(channel, session_id, self._session_was_cancelled):
                self._cancellation.check()
                sending = time()
                data = steps.create_payload(channel, session_id, payload)
                stored = time()
                what = "1 number is" if len(values) == 1 else f"{len(values):,} numbers are"
                self._report(f"{what} stored as payload.")
                self._cancellation.check()
                submitting = time()
                task_id = steps.submit_task(channel, session_id, data)
                submitted = time()
                self._report("The task has been sent; waiting for its result ...")
                result = steps.wait_for_result(
                    channel,
                    session_id,
                    data.result_id,
                    WAIT_SECONDS,
                    lambda progress: self._report(progress.text),
                    self._cancellation,
                )
                clicks = Clicks(sending, stored, submitting, submitted, time())
        self._report(f"Result : {result.value} ({endpoint.describe()})")
        self._draw(endpoint, task_id, clicks, result.value)
        return result.value

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        """For static viewers, too, the Python that ran: it is a whole client."""
        bundle = super()._repr_mimebundle_()
        if self.code:
            bundle["text/html"] += html.stored_code(without_address(self.code))
        return bundle

    def _show_problem(self, error: HelloError) -> None:
        """Say it beside the button, which is in sight."""
        self.status.value = html.progress(self._lines)
        self.problems.value = html.problem(error)

    # What a larger form does in another way.

    def _clear(self) -> None:
        self.picture.value = Moment().picture().area()

    def _draw(self, endpoint: Endpoint, task_id: str, clicks: Clicks, value: int | float) -> None:
        """Show the way of the task. These calls are not those of the client: they are not shown."""
        unanswered = contextlib.suppress(grpc.RpcError, HelloError)  # the result is here already
        with unanswered, endpoint.open_channel() as channel:
            tasks = ArmoniKTasks(with_deadline(channel, DRAW_SECONDS))
            made, _ = tasks.list_tasks(Task.session_id == self.session_id, page_size=1)
            self.way = Moment(stops(tasks.get_task(task_id), clicks, str(value), made - 1))
            self.picture.value = self.way.moving()

    def _options(self) -> TaskOptions:
        """Return the default task options of the session."""
        return steps.default_task_options(self._partition)

    def _create_session(self, channel: grpc.Channel) -> str:
        return steps.create_session(channel, self._partition)

    def _rows(self) -> list[tuple[str, str]]:
        return [
            ("Numbers", self.values.value if self.source.value == NUMBERS else "the first n"),
            ("n", self.first_n.value if self.source.value == FIRST_N else ""),
            ("Result", "none yet" if self.result is None else str(self.result)),
        ]
