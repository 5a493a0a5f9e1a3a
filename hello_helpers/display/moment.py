"""ArmoniK's three planes, and the way of one task through them, so slow that an eye can follow.

A real task is over in some milliseconds. So it is shown afterwards, from what is known for sure:
the instants that ArmoniK has written down with the task, and those of the client's own calls. The
picture moves by CSS alone; for whoever wants no motion, and as a stored output, it stands still.
"""

from __future__ import annotations

import html
import itertools
import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from hello_helpers.display.drawing import Arrow, Box, Part, Picture, Point
from hello_helpers.display.signs import GREY, State
from hello_helpers.display.tables import Table
from hello_helpers.display.task_journey import Stop, ms

WIDTH, HEIGHT = 690, 272

CLIENT = Box(8, 84, 112, 70, ["Your client", "this notebook"])
CONTROL = Box(186, 84, 118, 70, ["Control plane", "the only door"])
DATA = Box(370, 8, 128, 214, ["Data plane"], title_on_top=True)
TABLES = Box(380, 38, 108, 50, ["Tables", "what exists"])
OBJECTS = Box(380, 99, 108, 50, ["Objects", "the data"])
QUEUE = Box(380, 160, 108, 50, ["Queues", "what is to do"])
COMPUTE = Box(562, 8, 120, 214, ["Compute plane"], title_on_top=True)
POD = Box(572, 34, 100, 178, ["Pod"], title_on_top=True)
AGENT = Box(580, 66, 84, 60, ["Agent"])
WORKER = Box(580, 142, 84, 60, ["Worker", "adds"])

PLACES = {
    "your client": CLIENT,
    "tables": TABLES,
    "objects": OBJECTS,
    "queue": QUEUE,
    "agent": AGENT,
    "worker": WORKER,
}

STEP, MOVE = 0.9, 0.4
"""Seconds for each stop when it moves; and those of them in which it is on its way."""

RADIUS = 10


@dataclass(frozen=True)
class Moment:
    """The planes, and what one task did in them; without stops, the planes alone."""

    stops: Sequence[Stop] = ()

    def picture(self, moves: bool = False) -> Picture:
        """Return the picture; if it moves, its parts have classes, for the rules of `_rules`."""
        lit = [_Lit(number, stop, self._corner(number), moves) for number, stop in self._numbered()]
        moving = [_Packet()] if moves and self.stops else []
        last = len(self.stops)
        lines = [
            _Headline(number, stop.headline, moves, number == last)
            for number, stop in self._numbered()
        ]
        return Picture(
            "The way of your task through ArmoniK" if self.stops else "ArmoniK's three planes",
            [f"{number}. {stop.place}: {stop.headline}." for number, stop in self._numbered()]
            or PLANES_IN_WORDS,
            WIDTH,
            HEIGHT,  # also without stops: the button below it must not move when there are some
            [*_ground(), *lit, *moving, *lines],
        )

    def table(self) -> Table:
        """Return the same as a table."""
        rows = [
            (
                str(number),
                ms(stop.at),
                stop.place,
                State(stop.state) if stop.state else "",
                stop.words,
            )
            for number, stop in self._numbered()
        ]
        header = ("stop", "after sending", "where", "state", "what happens")
        return Table("The way of your task", header, rows)

    def moving(self) -> str:
        """Return it as HTML that moves once, when it is shown; it ends as it is shown still."""
        name = f"moment-{secrets.token_hex(4)}"
        picture = self.picture(moves=True).area()
        return f'<style>{self._rules(name)}</style><div class="{name}">{picture}</div>'

    def _repr_html_(self) -> str:
        if not self.stops:
            return self.picture()._repr_html_()
        return self.picture().area() + self.table()._repr_html_()

    def __repr__(self) -> str:
        """Return lines that hold no times, so that they can be compared."""
        if not self.stops:
            return repr(self.picture())
        return "\n".join(
            [self.picture().title, *(f"- {stop.place}: {stop.words}" for stop in self.stops)]
        )

    def _numbered(self) -> list[tuple[int, Stop]]:
        return list(enumerate(self.stops, 1))

    def _corner(self, number: int) -> Point:
        """Return where the number of a stop stands: on the upper edge of its place."""
        place = self.stops[number - 1].place
        behind = sum(stop.place == place for stop in self.stops[number:])
        box = PLACES[place]
        return Point(box.x + box.width - 12 - 24 * behind, box.y)

    def _rules(self, name: str) -> str:
        """Return the CSS: when which part appears, and where the packet is."""
        count = len(self.stops)
        whole = STEP * count
        come = [0.0, *(number * STEP + MOVE for number in range(1, count)), whole]
        way = [f"0% {{ {self._rest(1)} }}"]
        for number in range(1, count + 1):
            for at in (come[number - 1], number * STEP):
                way.append(f"{100 * at / whole:.2f}% {{ {self._rest(number)} }}")
        rules = [
            f"@keyframes {name}-way {{ {' '.join(way)} }}",
            f"@keyframes {name}-come {{ from {{ opacity: 0 }} }}",
            f"@keyframes {name}-tell {{ 0%, 99% {{ opacity: 1 }} }}",
            f"@keyframes {name}-glow {{ 10%, 70% {{ opacity: 1 }} }}",
            f".{name} .packet {{ animation: {name}-way {whole:g}s linear }}",
        ]
        for number, (begin, end) in enumerate(itertools.pairwise(come), 1):
            shown = f"{name}-come 0.2s {begin:g}s both"
            told = f"{name}-tell {end - begin:g}s {begin:g}s" if number < count else shown
            rules += [
                f".{name} .stop-{number} {{ animation: {shown} }}",
                f".{name} .line-{number} {{ animation: {told} }}",
                f".{name} .glow-{number} {{ animation: {name}-glow {STEP:g}s {begin:g}s }}",
            ]
        return f"@media (prefers-reduced-motion: no-preference) {{ {' '.join(rules)} }}"

    def _rest(self, number: int) -> str:
        """Return where the packet is at a stop, in the middle of the lower edge of the place."""
        x, y = PLACES[self.stops[number - 1].place].bottom
        return f"opacity: 1; transform: translate({x:g}px, {y - 3:g}px)"


PLANES_IN_WORDS = [
    "Your client calls the control plane, over gRPC, and nothing else.",
    "The control plane writes what you ask for into the data plane: "
    "rows into tables, data into the object storage, ids of tasks into queues.",
    "In the compute plane there are pods. Each pod has an agent and a worker.",
    "The agent takes a task from a queue of the data plane, hands it to its worker, "
    "and stores the results in the data plane.",
    "Your client asks the control plane for the results.",
]


def _ground() -> list[Part]:
    return [
        *(DATA, COMPUTE, POD, CLIENT, CONTROL, TABLES, OBJECTS, QUEUE, AGENT, WORKER),
        Arrow([CLIENT.right, CONTROL.left], "gRPC", both=True),
        Arrow([CONTROL.right, Point(DATA.x, CONTROL.right.y)], both=True),
        Arrow([Point(DATA.x + DATA.width, 119), Point(COMPUTE.x, 119)], both=True),
        Arrow([AGENT.bottom, WORKER.top], both=True),
    ]


def _class(moves: bool, name: str) -> str:
    return f' class="{name}"' if moves else ""


@dataclass(frozen=True)
class _Lit:
    """The number of a stop at its place, and the glow of the place while the task is there."""

    number: int
    stop: Stop
    at: Point
    moves: bool

    def svg(self) -> str:
        colour = State(self.stop.state).look.colour if self.stop.state else GREY
        box = PLACES[self.stop.place]
        glow = (
            f'<rect class="glow-{self.number}" x="{box.x:g}" y="{box.y:g}" '
            f'width="{box.width:g}" height="{box.height:g}" rx="8" opacity="0" fill="{colour}" '
            f'fill-opacity="0.35" stroke="{colour}" stroke-width="4"/>'
        )
        return (
            f"{glow if self.moves else ''}<g{_class(self.moves, f'stop-{self.number}')}>"
            f'<circle cx="{self.at.x:g}" cy="{self.at.y:g}" r="{RADIUS}" fill="{colour}"/>'
            f'<text x="{self.at.x:g}" y="{self.at.y + 4:g}" text-anchor="middle" font-size="12" '
            f'font-weight="bold" fill="#ffffff">{self.number}</text></g>'
        )


class _Packet:
    """What travels; it is there only while it moves."""

    def svg(self) -> str:
        return (
            '<g class="packet" opacity="0"><rect x="-11" y="-8" width="22" height="16" rx="3" '
            f'fill="{State("PROCESSING").look.colour}" stroke="#ffffff"/>'
            '<path d="M-11,-6 L0,2 L11,-6" fill="none" stroke="#ffffff"/></g>'
        )


@dataclass(frozen=True)
class _Headline:
    """What happens at a stop, below the picture; the last one stays."""

    number: int
    line: str
    moves: bool
    stays: bool

    def svg(self) -> str:
        if not (self.stays or self.moves):
            return ""
        hidden = "" if self.stays else ' opacity="0"'
        return (
            f'<text{_class(self.moves, f"line-{self.number}")} x="{WIDTH / 2:g}" y="{HEIGHT - 16}" '
            f'text-anchor="middle" font-size="16" font-weight="bold" fill="currentColor"{hidden}>'
            f"{html.escape(self.line)}</text>"
        )
