"""The form for many tasks: how many, how large, in which batches; and a board while they run."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from functools import partial

import grpc
from armonik.client import ArmoniKTasks
from armonik.common import Task, TaskStatus

from hello_helpers import batches as many
from hello_helpers import steps
from hello_helpers.connect.deadline import with_deadline
from hello_helpers.connect.endpoint import Endpoint
from hello_helpers.course.sessions import closing_session, hello_partition
from hello_helpers.course.values import parse_whole
from hello_helpers.display.board import BOARD, Board
from hello_helpers.errors import HelloError, InputError, WaitTimeoutError
from hello_helpers.forms.base import Form
from hello_helpers.forms.code_twin import MANY, code_of
from hello_helpers.forms.field import Field, Input
from hello_helpers.messages import DEFAULT_SUBTASK_THRESHOLD, Payload, Result
from hello_helpers.wait.waiting import Progress

MOST_NUMBERS = 1_000_000

WAIT_SECONDS = 600.0

COUNT_SECONDS = 3.0

TELL_SECONDS = 1.0
"""How often it is told how many payloads are stored."""

SHOW_SECONDS = 5.0
"""How long to wait at the end until the board has heard of the last task."""


class ManyForm(Form[int | float]):
    """Choose how many tasks add how many numbers each; all results are downloaded and added.

    Task n gets the next numbers of 0, 1, 2, ...; the result is the sum of all. Each run has a
    session of its own, closed at the end; Cancel cancels it, with its tasks.

    Attributes:
        tasks, values, batch: how many tasks, numbers in each, and things in one call.
        board: shows the tasks while they run.
        session_id: of the last run; "" before.
    """

    title = "Many tasks"
    deed = "Run the tasks"
    doing = "Running the tasks"
    starts_anew = True

    def __init__(self, endpoint: Endpoint) -> None:
        """Make the form; nothing is connected yet."""
        self.board = Board()
        super().__init__(endpoint)
        *inputs, status, twin, calls = self.box.children
        self.box.children = (*inputs, self.board.box, status, twin, calls)

    def _inputs(self) -> list[Input]:
        count = partial(parse_whole, name="The number of tasks", low=1, high=20_000)
        size = partial(parse_whole, name="The batch size", low=1, high=1_000)
        fields = (
            Field("Tasks (1 to 20,000)", count, "500"),
            Field(
                "Numbers that each task adds (1 to 10,000)", partial(_parse_values, tasks=1), "20"
            ),
            Field("Batch size: payloads or tasks in one call (1 to 1,000)", size, "100"),
        )
        self._tasks, self._values, self._batch = fields
        self.tasks, self.values, self.batch = (field.input for field in fields)
        return [*fields]

    def _prepare(self) -> Callable[[], int | float]:
        tasks = self._tasks.read()
        values = self._values.read(partial(_parse_values, tasks=tasks))
        return partial(self._run, tasks, values, self._batch.read())

    def _run(self, tasks: int, values: int, batch: int) -> int | float:
        partition = hello_partition()
        self._show_code(many_code(self._endpoint(), tasks, values, batch, partition))
        with self._channel() as channel:
            self.session_id = steps.create_session(channel, partition)
            self._report(f"Session {self.session_id} has been created.")
            self.board.follow(with_deadline(channel, by=BOARD), self.session_id, tasks)
            try:
                with closing_session(channel, self.session_id, self._session_was_cancelled):
                    total = self._in_phases(channel, tasks, values, batch)
                    self._let_the_board_end()
            except HelloError:
                self.board.expect(_submitted(channel, self.session_id))
                self._let_the_board_end()  # it shows what was cancelled
                raise
            finally:
                self.board.close()
        self._report(f"Result : {total} ({self._endpoint().describe()})")
        return total

    def _in_phases(self, channel: grpc.Channel, tasks: int, values: int, batch: int) -> int | float:
        """Do it, and tell how long each phase takes."""
        session, cancellation = self.session_id, self._cancellation
        self._lap_began = self._told = time.monotonic()
        threshold = max(values, DEFAULT_SUBTASK_THRESHOLD)  # no subtasks: a task is a task
        payloads = (
            Payload(list(range(n * values, (n + 1) * values)), threshold) for n in range(tasks)
        )
        data = many.create_payloads(
            channel, session, payloads, batch, cancellation, partial(self._tell_stored, tasks)
        )
        self._lap(f"{tasks:,} payloads are stored, {tasks:,} results are announced")
        many.submit_all(channel, session, data, batch, cancellation=cancellation)
        self._lap(f"{tasks:,} tasks have been submitted")
        ids = [each.result_id for each in data]
        many.wait_all(channel, session, ids, WAIT_SECONDS, self._tell, cancellation)
        self._lap("All results are there")
        contents = many.download_all(channel, session, ids, cancellation=cancellation)
        self._lap(f"{tasks:,} results have been downloaded")
        return sum(Result.deserialize(content).value for content in contents)

    def _lap(self, what: str) -> None:
        """Report what is done, and the seconds since the last report of this kind."""
        before, self._lap_began = self._lap_began, time.monotonic()
        self._report(f"{what} ({self._lap_began - before:.2f} s).")

    def _tell_stored(self, tasks: int, stored: int) -> None:
        """Show from time to time how many payloads are stored."""
        if time.monotonic() > self._told + TELL_SECONDS:
            self._told = time.monotonic()
            self._report_for_now(f"{stored:,} of {tasks:,} payloads are stored ...")

    def _tell(self, progress: Progress) -> None:
        """Report trouble only; the board shows the rest."""
        if progress.is_trouble:
            self._report(progress.text)

    def _clear(self) -> None:
        self.board.clear()

    def _let_the_board_end(self) -> None:
        if self.board.state.total:
            with contextlib.suppress(WaitTimeoutError):
                self.board.wait(SHOW_SECONDS)

    def _rows(self) -> list[tuple[str, str]]:
        return [
            ("Tasks", self.tasks.value),
            ("Numbers that each task adds", self.values.value),
            ("Batch size", self.batch.value),
            ("Board", self.board.state.text),
            ("Result", "none yet" if self.result is None else str(self.result)),
        ]


def many_code(
    endpoint: Endpoint, tasks: int, values: int, batch: int, partition: str | None
) -> str:
    """Return the client that does the same, ready to paste."""
    largest = len(Payload(list(range((tasks - 1) * values, tasks * values))).serialize())
    fitting = max(1, many.BATCH_BYTES // largest)  # a message has a limit
    return code_of(
        MANY,
        endpoint,
        partition,
        tasks=tasks,
        values=values,
        batch=batch,
        fitting="batch" if batch <= fitting else fitting,
        threshold=max(values, DEFAULT_SUBTASK_THRESHOLD),
    )


def _submitted(channel: grpc.Channel, session_id: str) -> int:
    """Return how many tasks ArmoniK knows in the session; 0 if it does not tell."""
    try:
        counts = ArmoniKTasks(with_deadline(channel, COUNT_SECONDS)).count_tasks_by_status(
            Task.session_id == session_id
        )
    except grpc.RpcError:
        return 0
    return sum(count for status, count in counts.items() if status != TaskStatus.RETRIED)


def _parse_values(text: str, tasks: int) -> int:
    values = parse_whole(text, "The number of numbers", 1, 10_000)
    if tasks * values > MOST_NUMBERS:
        raise InputError(
            f"{tasks:,} tasks with {values:,} numbers each are {tasks * values:,} numbers.",
            f"Choose at most {MOST_NUMBERS:,} in all.",
        )
    return values
