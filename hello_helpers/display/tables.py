"""Tables: facts about an ArmoniK object, or a list of them, as HTML and as plain text."""

from __future__ import annotations

import datetime
import html
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

from hello_helpers.display.signs import LOOKS, State

LEFT = ' style="text-align: left"'

LONGEST = 2000
"""Characters that are shown of a value: others may have chosen it, an error for example."""


@dataclass(frozen=True)
class Table:
    """A small table; the first column names its rows.

    Attributes:
        caption: what it shows.
        header: names of the columns.
        rows: as many texts each as there are columns.
        remark: what is said below it; "" for nothing.
    """

    caption: str
    header: Sequence[str]
    rows: Sequence[Sequence[str]]
    remark: str = ""

    def _repr_html_(self) -> str:
        head = "".join(f'<th scope="col"{LEFT}>{html.escape(name)}</th>' for name in self.header)
        body = "".join(
            "<tr>"
            f'<th scope="row"{LEFT}>{_cell(first)}</th>'
            + "".join(f"<td{LEFT}>{_cell(cell)}</td>" for cell in rest)
            + "</tr>"
            for first, *rest in self.rows
        )
        return (
            f'<table><caption style="text-align: left; white-space: nowrap">'
            f"{html.escape(self.caption)}</caption>"
            f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
            + (f"<p>{html.escape(self.remark)}</p>" if self.remark else "")
        )

    def __repr__(self) -> str:
        lines = [self.header, *self.rows]
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        padded = [map(str.ljust, line, widths) for line in lines]
        below = [self.remark] if self.remark else []
        return "\n".join([self.caption, *("  ".join(line).rstrip() for line in padded), *below])


def _cell(text: str) -> str:
    return text._repr_html_() if isinstance(text, State) else html.escape(text)


def facts(caption: str, thing: object, names: Iterable[str]) -> Table:
    """Show attributes of an object: ``facts("A task", task, ["status", "options.priority"])``.

    Args:
        caption: what it is.
        thing: for example what ``ArmoniKSessions(channel).get_session(session_id)`` returns.
        names: attributes; a dot leads to an attribute of an attribute.
    """
    return Table(caption, ("field", "value"), [(name, text(_get(thing, name))) for name in names])


def listing(caption: str, things: Iterable[object], names: Sequence[str]) -> Table:
    """Show the same attributes of several objects, one row each."""
    rows = [[text(_get(thing, name)) for name in names] for thing in things]
    return Table(caption, names, rows)


def text(value: Any) -> str:
    """Return a value as people read it: names instead of numbers, seconds, times of this zone."""
    whole = _whole(value)
    return whole if len(whole) <= LONGEST else f"{whole[: LONGEST - 1]}…"


def _whole(value: Any) -> str:
    match value:
        case None | "":
            return "(empty)"
        case Enum():
            return State(value.name) if value.name in LOOKS else value.name
        case datetime.timedelta():
            return f"{value.total_seconds():g} seconds"
        case datetime.datetime():
            return value.astimezone().isoformat(" ", "seconds")
        case str():
            return value
        case Mapping():
            return ", ".join(f"{key}={text(item)}" for key, item in value.items()) or "(empty)"
        case Sequence():
            return ", ".join(map(text, value)) or "(empty)"
    return str(value)


def printable(text: str) -> str:
    """Escape what a terminal would obey instead of showing it, and bytes that are no text."""
    return "".join(
        sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in text
    )


def one_line(text: str, longest: int) -> str:
    """Return a text of somebody else as a line that breaks no table: `printable`, and cut."""
    line = printable(" ".join(text[: 10 * longest].split()))
    return line if len(line) <= longest else f"{line[: longest - 1]}…"


def _get(thing: object, name: str) -> Any:
    for part in name.split("."):
        thing = getattr(thing, part)
    return thing
