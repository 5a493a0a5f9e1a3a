"""A live board: how far the tasks of a session are, from ArmoniK's events, while they run.

`BoardState` counts and knows nothing of ArmoniK or widgets. `Board` feeds one from the events of a
session, and draws it: a bar, a sentence, and a table. It works on any ArmoniK.
"""

from __future__ import annotations

import html
import threading
import time
from collections import Counter
from collections.abc import Sequence
from typing import Any

import grpc
import ipywidgets as widgets
from armonik.common import EventTypes, TaskStatus
from armonik.protogen.client.events_service_pb2_grpc import EventsStub
from armonik.protogen.common.events_common_pb2 import EventSubscriptionRequest

from hello_helpers.display.states import MEANING
from hello_helpers.display.tables import Table
from hello_helpers.errors import WaitTimeoutError

ENDED = ("COMPLETED", "ERROR", "TIMEOUT", "CANCELLED")
"""States in which a task is over, with its result or without. (A RETRIED one goes on as a copy.)"""

ORDER = (
    "CREATING",
    "PENDING",
    "PAUSED",
    "SUBMITTED",
    "DISPATCHED",
    "PROCESSING",
    "COMPLETED",
    "RETRIED",
    "ERROR",
    "TIMEOUT",
    "CANCELLING",
    "CANCELLED",
)

ALWAYS_SHOWN = ("CREATING", "PENDING", "SUBMITTED", "DISPATCHED", "PROCESSING", "COMPLETED")
"""Rows that stay when they count nothing: else the page would jump while tasks run."""

PAINT_SECONDS = 0.1
"""Between two drawings: nobody reads faster, and a browser would lag behind thousands of events."""

LISTEN_SECONDS = 600.0
PAUSE_SECONDS = 1.0
HEARTBEAT = 0.1


class BoardState:
    """Counts tasks by status.

    Args:
        total: how many tasks are expected.
    """

    def __init__(self, total: int = 0) -> None:
        self._expected = total
        self._status: dict[str, str] = {}
        self._counts: Counter[str] = Counter()

    def note(self, task_id: str, status: str) -> None:
        """Note the status of a task. Nothing comes after an end; a late event is left out."""
        before = self._status.get(task_id)
        if before == status or before in (*ENDED, "RETRIED"):
            return
        if before is not None:
            self._counts[before] -= 1
        self._status[task_id] = status
        self._counts[status] += 1

    @property
    def counts(self) -> dict[str, int]:
        """How many tasks have which status, in the order of a task's life; no zeros."""
        known = [status for status in ORDER if self._counts[status]]
        return {status: self._counts[status] for status in known}

    @property
    def total(self) -> int:
        """How many tasks there are to be; more than expected, if tasks make tasks."""
        return max(self._expected, len(self._status) - self._counts["RETRIED"])

    @property
    def ended(self) -> int:
        """How many of them are over."""
        return sum(self._counts[status] for status in ENDED)

    @property
    def all_over(self) -> bool:
        """True if all are."""
        return self.total > 0 and self.ended == self.total

    @property
    def text(self) -> str:
        """The same in a sentence."""
        if not self.total:
            return "No tasks yet."
        parts = ", ".join(f"{count:,} {status}" for status, count in self.counts.items())
        sentence = f"{self.ended:,} of {self.total:,} tasks are over"
        return f"{sentence}: {parts}." if parts else f"{sentence}."

    @property
    def all_well(self) -> bool:
        """True if all tasks are over, and have their results."""
        return self.all_over and self._counts["COMPLETED"] == self.total

    def table(self, always: Sequence[str] = ()) -> Table:
        """The same as a table; the rows `always` are there even if they count nothing."""
        rows = [
            (status, f"{self._counts[status]:,}", MEANING[status])
            for status in ORDER
            if self._counts[status] or status in always
        ]
        return Table(self.text, ("status", "tasks", "meaning"), rows)


class Board:
    """Shows the tasks of a session. Make it, show it, and then let it `follow` a session.

    Attributes:
        bar, text, table: its widgets.
    """

    def __init__(self) -> None:
        """Make the board; nothing is connected yet."""
        self.state = BoardState()
        self.bar = widgets.IntProgress(
            value=0, max=1, description="Tasks", layout=widgets.Layout(width="100%")
        )
        self.text = widgets.HTML(_spoken(self.state.text))
        self.table = widgets.HTML(_framed(self.state.table(ALWAYS_SHOWN)))
        self.box = widgets.VBox([self.bar, self.text, self.table])
        self._lock = threading.Lock()
        self._changed = threading.Event()
        self._over = threading.Event()
        self._over.set()
        self._call: Any = None
        self._trouble = ""

    def follow(self, channel: grpc.Channel, session_id: str, total: int) -> None:
        """Show the tasks of this session from now on, until `total` tasks are over, or `close`."""
        self.close()
        with self._lock:
            self.state, self._trouble = BoardState(total), ""
            self._over, self._changed = threading.Event(), threading.Event()
            arguments = (self.state, self._over, self._changed)
        threading.Thread(
            target=self._listen, args=(channel, session_id, *arguments), name="board", daemon=True
        ).start()
        threading.Thread(
            target=self._paint_often, args=arguments, name="board: paint", daemon=True
        ).start()

    def wait(self, timeout: float = 60.0) -> None:
        """Return when all tasks are over, and the board shows it.

        Raises:
            WaitTimeoutError: after `timeout` seconds.
        """
        deadline = time.monotonic() + timeout
        over = self._over
        while not over.wait(HEARTBEAT):
            if time.monotonic() > deadline:
                raise WaitTimeoutError(
                    f"After {timeout:g} seconds, {self.state.text}",
                    "Wait again, with a larger timeout; or look what the tasks wait for.",
                )
        self._paint(self.state)

    def close(self) -> None:
        """Stop following."""
        self._over.set()
        self._changed.set()
        if self._call is not None:
            self._call.cancel()

    def summary(self) -> Table:
        """Return what the board shows as a table, which stays as it is."""
        with self._lock:
            return self.state.table()

    def _listen(
        self,
        channel: grpc.Channel,
        session_id: str,
        state: BoardState,
        over: threading.Event,
        changed: threading.Event,
    ) -> None:
        """Feed the state; begin again after a lost connection, since all is told anew then."""
        while not over.is_set():
            try:
                self._call = call = EventsStub(channel).GetEvents(
                    EventSubscriptionRequest(
                        session_id=session_id,
                        returned_events=[EventTypes.NEW_TASK, EventTypes.TASK_STATUS_UPDATE],
                    ),
                    timeout=LISTEN_SECONDS,
                )
                if over.is_set():  # closed before the line above
                    call.cancel()
                for message in call:
                    event = getattr(message, message.WhichOneof("update"))
                    with self._lock:
                        state.note(event.task_id, TaskStatus(event.status).name)
                        self._trouble = ""
                        if state.all_over:
                            over.set()
                            call.cancel()
                    changed.set()
                    if over.is_set():
                        return
            except grpc.RpcError as error:
                if error.code() == grpc.StatusCode.CANCELLED:
                    continue  # closed, or all are over
                self._trouble = f"ArmoniK does not tell us more ({error.code().name})."
            except ValueError:  # the channel was closed
                self._trouble = "The channel is closed."
                over.set()
            changed.set()
            over.wait(PAUSE_SECONDS)

    def _paint_often(
        self, state: BoardState, over: threading.Event, changed: threading.Event
    ) -> None:
        """Draw what has changed, but not more often than people can see."""
        while not over.is_set():
            changed.wait()
            changed.clear()
            self._paint(state)
            over.wait(PAINT_SECONDS)
        self._paint(state)

    def _paint(self, state: BoardState) -> None:
        with self._lock:
            if state is not self.state:
                return  # that of a session before
            table, total, ended = state.table(ALWAYS_SHOWN), state.total, state.ended
            text, trouble, done = state.text, self._trouble, state.all_over
            style = "success" if state.all_well else "warning" if done else ""
        self.bar.max, self.bar.value = max(total, 1), ended
        self.bar.bar_style = style
        # Only the end is spoken: a screen reader could not keep up with ten sentences a second.
        shown = f"{text} {trouble}".strip()
        self.text.value = _spoken(shown) if done or trouble else _silent(shown)
        self.table.value = _framed(table)

    def __repr__(self) -> str:
        return "<Board: the tasks of a session, while they run>"

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        """Show the widgets, and for static viewers the table as it is now."""
        return {
            **self.box._repr_mimebundle_(),
            "text/plain": repr(self),
            "text/html": self.summary()._repr_html_(),
        }


def _spoken(text: str) -> str:
    return f'<div role="status" aria-live="polite">{html.escape(text)}</div>'


def _silent(text: str) -> str:
    return f"<div>{html.escape(text)}</div>"


def _framed(table: Table) -> str:
    """Return the table as JupyterLab shows tables elsewhere, with a name that stays the same."""
    table = Table("Tasks by status", table.header, table.rows)
    style = "width: max-content; padding: 0"  # else it would stand in the middle
    return f'<div class="jp-RenderedHTMLCommon" style="{style}">{table._repr_html_()}</div>'
