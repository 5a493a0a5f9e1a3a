"""The journey of a task through ArmoniK, from its own timestamps: picture, table and text.

And its stops, which `moment` draws."""

from __future__ import annotations

import datetime
import html
import itertools
from dataclasses import dataclass
from typing import Any

from hello_helpers.display.drawing import Box, Label, Part, Picture, Point
from hello_helpers.display.signs import State
from hello_helpers.display.tables import Table

INSTANTS = (
    ("created", "tables", "it is written down, and PENDING until its data is there", "CREATING"),
    ("submitted", "queue", "all its data is there, so it waits for a free pod", "SUBMITTED"),
    ("received", "agent", "an agent of its partition takes it from the queue", ""),
    ("acquired", "agent", "the agent has made sure that no other agent has it", "DISPATCHED"),
    ("fetched", "agent", "payload and dependencies lie in the pod", ""),
    ("started", "worker", "the worker begins", "PROCESSING"),
    ("processed", "worker", "the worker has ended", ""),
    ("ended", "objects", "its results are stored, the task is over", "COMPLETED"),
)
"""Name (the task has a field ``<name>_at``), place, what happens, the state if all goes well."""

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
        parts = ", ".join(f"{name} after {ms(at)}" for name, at in self.instants[1:])
        name, begin, finish = max(self._legs(), key=lambda leg: leg[2] - leg[1])
        return (
            f"The task was created, then {parts}. The longest leg was {name}: "
            f"{ms(finish - begin)}. Its status is {self.status}."
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
            bar = Box(LEFT + begin * scale, y + 5, max((finish - begin) * scale, 2), ROW - 10, [])
            parts += [
                Label(Point(LEFT - 8, y + 16), name, anchor="end"),
                bar,
                Label(Point(bar.x + bar.width + 6, y + 16), ms(finish - begin), anchor="start"),
            ]
        height = ROW * (len(legs) + 1)
        total = ms(self.instants[-1][1]) if self.instants else ""
        below = f"time since creation, in all {total}"
        parts.append(Label(Point(LEFT, height - 8), below, anchor="start"))
        return Picture("Journey of a task", [self.text], WIDTH, height, parts)

    def table(self) -> Table:
        """Return the same as a table."""
        known = dict(self.instants)
        rows = [
            (name, ms(known[name]), place, what)
            for name, place, what, _ in INSTANTS
            if name in known
        ]
        header = ("instant", "after creation", "where", "what happens")
        return Table("Journey of a task", header, rows)

    def _repr_html_(self) -> str:
        caption = f"<figcaption>{html.escape(self.text)}</figcaption>"
        figure = f'<figure style="margin: 0">{self.picture().area()}{caption}</figure>'
        return figure + self.table()._repr_html_()

    def __repr__(self) -> str:
        """Return a line that holds no times, so that it can be compared."""
        return f"Journey of a task ({self.status}): {', '.join(name for name, _ in self.instants)}"


def journey(task: Any) -> Journey:
    """Return the journey of a task, as ``ArmoniKTasks(channel).get_task(task_id)`` gives it."""
    from armonik.common import TaskStatus

    times = {name: getattr(task, f"{name}_at") for name, *_ in INSTANTS}
    start = times["created"]
    known = tuple(
        (name, (time - start) / datetime.timedelta(milliseconds=1))
        for name, time in times.items()
        if time is not None and start is not None
    )
    return Journey(TaskStatus(task.status).name, known)


BESIDE = ("received", "fetched")
"""Instants that are left out where not each millisecond counts."""


@dataclass(frozen=True)
class Stop:
    """Where the task was, when, and what happened.

    Attributes:
        place: of the picture: one of `moment.PLACES`.
        state: ArmoniK's name of it; "" if the task has none yet, or none any more.
        words: what happened.
        at: milliseconds since the client began to send.
    """

    place: str
    state: str
    words: str
    at: float

    @property
    def headline(self) -> str:
        """All of it in a line."""
        state = f" {State(self.state)}:" if self.state else ""
        return f"{ms(self.at)} \N{MIDDLE DOT}{state} {self.words}"


@dataclass(frozen=True)
class Clicks:
    """Instants of the client, all in seconds since the epoch.

    Attributes:
        sending: before the first call with the numbers; ArmoniK and the session are there.
        stored: the payload is stored.
        submitting, submitted: before and after the call that submits the task.
        got: the result is here.
    """

    sending: float
    stored: float
    submitting: float
    submitted: float
    got: float


def stops(task: Any, clicks: Clicks, result: str, made: int = 0) -> tuple[Stop, ...]:
    """Return the stops of a task.

    Args:
        task: as ``ArmoniKTasks(channel).get_task(task_id)`` gives it.
        clicks: the client's instants.
        result: the sum.
        made: how many tasks it has made of itself.
    """
    known = [
        (at.timestamp(), place, state, words)
        for name, place, words, state in INSTANTS
        if name not in BESIDE and (at := getattr(task, f"{name}_at")) is not None
    ]
    late = _lag(known[0][0], clicks) if known else 0.0
    way = [
        (clicks.sending, "your client", "", "your numbers are packed and sent"),
        (clicks.stored, "objects", "", "the control plane has stored them, as bytes: the payload"),
        *((at - late, place, state, words) for at, place, state, words in known),
        (clicks.got, "your client", "", f"the result is here: {result}"),
    ]
    if made:  # the sum is not that of this task
        told = f"{made} more tasks, made by this one, have added the numbers"
        way.insert(-1, (clicks.got, "worker", "", told))
    return tuple(
        Stop(place, state, words, 1000 * max(0.0, at - clicks.sending))
        for at, place, state, words in way
    )


def _lag(created: float, clicks: Clicks) -> float:
    """Return how far ArmoniK's clock is ahead: a task is created while the call submits it."""
    if clicks.submitting <= created <= clicks.submitted:
        return 0.0
    return created - (clicks.submitting + clicks.submitted) / 2


def ms(milliseconds: float) -> str:
    """Return a time as people read it."""
    if milliseconds >= 1000:
        return f"{milliseconds / 1000:.2f} s"
    return f"{milliseconds:.1f} ms"
