"""The figures as a table, as JSON and as a picture, and on what they were measured."""

from __future__ import annotations

import importlib.metadata
import math
import os
import platform
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict
from html import escape
from typing import Any

import psutil

from .measuring import Row, Spread

WHO = 38
PACKAGES = ("hello-armonik", "armonik", "grpcio", "protobuf", "distributed", "ray", "ipyparallel")


def describe() -> dict[str, Any]:
    """Return cores, memory, system, Python and versions; no host name, no path."""
    versions = {}
    for name in PACKAGES:
        with suppress(importlib.metadata.PackageNotFoundError):
            versions[name] = importlib.metadata.version(name)
    return {
        "cores": len(os.sched_getaffinity(0)),
        "memory GB": round(psutil.virtual_memory().total / 1e9, 1),
        "load before": round(psutil.getloadavg()[0], 2),
        "system": platform.system(),
        "processor": platform.machine(),
        "Python": f"{platform.python_implementation()} {platform.python_version()}",
        "versions": versions,
    }


def sentence(machine: dict[str, Any]) -> str:
    """Return the same in one line."""
    versions = ", ".join(f"{name} {version}" for name, version in machine["versions"].items())
    return (
        f"{machine['cores']} cores, load {machine['load before']} before; "
        f"{machine['Python']}, {machine['system']}; {versions}"
    )


def grouped(rows: Sequence[Row]) -> dict[str, list[Row]]:
    """Return the rows by name: ours first, then whom it is compared with."""
    groups: dict[str, list[Row]] = {}
    for row in rows:
        groups.setdefault(row.name, []).append(row)
    return groups


def title(row: Row) -> str:
    """Return the name of a row, and what is good in it."""
    return f"{row.name} ({row.unit}; {'more' if row.more_is_better else 'less'} is better)"


def table(rows: Sequence[Row]) -> str:
    """Return all rows as text; each group ends with the ratios."""
    lines = ["Median, and spread: quartiles of many values, else the smallest and the largest."]
    lines += ["A ratio is ours divided by the other, within each repetition.", ""]
    for group in grouped(rows).values():
        lines.append(title(group[0]))
        lines += [f"  {row.who:{WHO}} {measured(row)}".rstrip() for row in group]
        lines += [f"  {'ratio to ' + r.who:{WHO}} {told(r.ratio)}" for r in group if r.ratio]
        lines.append("")
    return "\n".join(lines)


def measured(row: Row) -> str:
    """Return what was measured of a row, with its details, or why nothing was."""
    if not row.runs:
        return row.note
    more = "".join(f"  {key} {number(value)}" for key, value in row.more.items())
    return f"{told(Spread.of(row.values))}{more}  {row.note}"


def told(spread: Spread) -> str:
    """Return a median with its spread."""
    return f"{number(spread.median):>10}   {number(spread.low)} to {number(spread.high)}"


def number(value: float) -> str:
    """Return a number with three digits, or all those before the point."""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def figures(rows: Sequence[Row], machine: dict[str, Any]) -> dict[str, Any]:
    """Return everything as plain data."""
    plain = []
    for group in grouped(rows).values():
        ours, *others = (row.who for row in group)
        for row in group:
            ratio = {"of": ours, "to": row.who, **asdict(row.ratio)} if row.ratio else None
            plain.append(
                {
                    "name": row.name,
                    "who": row.who,
                    "compared with": others if row.who == ours else [ours],
                    "unit": row.unit,
                    "better": "more" if row.more_is_better else "less",
                    "spread": asdict(Spread.of(row.values)) if row.runs else None,
                    "ratio": ratio,
                    "more": dict(row.more),
                    "note": row.note,
                    "runs": [list(values) for values in row.runs],
                }
            )
    return {"machine": machine, "rows": plain}


WIDTH, MIDDLE, LINE = 1000, 560, 22
DOUBLE, FARTHEST = 45, 5
"""Pixels for a factor of two, and how many of them are drawn at most."""

BETTER, WORSE = "#1b7837", "#b35806"


def picture(rows: Sequence[Row], subtitle: str) -> str:
    """Return the ratios as an SVG: a bar for each peer, to the right if ours is better.

    Args:
        rows: what was measured.
        subtitle: on what.
    """
    parts = [_text(16, 24, "How fast is the embedded ArmoniK?"), _text(16, 44, subtitle)]
    parts.append(_text(MIDDLE, 66, "worse ◂ ▸ ours is better (a line for each doubling)"))
    y = 84
    for group in grouped(rows).values():
        parts.append(_text(16, y, title(group[0])))
        for row in group:
            y += LINE
            parts.append(_text(32, y, f"{row.who}: {measured(row)}"[:90]))
            if row.ratio:
                parts.append(_bar(row, row.ratio, y))
        y += LINE + LINE // 2
    for step in range(-FARTHEST, FARTHEST + 1):
        x = MIDDLE + step * DOUBLE
        parts.insert(0, f'<path d="M{x} 72V{y}" stroke="{"#ddd" if step else "#222"}"/>')
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {y}" role="img" '
            'aria-labelledby="title desc" font-family="sans-serif" font-size="12">',
            '<title id="title">How fast is the embedded ArmoniK?</title>',
            f'<desc id="desc">{escape(table(rows))}</desc>',
            f'<rect width="{WIDTH}" height="{y}" fill="white"/>',
            *parts,
            "</svg>\n",
        ]
    )


def _bar(row: Row, ratio: Spread, y: int) -> str:
    """Draw how many times as good ours is; the text beside it tells the ratio as measured."""
    goodness = max(ratio.median, 1e-9) ** (1 if row.more_is_better else -1)
    length = max(-FARTHEST, min(FARTHEST, math.log2(goodness))) * DOUBLE
    colour = BETTER if length >= 0 else WORSE
    left = min(MIDDLE, MIDDLE + length)
    return (
        f'<rect x="{left:.1f}" y="{y - 12}" width="{max(1, abs(length)):.1f}" height="15" '
        f'fill="{colour}"/>' + _text(MIDDLE + FARTHEST * DOUBLE + 8, y, f"ratio {told(ratio)}")
    )


def _text(x: float, y: float, text: str) -> str:
    return f'<text x="{x}" y="{y}" fill="#222">{escape(text)}</text>'
