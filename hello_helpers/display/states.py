"""The states that a task goes through, as ArmoniK's events tell them while it runs."""

from __future__ import annotations

import html
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import grpc
from armonik.client import ArmoniKResults, ArmoniKTasks
from armonik.common import Task

from hello_helpers.connect.grpc_errors import LOOK_HINT
from hello_helpers.display.signs import OVER, State
from hello_helpers.display.tables import Table
from hello_helpers.errors import NoAnswerError, WaitTimeoutError
from hello_helpers.wait.events import Follower, News
from hello_helpers.wait.evidence import why
from hello_helpers.wait.words import waiting

NO_TIMES = (
    "The lines stand in the order in which this notebook heard of them. Events carry no time; "
    "lesson 05 shows the times that ArmoniK has written down."
)

WATCH = "watch_session"
"""How records of the calls name it."""

READY_SECONDS = 1.0
"""How long to wait for the first event, which proves that ArmoniK tells us everything from now on.

It sends what exists already first. In an empty session there is nothing that it could send.
"""


@dataclass(frozen=True)
class History:
    """What the events told about one task and its outputs, in the order of their arrival."""

    steps: tuple[News, ...]

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
        rows = [(step.thing, State(step.state), State(step.state).look.word) for step in self.steps]
        return Table("What the events told", ("what", "state", "meaning"), rows)

    def _sentence(self) -> str:
        return "The task: " + " \N{RIGHTWARDS ARROW} ".join(self.states)


class Watch:
    """Follows a session, in a thread, until `until_over` or `cancel`.

    Args:
        channel: to the control plane.
        session_id: all its tasks and results are watched.
        on_step: called with each step as it comes, in another thread.
    """

    def __init__(
        self,
        channel: grpc.Channel,
        session_id: str,
        on_step: Callable[[News], None] | None = None,
    ) -> None:
        self._channel = channel
        self._session_id = session_id
        self._on_step = on_step
        self._task: Task | None = None
        self._steps: list[News] = []
        self._error: Exception | None = None
        self._changed = threading.Condition()
        self._follower = Follower(
            channel, session_id, ("task", "result"), self._note, self._look, self._trouble, by=WATCH
        )
        threading.Thread(target=self._follow, name="watch", daemon=True).start()
        with self._changed:
            self._changed.wait_for(lambda: self._steps or self._error, READY_SECONDS)
        self._raise()

    def until_over(self, task: Task, timeout: float = 60.0) -> History:
        """Wait until the task is over; return its history, and stop listening.

        Args:
            task: one that `ArmoniKTasks.submit_tasks` has returned.
            timeout: seconds.

        Raises:
            WaitTimeoutError: it is not over in time; it says what is probably the reason.
        """
        self._task = task
        try:
            with waiting(self._words), self._changed:
                self._changed.wait_for(
                    lambda: self._is_over(task) or self._follower.over.is_set(), timeout
                )
        finally:
            self.cancel()
        if not self._is_over(task):
            self._raise()
            found = why(self._channel, self._session_id, task.expected_output_ids[0])
            raise WaitTimeoutError(
                f"The task is not over after {timeout:g} seconds. {found.cause}", found.remedy
            )
        outputs = set(task.expected_output_ids)
        return History(
            tuple(
                step
                for step in self._steps
                if step.key == task.id or (step.key in outputs and step.state == "COMPLETED")
            )
        )

    def _words(self) -> str:
        states = [step.state for step in list(self._steps) if step.thing == "task"]
        return f"Waiting for the end of a task ({states[-1] if states else 'nothing heard yet'})"

    def cancel(self) -> None:
        """Stop listening."""
        self._follower.cancel()

    def _follow(self) -> None:
        try:
            self._follower.run()
        except Exception as error:  # raised where somebody waits
            self._error = error
        with self._changed:
            self._changed.notify_all()

    def _note(self, news: News) -> bool:
        if news not in self._steps:
            with self._changed:
                self._steps.append(news)
                self._changed.notify_all()
            if self._on_step is not None:
                self._on_step(news)
        return False

    def _look(self, channel: grpc.Channel) -> Iterator[News]:
        """Ask for the task and its results, once it is known which one is waited for."""
        if self._task is not None:
            for key in self._task.expected_output_ids:
                yield News("result", key, ArmoniKResults(channel).get_result(key).status)
            status = ArmoniKTasks(channel).get_task(self._task.id).status
            yield News("task", self._task.id, status)

    def _trouble(self, text: str) -> None:
        """Give up if nothing was heard yet: what happens now would be missed."""
        if not self._steps:
            raise NoAnswerError(f"ArmoniK cannot be reached. {text}", LOOK_HINT)

    def _is_over(self, task: Task) -> bool:
        return any(step.key == task.id and step.state in (*OVER, "RETRIED") for step in self._steps)

    def _raise(self) -> None:
        if self._error is not None:
            raise self._error


def watch_session(
    channel: grpc.Channel, session_id: str, on_step: Callable[[News], None] | None = None
) -> Watch:
    """Listen to what happens in a session from now on, tasks and results.

    Raises:
        HelloError: if ArmoniK does not let us listen, or does not answer.
    """
    return Watch(channel, session_id, on_step)
