"""What the pods of a session do, asked of ArmoniK again and again while they work.

Events do not tell which pod has a task, nor when anything was. So the tasks are asked for: those
that have ended since the last time, and those that run.
"""

from __future__ import annotations

import contextlib
import itertools
import math
import time
from datetime import datetime
from typing import Any

import grpc
from armonik.client import ArmoniKTasks
from armonik.common import Task, TaskStatus

from hello_helpers.connect.deadline import with_deadline
from hello_helpers.connect.pages import all_rows
from hello_helpers.display.lanes import MOST_TASKS, Lanes

PAUSE = 0.15
"""Seconds between two questions; people see no more."""

OVERLAP = 0.05
"""Seconds that are asked for again: what has ended may be told a little late."""

ASK_SECONDS = 2.0
"""How long ArmoniK may take to answer. If it does not, the next question may be luckier."""


class Pods:
    """Asks for the tasks of a session, and has them drawn.

    Args:
        channel: to the control plane.
        session_id: of the session.
        by: how records of the calls name whoever asks.

    Attributes:
        lanes: what is known by now.
    """

    def __init__(self, channel: grpc.Channel, session_id: str, by: str) -> None:
        self.lanes = Lanes()
        self._tasks = ArmoniKTasks(with_deadline(channel, ASK_SECONDS, by=by))
        self._ours = Task.session_id == session_id
        self._behind = self._asked = math.inf
        """Seconds that ArmoniK's clock is behind ours, or less; when it was asked the last time."""

    def look(self) -> bool:
        """Ask, unless that was just done; return True if there may be something new to draw."""
        if self._asked <= time.monotonic() < self._asked + PAUSE:
            return False
        since = datetime.fromtimestamp(max(0.0, self.lanes.latest - OVERLAP)).astimezone()
        self._ask(self._ours & ((Task.status == TaskStatus.PROCESSING) | (Task.ended_at >= since)))
        return True

    def look_at_all(self, over: int) -> None:
        """Ask for all of them, unless it is known what became of so many."""
        if self.lanes.over < min(over, MOST_TASKS):
            self._ask(self._ours)

    def _ask(self, which: Any) -> None:
        def page(number: int, size: int) -> Any:
            return self._tasks.list_tasks(
                which, page=number, page_size=size, sort_field=Task.created_at
            )

        self._asked = time.monotonic()
        with contextlib.suppress(grpc.RpcError):  # whoever follows the events says what is wrong
            tasks = list(itertools.islice(all_rows(page), MOST_TASKS))
            told = [task.started_at.timestamp() for task in tasks if task.started_at]
            self._behind = min([self._behind, *(time.time() - instant for instant in told)])
            self.lanes.note(tasks, time.time() - self._behind)
