"""The ratios as a picture: one bar for each peer, to the right of the middle if ours is better."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape

from .measuring import Row, Spread
from .report import grouped, number

WIDTH = 1000
MIDDLE = 560
DOUBLE = 45
"""Pixels for a factor of two."""

FARTHEST = 5
"""Doublings that are drawn; a bar of more ends in an arrow's head."""

LINE = 22
LONGEST = 110
"""Letters of a note that are shown."""
BETTER, WORSE, INK = "#1b7837", "#b35806", "#222"


def picture(rows: Sequence[Row], subtitle: str) -> str:
    """Return an SVG document.

    Args:
        rows: what was measured.
        subtitle: on what.
    """
    parts: list[str] = []
    y = 84
    for name, group in grouped(rows).items():
        better = "more" if group[0].more_is_better else "less"
        parts.append(_text(16, y, f"{name} ({group[0].unit}, {better} is better)", bold=True))
        y += LINE
        ours = group[0]
        parts.append(_text(32, y, f"{ours.who}: {_figure(ours)}"))
        y += LINE
        for row in group[1:]:
            parts.append(_text(32, y, f"{row.who}: {_figure(row)}"))
            if row.ratio:
                parts.append(_bar(row, row.ratio, y))
            y += LINE
        y += LINE // 2
    height = y + 8
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" '
            f'width="{WIDTH}" height="{height}" role="img" aria-labelledby="title desc" '
            'font-family="sans-serif" font-size="13">',
            '<title id="title">How fast is the embedded ArmoniK?</title>',
            f'<desc id="desc">{escape(_description(rows))}</desc>',
            f'<rect width="{WIDTH}" height="{height}" fill="white"/>',
            _text(16, 24, "How fast is the embedded ArmoniK?", bold=True, size=17),
            _text(16, 44, subtitle, size=10),
            _axis(height),
            *parts,
            "</svg>\n",
        ]
    )


def _figure(row: Row) -> str:
    if not row.runs:
        return row.note if len(row.note) <= LONGEST else f"{row.note[: LONGEST - 1]}…"
    return _told(Spread.of(row.values))


def _told(spread: Spread) -> str:
    return f"{number(spread.median)} ({number(spread.low)} to {number(spread.high)})"


def _axis(height: int) -> str:
    lines = [
        _text(MIDDLE - 8, 66, "ours is worse ◂", anchor="end"),
        _text(MIDDLE + 8, 66, "▸ ours is better (a line for each doubling)"),
    ]
    for step in range(-FARTHEST, FARTHEST + 1):
        x, colour = MIDDLE + step * DOUBLE, INK if step == 0 else "#ddd"
        lines.append(f'<path d="M{x} 72V{height - 8}" stroke="{colour}"/>')
    return "\n".join(lines)


def _bar(row: Row, ratio: Spread, y: int) -> str:
    """Draw how many times as good ours is; the text beside it tells the ratio as measured."""
    doublings = _doublings(row, ratio.median)
    length = max(1.0, abs(doublings) * DOUBLE)
    better = doublings >= 0
    left = MIDDLE if better else MIDDLE - length
    text = f"ratio {_told(ratio)}"
    colour = BETTER if better else WORSE
    return (
        f'<rect x="{left:.1f}" y="{y - 12}" width="{length:.1f}" height="15" fill="{colour}"/>'
        + _text(MIDDLE + FARTHEST * DOUBLE + 8, y, text)
    )


def _doublings(row: Row, ratio: float) -> float:
    goodness = ratio if row.more_is_better else 1 / max(ratio, 1e-9)
    return max(-FARTHEST, min(FARTHEST, math.log2(max(goodness, 1e-9))))


def _description(rows: Sequence[Row]) -> str:
    """Say in words what the bars show."""
    sentences = []
    for name, group in grouped(rows).items():
        ratios = [f"{number(row.ratio.median)} times {row.who}" for row in group if row.ratio]
        better = "more" if group[0].more_is_better else "less"
        if ratios:
            sentences.append(f"{name}, {better} is better: {', '.join(ratios)}.")
    return " ".join(["Ratios, ours divided by the other.", *sentences])


def _text(
    x: float, y: float, text: str, *, bold: bool = False, size: int = 13, anchor: str = "start"
) -> str:
    weight = ' font-weight="bold"' if bold else ""
    return (
        f'<text x="{x}" y="{y}" fill="{INK}" font-size="{size}" text-anchor="{anchor}"{weight}>'
        f"{escape(text)}</text>"
    )
