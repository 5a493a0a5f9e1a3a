"""The figures as a table, and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from .measuring import Row, Spread

WHO = 38


def grouped(rows: Sequence[Row]) -> dict[str, list[Row]]:
    """Return the rows by name: ours first, then whom it is compared with."""
    groups: dict[str, list[Row]] = {}
    for row in rows:
        groups.setdefault(row.name, []).append(row)
    return groups


def table(rows: Sequence[Row]) -> str:
    """Return all rows as text; each group ends with the ratios."""
    lines = ["Median, and spread: quartiles of many values, else the smallest and the largest."]
    lines += ["A ratio is ours divided by the other, within each repetition.", ""]
    for name, group in grouped(rows).items():
        better = "more" if group[0].more_is_better else "less"
        lines.append(f"{name} ({group[0].unit}; {better} is better)")
        lines += [_measured(row) for row in group]
        lines += [_ratio(row) for row in group[1:] if row.ratio]
        lines.append("")
    return "\n".join(lines)


def _measured(row: Row) -> str:
    if not row.runs:
        return f"  {row.who:{WHO}} {row.note}"
    spread = Spread.of(row.values)
    more = "".join(f"  {key} {number(value)}" for key, value in row.more.items())
    return f"  {row.who:{WHO}} {_told(spread)}{more}  {row.note}".rstrip()


def _ratio(row: Row) -> str:
    assert row.ratio is not None
    return f"  {'ratio to ' + row.who:{WHO}} {_told(row.ratio)}"


def _told(spread: Spread) -> str:
    return f"{number(spread.median):>10}   {number(spread.low)} to {number(spread.high)}"


def number(value: float) -> str:
    """Return a number with three digits, or all those before the point."""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def figures(rows: Sequence[Row], machine: dict[str, Any]) -> dict[str, Any]:
    """Return everything as plain data."""
    return {
        "machine": machine,
        "rows": [
            _plain(row, group[0].who, [other.who for other in group[1:]])
            for group in grouped(rows).values()
            for row in group
        ],
    }


def _plain(row: Row, ours: str, others: list[str]) -> dict[str, Any]:
    return {
        "name": row.name,
        "who": row.who,
        "compared with": others if row.who == ours else [ours],
        "unit": row.unit,
        "better": "more" if row.more_is_better else "less",
        "spread": asdict(Spread.of(row.values)) if row.runs else None,
        "ratio": {"of": ours, "to": row.who, **asdict(row.ratio)} if row.ratio else None,
        "more": dict(row.more),
        "note": row.note,
        "runs": [list(values) for values in row.runs],
    }
