"""The graph of a session: as it is now, or growing while its tasks run."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from typing import Any

import grpc
from armonik.client import ArmoniKResults, ArmoniKSessions, ArmoniKTasks
from armonik.common import Result, ResultStatus, Task

from hello_helpers.connect.deadline import with_deadline
from hello_helpers.connect.grpc_errors import explained
from hello_helpers.connect.pages import all_rows
from hello_helpers.display.graph import DRAWN_TASKS, Graph, graph
from hello_helpers.display.tables import one_line
from hello_helpers.errors import WaitTimeoutError
from hello_helpers.wait.events import Follower, News

THE_GRAPH = "the graph"
"""How records of the calls name it."""

ASK_SECONDS = 10.0

PAUSE = 0.15
"""Seconds between two pictures; people see no more."""


SMALL, LONGEST_VALUE = 200, 12
"""Bytes of a result whose value is shown; and characters of it."""


def session_graph(
    channel: grpc.Channel, session_id: str, values: dict[str, str] | None = None
) -> Graph:
    """Return the graph of a session, as it is now.

    Args:
        channel: to the control plane.
        session_id: of the session.
        values: of results, by id, as they are shown; those that are not in it yet are put in.

    Raises:
        HelloError: if ArmoniK cannot be asked, or knows no such session.
    """
    with explained(channel):
        tasks = all_rows(
            lambda page, size: ArmoniKTasks(channel).list_tasks(
                Task.session_id == session_id, page=page, page_size=size, sort_field=Task.created_at
            )
        )
        results = all_rows(
            lambda page, size: ArmoniKResults(channel).list_results(
                Result.session_id == session_id,
                page=page,
                page_size=size,
                sort_field=Result.created_at,
            )
        )
        known = ([*tasks], [*results])
        if not any(known):
            ArmoniKSessions(channel).get_session(session_id)  # refused, if there is none
        values = {} if values is None else values
        if len(known[0]) <= DRAWN_TASKS:
            _read(channel, session_id, *known, values)
        return graph(*known, values)


def _read(
    channel: grpc.Channel,
    session_id: str,
    tasks: Sequence[Any],
    results: Sequence[Any],
    values: dict[str, str],
) -> None:
    """Download the small outputs of tasks, to show their values."""
    outputs = {key for task in tasks for key in task.expected_output_ids}
    for result in results:
        key, is_there = result.result_id, result.status == ResultStatus.COMPLETED
        if is_there and key in outputs - values.keys() and result.size <= SMALL:
            values[key] = _value(ArmoniKResults(channel).download_result_data(key, session_id))


def _value(data: bytes) -> str:
    """Return the bytes of a result as people read them: of an object with one entry, the entry."""
    try:
        value = json.loads(data)
    except ValueError:
        value = data.decode(errors="backslashreplace")
    if isinstance(value, dict) and len(value) == 1:
        (value,) = value.values()
    return one_line(value if isinstance(value, str) else json.dumps(value), LONGEST_VALUE)


def watch_graph(channel: grpc.Channel, session_id: str, timeout: float = 60.0) -> None:
    """Show the graph of a session below the cell, and let it grow until all its tasks are over.

    Args:
        channel: to the control plane.
        session_id: of the session; it may have no task yet.
        timeout: seconds.

    Raises:
        WaitTimeoutError: if they are not over then; the graph stays as it is.
        HelloError: if ArmoniK cannot be asked, or knows no such session.
    """
    _Growing(channel, session_id).until_over(timeout)


class _Growing:
    """Draws the graph again when events tell that something has changed."""

    def __init__(self, channel: grpc.Channel, session_id: str) -> None:
        self._channel = with_deadline(channel, ASK_SECONDS, ASK_SECONDS, by=THE_GRAPH)
        self._session_id = session_id
        self._follower = Follower(
            self._channel,
            session_id,
            ("task", "result"),
            self._note,
            self._look,
            self._trouble,
            by=THE_GRAPH,
        )
        self._changed = True
        self._values: dict[str, str] = {}
        self._shown: Graph = graph([], [])
        self._drawn = 0.0
        self._handle: Any = None

    def until_over(self, timeout: float) -> None:
        from IPython.display import display

        self._handle = display(self._shown, display_id=True)
        self._follower.run(timeout, self._late, self._draw)

    def _draw(self) -> None:
        """Draw what has changed, and stop when there is nothing more to come."""
        if not self._changed or time.monotonic() < self._drawn + PAUSE:
            return
        self._changed = False
        self._shown = session_graph(self._channel, self._session_id, self._values)
        self._drawn = time.monotonic()
        self._handle.update(self._shown)
        if self._shown.is_over:
            self._follower.cancel()

    def _note(self, _news: News) -> bool:
        self._changed = True
        return False

    def _look(self, _channel: grpc.Channel) -> tuple[News, ...]:
        """Let it be drawn again: that asks for all there is."""
        self._changed = True
        return ()

    def _trouble(self, _text: str) -> None:
        """Say nothing: to draw fails, too, and says it."""

    def _late(self) -> None:
        raise WaitTimeoutError(f"The graph may grow on: {self._shown.sentence}", "Watch it again.")
