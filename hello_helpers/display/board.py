"""A live board: how far the tasks of a session are, from ArmoniK's events, while they run.

`Board` feeds a `BoardState` from the events of a session, and draws it: a bar, a sentence, and a
table. It works on any ArmoniK.
"""

from __future__ import annotations

import html
import threading
import time
from typing import Any

import grpc
import ipywidgets as widgets
from armonik.common import EventTypes, TaskStatus
from armonik.protogen.client.events_service_pb2_grpc import EventsStub
from armonik.protogen.common.events_common_pb2 import EventSubscriptionRequest

from hello_helpers.display.board_state import BoardState
from hello_helpers.display.tables import Table
from hello_helpers.errors import WaitTimeoutError

ALWAYS_SHOWN = ("CREATING", "PENDING", "SUBMITTED", "DISPATCHED", "PROCESSING", "COMPLETED")
"""Rows that stay when they count nothing: else the page would jump while tasks run."""

PAINT_SECONDS = 0.1
"""Between two drawings: nobody reads faster, and a browser would lag behind thousands of events."""

LISTEN_SECONDS = 600.0
PAUSE_SECONDS = 1.0
HEARTBEAT = 0.1


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

    def expect(self, total: int) -> None:
        """Correct how many tasks there are to be: after a cancellation there are fewer."""
        with self._lock:
            self.state.expect(total)
            if self.state.all_over:
                self._over.set()
        self._changed.set()

    def clear(self) -> None:
        """Stop following, and show nothing, as before the first session."""
        self.close()
        with self._lock:
            self.state, self._trouble = BoardState(), ""
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
