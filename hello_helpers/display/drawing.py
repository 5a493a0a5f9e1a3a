"""Pictures of boxes and arrows, as SVG that can be read on light and on dark ground.

Lines and letters have "currentColor", the colour of the text around the picture. Grounds are faint;
colour is for states alone (`signs`). Each picture has a text that says the same.
"""

from __future__ import annotations

import html
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from hello_helpers.display.signs import GREY, Look, State

STRIPE = 20
"""Width of the stripe of a box that has a state."""

LINE = 16
"""Height of a line of text, in pixels."""

HEAD = 8
"""Length of the head of an arrow."""

SMALLEST = 0.7
"""How small a picture may be drawn, so that its text can still be read."""


class Point(NamedTuple):
    """A place in a picture, in pixels from its top left corner."""

    x: float
    y: float


class Part(Protocol):
    """Anything that can be drawn."""

    def svg(self) -> str:
        """Return the part as SVG."""


@dataclass(frozen=True)
class Box:
    """A rounded box with lines of text in its middle, the first one bold.

    Attributes:
        x, y, width, height: where, in pixels.
        lines: its text.
        state: ArmoniK's name of its state, shown by a stripe with its sign, and by the ground.
        title_on_top: the text stands at the top, so that there is room for other boxes below it.
        dashed: for what is only sometimes there.
        radius: of its corners.
    """

    x: float
    y: float
    width: float
    height: float
    lines: Sequence[str]
    state: str = ""
    title_on_top: bool = False
    dashed: bool = False
    radius: float = 8

    @property
    def left(self) -> Point:
        """The middle of its left side."""
        return Point(self.x, self.y + self.height / 2)

    @property
    def right(self) -> Point:
        """The middle of its right side."""
        return Point(self.x + self.width, self.y + self.height / 2)

    @property
    def top(self) -> Point:
        """The middle of its upper side."""
        return Point(self.x + self.width / 2, self.y)

    @property
    def bottom(self) -> Point:
        """The middle of its lower side."""
        return Point(self.x + self.width / 2, self.y + self.height)

    def svg(self) -> str:
        """Return the box and its text."""
        dashes = ' stroke-dasharray="5 4"' if self.dashed else ""
        look = State(self.state).look if self.state else None
        stripe = STRIPE if look else 0
        middle = self.y + self.height / 2 - (len(self.lines) - 1) * LINE / 2 + 4
        first = self.y + 20 if self.title_on_top else middle
        x = self.x + (self.width + stripe) / 2
        return (
            f'<rect x="{self.x:g}" y="{self.y:g}" width="{self.width:g}" height="{self.height:g}" '
            f'rx="{self.radius:g}" fill="{look.colour if look else GREY}" fill-opacity="0.16" '
            f'stroke="currentColor"{dashes}/>'
            + (self._stripe(look) if look else "")
            + "".join(
                Label(Point(x, first + number * LINE), line, bold=number == 0).svg()
                for number, line in enumerate(self.lines)
            )
        )

    def _stripe(self, look: Look) -> str:
        """Return the stripe at its left side; its corners are those of the box."""
        r, right, bottom = self.radius, self.x + STRIPE, self.y + self.height
        return (
            f'<path d="M{right:g},{self.y:g} H{self.x + r:g} A{r:g},{r:g} 0 0 0 {self.x:g},'
            f"{self.y + r:g} V{bottom - r:g} A{r:g},{r:g} 0 0 0 {self.x + r:g},{bottom:g} "
            f'H{right:g} Z" fill="{look.colour}"/>'
            f'<text x="{self.x + STRIPE / 2:g}" y="{self.y + self.height / 2 + 5:g}" '
            f'text-anchor="middle" fill="#ffffff" font-weight="bold">{look.sign}</text>'
        )


@dataclass(frozen=True)
class Label:
    """A line of text; `at` is the middle, the start or the end of its base."""

    at: Point
    line: str
    bold: bool = False
    anchor: str = "middle"

    def svg(self) -> str:
        """Return the text."""
        weight = ' font-weight="bold"' if self.bold else ""
        return (
            f'<text x="{self.at.x:g}" y="{self.at.y:g}" text-anchor="{self.anchor}" '
            f'fill="currentColor"{weight}>{html.escape(self.line)}</text>'
        )


@dataclass(frozen=True)
class Arrow:
    """An arrow through some points, with a head at its end, or at both.

    Attributes:
        points: from where, over what, to where.
        label: text beside it.
        at: where the text stands; None for above the middle of the first stretch.
        both: it has two heads.
    """

    points: Sequence[Point]
    label: str = ""
    at: Point | None = None
    anchor: str = "middle"
    both: bool = False
    dashed: bool = False

    def svg(self) -> str:
        """Return line, heads and text."""
        dashes = ' stroke-dasharray="5 4"' if self.dashed else ""
        path = " ".join(f"{point.x:g},{point.y:g}" for point in self.points)
        parts = [
            f'<polyline points="{path}" fill="none" stroke="currentColor" '
            f'stroke-width="1.5"{dashes}/>',
            _head(self.points[-2], self.points[-1]),
        ]
        if self.both:
            parts.append(_head(self.points[1], self.points[0]))
        if self.label:
            first, second = self.points[:2]
            middle = Point((first.x + second.x) / 2, (first.y + second.y) / 2 - 6)
            parts.append(Label(self.at or middle, self.label, anchor=self.anchor).svg())
        return "".join(parts)


def _head(before: Point, tip: Point) -> str:
    angle = math.atan2(tip.y - before.y, tip.x - before.x)
    corners = [
        Point(tip.x - HEAD * math.cos(angle + turn), tip.y - HEAD * math.sin(angle + turn))
        for turn in (-0.4, 0.4)
    ]
    path = " ".join(f"{point.x:.1f},{point.y:.1f}" for point in (tip, *corners))
    return f'<polygon points="{path}" fill="currentColor"/>'


@dataclass(frozen=True)
class Picture:
    """A picture, its name, and the text that says the same.

    Attributes:
        title: what it shows.
        words: the same in words; a sentence each.
        width, height: in pixels; it shrinks where there is less room.
        parts: what is drawn, the ground first.
    """

    title: str
    words: Sequence[str]
    width: float
    height: float
    parts: Sequence[Part]

    def svg(self) -> str:
        """Return the picture."""
        return (
            f'<svg role="img" xmlns="http://www.w3.org/2000/svg" '
            f'viewBox="0 0 {self.width:g} {self.height:g}" width="{self.width:g}" '
            f'style="max-width: 100%; height: auto" font-family="sans-serif" font-size="13">'
            f"<title>{html.escape(self.title)}</title>"
            f"<desc>{html.escape(' '.join(self.words))}</desc>"
            f"{''.join(part.svg() for part in self.parts)}</svg>"
        )

    def area(self, smallest: float = SMALLEST) -> str:
        """Return the picture in an area: it shrinks a little, and what does not fit is scrolled.

        Args:
            smallest: the least part of its width.
        """
        least = f"min-width: {round(smallest * self.width)}px; max-width: 100%"
        return (
            f'<div tabindex="0" role="group" aria-label="{html.escape(self.title)}" '
            'style="width: 0; min-width: 100%; overflow-x: auto">'
            f"{self.svg().replace('max-width: 100%', least, 1)}</div>"
        )

    def _repr_html_(self) -> str:
        items = "".join(f"<li>{html.escape(sentence)}</li>" for sentence in self.words)
        return (
            f'<figure style="margin: 0">{self.area()}'
            f"<figcaption>{html.escape(self.title)}. "
            f"<details><summary>The picture in words</summary><ul>{items}</ul></details>"
            "</figcaption></figure>"
        )

    def __repr__(self) -> str:
        return "\n- ".join([f"Picture: {self.title}", *self.words])
