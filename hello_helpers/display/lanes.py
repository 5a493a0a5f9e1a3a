"""A lane for each pod: what it did when, from the fields that ArmoniK keeps with each task.

It knows nothing of ArmoniK's API or of widgets. Spans that would be thinner than a pixel are drawn
as one; a pod has one task at a time, so that they never lie upon each other.
"""

from __future__ import annotations

import html
import itertools
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from armonik.common import TaskStatus

from hello_helpers.display.drawing import Arrow, Label, Part, Picture, Point
from hello_helpers.display.signs import OVER, State
from hello_helpers.display.tables import one_line

WIDTH, LEFT, RIGHT, ROW, TOP = 690, 66, 16, 34, 8
"""Pixels: the picture, the room for names and at its end, the height of a lane, the margin."""

SIGN_ROOM = 16
"""A span of fewer pixels has no room for its sign."""

SHORTEST = 0.1
"""Seconds that the axis has at least."""

MOST_TASKS = 5_000
"""So many tasks are drawn at most."""

LONGEST_NAME = 60


@dataclass(frozen=True)
class Span:
    """What a pod did.

    Attributes:
        pod: its name, as ArmoniK tells it.
        begin, end: seconds since the epoch.
        state: that of the task; PROCESSING if the task goes on.
        tasks: how many they are, where several are drawn as one.
    """

    pod: str
    begin: float
    end: float
    state: str
    tasks: int = 1


class Lanes:
    """Collects what pods did, and draws it.

    Attributes:
        latest: the last instant that ArmoniK has told; 0 if nothing has begun.
    """

    def __init__(self) -> None:
        self._spans: dict[str, Span] = {}
        self.latest = 0.0

    def note(self, tasks: Iterable[Any], now: float = 0.0) -> None:
        """Note tasks, as ``list_tasks`` returns them.

        Args:
            tasks: those that were never started are left out.
            now: by ArmoniK's clock, the end of a span that goes on.
        """
        for task in tasks:
            known = task.id in self._spans
            if task.started_at is None or not (known or len(self._spans) < MOST_TASKS):
                continue
            over = task.processed_at or task.ended_at
            begin = task.started_at.timestamp()
            end = over.timestamp() if over else max(begin, now)
            self.latest = max(self.latest, end if over else begin)
            pod = one_line(task.pod_hostname or task.owner_pod_id or "?", LONGEST_NAME)
            self._spans[task.id] = Span(pod, begin, end, TaskStatus(task.status).name)

    @property
    def over(self) -> int:
        """How many of the tasks are over."""
        return sum(span.state in OVER for span in self._spans.values())

    def pods(self) -> dict[str, list[Span]]:
        """Return the spans of each pod, in the order in which they began."""
        pods: dict[str, list[Span]] = {}
        # That is a copy: more may be noted meanwhile, in another thread.
        for span in sorted(self._spans.values(), key=lambda span: span.begin):
            pods.setdefault(span.pod, []).append(span)
        return pods

    def picture(self) -> Picture:
        """Return the picture."""
        pods = self.pods()
        shown = [*itertools.chain.from_iterable(pods.values())]
        begin = min((span.begin for span in shown), default=0.0)
        whole = max((span.end - begin for span in shown), default=0.0)
        whole = max(whole, SHORTEST)
        scale = (WIDTH - LEFT - RIGHT) / whole
        parts: list[Part] = []
        for number, spans in enumerate(pods.values()):
            y = TOP + ROW * number
            parts.append(Label(Point(LEFT - 8, y + ROW / 2 + 4), f"pod {number + 1}", anchor="end"))
            parts += [
                _Bar(LEFT + (span.begin - begin) * scale, y + 3, span, scale)
                for span in _drawn(spans, 1 / scale)
            ]
        bottom = TOP + ROW * max(len(pods), 1)
        axis = Arrow([Point(LEFT, bottom + 4), Point(WIDTH - RIGHT, bottom + 4)])
        ticks = [
            Label(Point(LEFT + part * (WIDTH - LEFT - RIGHT), bottom + 22), f"{part * whole:.2f} s")
            for part in (0, 0.25, 0.5, 0.75, 1)
        ]
        ticks[-1] = Label(Point(WIDTH, bottom + 22), f"{whole:.2f} s", anchor="end")
        return Picture(
            "What each pod did, and when",
            [_words(n, name, spans, whole) for n, (name, spans) in enumerate(pods.items(), 1)]
            or ["No task has been started yet."],
            WIDTH,
            bottom + 30,
            [*parts, axis, *(ticks if pods else [])],
        )


def _words(number: int, name: str, spans: list[Span], whole: float) -> str:
    busy = sum(span.end - span.begin for span in spans)
    return (
        f"pod {number} is {name}: {len(spans):,} task{'' if len(spans) == 1 else 's'}, "
        f"at work {busy:.2f} of {whole:.2f} s."
    )


def _drawn(spans: list[Span], pixel: float) -> list[Span]:
    """Put together what is thinner than a pixel, or nearer to its like."""
    drawn: list[Span] = []
    for span in spans:
        last = drawn[-1] if drawn else None
        thin = last is not None and min(span.end - span.begin, last.end - last.begin) < 4 * pixel
        if last and thin and last.state == span.state and span.begin - last.end < 2 * pixel:
            end = max(last.end, span.end)
            drawn[-1] = Span(span.pod, last.begin, end, span.state, last.tasks + 1)
        else:
            drawn.append(span)
    return drawn


@dataclass(frozen=True)
class _Bar:
    """A span in its lane."""

    x: float
    y: float
    span: Span
    scale: float

    def svg(self) -> str:
        look = State(self.span.state).look
        width = max(1.0, (self.span.end - self.span.begin) * self.scale - 1)
        has_room = width >= SIGN_ROOM and self.span.tasks == 1
        sign = (
            f'<text x="{self.x + width / 2:.1f}" y="{self.y + ROW / 2 + 2:g}" fill="#ffffff" '
            f'text-anchor="middle" font-weight="bold">{look.sign}</text>'
            if has_room
            else ""
        )
        several = f"{self.span.tasks} tasks, " if self.span.tasks > 1 else ""
        took = f"{1000 * (self.span.end - self.span.begin):.0f} ms"
        return (
            f"<g><title>{several}{html.escape(self.span.state)}, {took}</title>"
            f'<rect x="{self.x:.1f}" y="{self.y:g}" width="{width:.1f}" height="{ROW - 8}" rx="2" '
            f'fill="{look.colour}"/>{sign}</g>'
        )
