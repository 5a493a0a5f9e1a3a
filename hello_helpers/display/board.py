"""A live board: how far the tasks of a session are, from ArmoniK's events, while they run.

`Board` feeds a `BoardState` from the events of a session, and draws it: a bar, a sentence, and a
table; and lanes, one a pod, from what ArmoniK writes down with each task. It works on any ArmoniK.
"""

from __future__ import annotations

import html
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import grpc
import ipywidgets as widgets
from armonik.client import ArmoniKTasks
from armonik.common import Task, TaskStatus

from hello_helpers.connect.pages import all_rows
from hello_helpers.display.board_state import BoardState
from hello_helpers.display.drawing import Picture
from hello_helpers.display.lanes import Lanes
from hello_helpers.display.pods import Pods
from hello_helpers.display.signs import BLUE, GREEN, RED
from hello_helpers.display.tables import Table
from hello_helpers.errors import HelloError, WaitTimeoutError
from hello_helpers.wait.events import HEARTBEAT, Follower, News

ALWAYS_SHOWN = ("CREATING", "PENDING", "SUBMITTED", "DISPATCHED", "PROCESSING", "COMPLETED")
"""Rows that stay when they count nothing: else the page would jump while tasks run."""


BOARD = "the board"
"""How records of the calls name it."""


@dataclass(frozen=True)
class Summary:
    """What a board shows, standing still: a cell can end with it."""

    table: Table
    lanes: Picture

    def __repr__(self) -> str:
        """Return the table: its numbers can be compared, times cannot."""
        return repr(self.table)

    def _repr_html_(self) -> str:
        return self.lanes._repr_html_() + self.table._repr_html_()


class Board:
    """Shows the tasks of a session. Make it, show it, and then let it `follow` a session.

    Attributes:
        bar, text, lanes, table: its widgets.
    """

    def __init__(self) -> None:
        """Make the board; nothing is connected yet."""
        self.state = BoardState()
        self.bar = widgets.IntProgress(
            value=0, max=1, description="Tasks", layout=widgets.Layout(width="100%")
        )
        self.text = widgets.HTML(_spoken(self.state.text))
        self.table = widgets.HTML(_framed(self.state.table(ALWAYS_SHOWN)))
        self.lanes = widgets.HTML(Lanes().picture().area())
        self.box = widgets.VBox([self.bar, self.text, self.lanes, self.table])
        self._lock = threading.Lock()
        self._pods: Pods | None = None
        self._follower: Follower | None = None
        self._thread: threading.Thread | None = None
        self._changed = False
        self._trouble = ""

    def follow(self, channel: grpc.Channel, session_id: str, total: int) -> None:
        """Show the tasks of this session from now on, until `total` tasks are over, or `close`."""
        self.close()
        state = BoardState(total)
        follower = Follower(
            channel,
            session_id,
            ["task"],
            partial(self._note, state),
            partial(_look, session_id, state),
            partial(self._complain, state),
            by=BOARD,
        )
        with self._lock:
            self.state, self._trouble, self._follower = state, "", follower
            self._pods = pods = Pods(channel, session_id, BOARD)
        self._thread = threading.Thread(
            target=self._follow, args=(follower, state, pods), name="board", daemon=True
        )
        self._thread.start()

    def wait(self, timeout: float = 60.0) -> Summary:
        """Wait until all tasks are over, and the board shows it; return that, standing still.

        Raises:
            WaitTimeoutError: after `timeout` seconds.
        """
        deadline = time.monotonic() + timeout
        while self._thread is not None and self._thread.is_alive():
            if time.monotonic() > deadline:
                raise WaitTimeoutError(
                    f"After {timeout:g} seconds, {self.state.text}",
                    "Wait again, with a larger timeout; or look what the tasks wait for.",
                )
            self._thread.join(HEARTBEAT)
        self._paint(self.state)
        return self.summary()

    def expect(self, total: int) -> None:
        """Correct how many tasks there are to be: after a cancellation there are fewer."""
        with self._lock:
            self.state.expect(total)
            is_all = self.state.all_over
        self._changed = True
        if is_all:
            self.close()

    def clear(self) -> None:
        """Stop following, and show nothing, as before the first session."""
        self.close()
        with self._lock:
            self.state, self._pods, self._trouble = BoardState(), None, ""
        self._paint(self.state)
        self.lanes.value = Lanes().picture().area()

    def close(self) -> None:
        """Stop following."""
        if self._follower is not None:
            self._follower.cancel()

    def summary(self) -> Summary:
        """Return what the board shows, standing still."""
        with self._lock:
            lanes = self._pods.lanes if self._pods else Lanes()
            return Summary(self.state.table(), lanes.picture())

    def _follow(self, follower: Follower, state: BoardState, pods: Pods) -> None:
        """Feed the state; draw what has changed, not more often than people can see."""
        try:
            follower.run(beat=partial(self._paint_news, state, pods))
        except HelloError as error:
            self._complain(state, error.message)
        pods.look_at_all(state.ended)
        self._paint(state)
        self._paint_lanes(pods)

    def _note(self, state: BoardState, news: News) -> bool:
        with self._lock:
            state.note(news.key, news.state)
            self._changed, self._trouble = True, ""
            return state.all_over

    def _complain(self, state: BoardState, text: str) -> None:
        if state is self.state:
            self._changed, self._trouble = True, text

    def _paint_news(self, state: BoardState, pods: Pods) -> None:
        if self._changed:
            self._changed = False
            self._paint(state)
        if state.counts and pods.look():
            self._paint_lanes(pods)

    def _paint_lanes(self, pods: Pods) -> None:
        if pods is self._pods:
            self.lanes.value = pods.lanes.picture().area()

    def _paint(self, state: BoardState) -> None:
        with self._lock:
            if state is not self.state:
                return  # that of a session before
            table, total, ended = state.table(ALWAYS_SHOWN), state.total, state.ended
            text, trouble, done = state.text, self._trouble, state.all_over
            colour = GREEN if state.all_well else RED if done else BLUE
        self.bar.max, self.bar.value = max(total, 1), ended
        self.bar.style.bar_color = colour
        # Only the end is spoken: a screen reader could not keep up with ten sentences a second.
        shown = f"{text} {trouble}".strip()
        self.text.value = _spoken(shown) if done or trouble else f"<div>{html.escape(shown)}</div>"
        self.table.value = _framed(table)

    def __repr__(self) -> str:
        return "<Board: the tasks of a session, while they run>"

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        """Show the widgets, and for static viewers what they show now."""
        return {
            **self.box._repr_mimebundle_(),
            "text/plain": repr(self),
            "text/html": self.summary()._repr_html_(),
        }


def _look(session_id: str, state: BoardState, channel: grpc.Channel) -> Iterator[News]:
    """Count the tasks; ask for them, in pages, only if the board shows other numbers."""
    tasks = ArmoniKTasks(channel)
    ours = Task.session_id == session_id
    counts = {TaskStatus(s).name: n for s, n in tasks.count_tasks_by_status(ours).items()}
    if counts == state.counts:
        return

    def page(number: int, size: int) -> Any:
        return tasks.list_tasks(ours, page=number, page_size=size, detailed=False)

    for task in all_rows(page):
        yield News("task", task.id, task.status)


def _spoken(text: str) -> str:
    return f'<div role="status" aria-live="polite">{html.escape(text)}</div>'


def _framed(table: Table) -> str:
    """Return the table as JupyterLab shows tables elsewhere, with a name that stays the same."""
    table = Table("Tasks by status", table.header, table.rows)
    style = "width: max-content; padding: 0"  # else it would stand in the middle
    return f'<div class="jp-RenderedHTMLCommon" style="{style}">{table._repr_html_()}</div>'
