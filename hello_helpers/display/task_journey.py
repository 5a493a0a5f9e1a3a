"""The journey of a task through ArmoniK, from its own timestamps: picture, table and text."""

from __future__ import annotations

import datetime
import html
import itertools
from dataclasses import dataclass
from typing import Any

from hello_helpers.display.drawing import BLUE, Box, Label, Part, Picture, Point
from hello_helpers.display.tables import Table

INSTANTS = (
    ("created", "control plane", "the task is written down"),
    ("submitted", "data plane", "payload and dependencies are there: it goes into the queue"),
    ("received", "agent", "an agent of its partition takes it from the queue"),
    ("acquired", "agent", "the agent has made sure that no other agent has it"),
    ("fetched", "agent", "payload and dependencies lie in the pod"),
    ("started", "worker", "the worker begins"),
    ("processed", "worker", "the worker has ended"),
    ("ended", "data plane", "results are stored, the task is over"),
)
"""Name (the task has a field ``<name>_at``), place, and what happens."""

WIDTH, ROW, LEFT, RIGHT = 640, 24, 190, 70
"""Pixels of the picture: width, height of a row, room for labels, room for durations."""


@dataclass(frozen=True)
class Journey:
    """The instants of a task that have come, in order, with milliseconds since its creation."""

    status: str
    instants: tuple[tuple[str, float], ...]

    @property
    def text(self) -> str:
        """The journey in a sentence."""
        if len(self.instants) < 2:
            return "The journey of the task has not begun yet."
        parts = ", ".join(f"{name} after {_ms(at)}" for name, at in self.instants[1:])
        name, begin, finish = max(self._legs(), key=lambda leg: leg[2] - leg[1])
        return (
            f"The task was created, then {parts}. The longest leg was {name}: "
            f"{_ms(finish - begin)}. Its status is {self.status}."
        )

    def _legs(self) -> list[tuple[str, float, float]]:
        """Return what each leg is called, its begin and its end."""
        return [
            (f"{start} \N{RIGHTWARDS ARROW} {end}", begin, finish)
            for (start, begin), (end, finish) in itertools.pairwise(self.instants)
        ]

    def picture(self) -> Picture:
        """Return the picture: one row a leg, one behind the other in time."""
        legs = self._legs()
        scale = (WIDTH - LEFT - RIGHT) / max(self.instants[-1][1], 1e-6) if legs else 0.0
        parts: list[Part] = []
        for number, (name, begin, finish) in enumerate(legs):
            y = ROW * number
            bar = Box(
                LEFT + begin * scale, y + 5, max((finish - begin) * scale, 2), ROW - 10, [], BLUE
            )
            parts += [
                Label(Point(LEFT - 8, y + 16), name, anchor="end"),
                bar,
                Label(Point(bar.x + bar.width + 6, y + 16), _ms(finish - begin), anchor="start"),
            ]
        height = ROW * (len(legs) + 1)
        total = _ms(self.instants[-1][1]) if self.instants else ""
        below = f"time since creation, in all {total}"
        parts.append(Label(Point(LEFT, height - 8), below, anchor="start"))
        return Picture("Journey of a task", [self.text], WIDTH, height, parts)

    def table(self) -> Table:
        """Return the same as a table."""
        known = dict(self.instants)
        rows = [
            (name, _ms(known[name]), place, what) for name, place, what in INSTANTS if name in known
        ]
        header = ("instant", "after creation", "where", "what happens")
        return Table("Journey of a task", header, rows)

    def _repr_html_(self) -> str:
        caption = f"<figcaption>{html.escape(self.text)}</figcaption>"
        figure = f'<figure style="margin: 0">{self.picture().svg()}{caption}</figure>'
        return figure + self.table()._repr_html_()

    def __repr__(self) -> str:
        """Return a line that holds no times, so that it can be compared."""
        return f"Journey of a task ({self.status}): {', '.join(name for name, _ in self.instants)}"


def journey(task: Any) -> Journey:
    """Return the journey of a task, as ``ArmoniKTasks(channel).get_task(task_id)`` gives it."""
    from armonik.common import TaskStatus

    times = {name: getattr(task, f"{name}_at") for name, _, _ in INSTANTS}
    start = times["created"]
    known = tuple(
        (name, (time - start) / datetime.timedelta(milliseconds=1))
        for name, time in times.items()
        if time is not None and start is not None
    )
    return Journey(TaskStatus(task.status).name, known)


def _ms(milliseconds: float) -> str:
    if milliseconds >= 1000:
        return f"{milliseconds / 1000:.2f} s"
    return f"{milliseconds:.1f} ms"
