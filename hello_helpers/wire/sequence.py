"""The calls on the wire as a sequence: client on the left, control plane on the right."""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass

from hello_helpers.display.drawing import LINE, Arrow, Box, Label, Part, Picture, Point
from hello_helpers.display.tables import Table
from hello_helpers.wire.calls import OK, Call, Messages
from hello_helpers.wire.rows import Row, many, ms, rows, size

CLIENT, CONTROL, WIDTH = 64, 440, 560
"""Pixels: where the two lines are, and the width. A window of 900 pixels shows all of it."""

HEADER, ARROW, LANE, GAP = 62, 24, 46, 14
"""Pixels: heights of the boxes on top, of a message, of a stream; between two calls."""

DRAWN_ROWS = 30
"""More kinds of calls than that are only in the table."""

LONGEST_LINE = 50
"""Characters of a line between client and control plane."""

SMALLEST = 0.8
"""How small the picture may be drawn, so that its text can still be read."""


@dataclass(frozen=True)
class CallSequence:
    """A picture, a sentence and a table; a cell that ends with it shows all three."""

    sentence: str
    table: Table
    picture: Picture | None

    def _repr_html_(self) -> str:
        rest = (
            f"<p>{html.escape(self.sentence)}</p>"
            "<details><summary>The same as a table</summary>"
            f"{self.table._repr_html_()}</details>"
        )
        if self.picture is None:
            return f"<p>{html.escape(self.sentence)}</p>"
        return self.picture.area(SMALLEST) + rest

    def __repr__(self) -> str:
        return f"{self.sentence}\n{self.table!r}" if self.picture else self.sentence


def sequence(calls: Sequence[Call], left_out: int = 0) -> CallSequence:
    """Return what these calls look like.

    Args:
        calls: in the order in which they began.
        left_out: how many more were made.
    """
    found = rows(calls)
    words = _sentence(calls, found, left_out)
    return CallSequence(words, _table(found), _draw(found, words) if found else None)


def _sentence(calls: Sequence[Call], found: Sequence[Row], left_out: int) -> str:
    if not calls:
        return "No call was made."
    ends = [call.began if call.ended is None else call.ended for call in calls]
    sent = sum(call.requests.size for call in calls)
    received = sum(call.responses.size for call in calls)
    still_open = sum(call.is_open for call in calls)
    stopped = sum(call.was_stopped for call in calls)
    failed = sum(
        not (call.by or call.is_open or call.was_stopped or call.code == OK) for call in calls
    )
    sentences = [
        (
            True,
            f"{many(len(calls), 'call')} in {ms(max(ends) - calls[0].began)}: {size(sent)} sent, "
            f"{size(received)} received.",
        ),
        (still_open, f"Still open: {still_open}."),
        (
            stopped,
            f"{many(stopped, 'stream')} {'was' if stopped == 1 else 'were'} ended by the client, "
            "which had read enough: that is no error.",
        ),
        (failed, f"Failed: {failed}."),
        (any(row.count > 1 for row in found), "Calls of the same kind share a row."),
        (
            any(row.first.by for row in found),
            "A row with a helper's name holds the calls that it makes besides.",
        ),
        (
            any(row.count == 1 and row.first.is_stream and not row.first.by for row in found),
            "A bar is a stream: time runs to the right, and each tick is a message.",
        ),
        (len(found) > DRAWN_ROWS, f"The picture shows the first {DRAWN_ROWS} rows."),
        (left_out, f"There were {left_out:,} more, which are not recorded."),
    ]
    return " ".join(sentence for is_so, sentence in sentences if is_so)


def _table(found: Sequence[Row]) -> Table:
    header = ("call", "began at", "took", "sent", "received", "status")
    return Table(
        "The calls, in the order in which they began",
        header,
        [
            (
                row.name,
                ms(row.first.began),
                row.took,
                row.sent,
                row.received,
                row.status,
            )
            for row in found
        ],
    )


def _draw(found: Sequence[Row], sentence: str) -> Picture:
    parts: list[Part] = []
    y: float = HEADER
    for row in found[:DRAWN_ROWS]:
        drawn, height = _draw_row(row, y)
        parts += drawn
        y += height + GAP
    lines = [_Line(Point(x, HEADER - 12), Point(x, y)) for x in (CLIENT, CONTROL)]
    heads = [
        Box(CLIENT - 54, 2, 108, 44, ["Client", "this notebook"]),
        Box(CONTROL - 62, 2, 124, 44, ["Control plane", "of ArmoniK"]),
    ]
    words = [
        f"At {ms(row.first.began)}: {row.name}; sent: {row.sent}; received: {row.received}; "
        f"took: {row.took}; status: {row.status}."
        for row in found[:DRAWN_ROWS]
    ]
    return Picture(
        "The calls on the wire", [sentence, *words], WIDTH, y + 4, [*lines, *heads, *parts]
    )


def _draw_row(row: Row, y: float) -> tuple[list[Part], float]:
    """Return the parts of a row whose top is at `y`, and its height."""
    parts: list[Part] = [
        Label(Point(CLIENT - 6, y + 18), ms(row.first.began), anchor="end"),
        Label(Point(CLIENT + 10, y + 14), _short(row.name), bold=True, anchor="start"),
        Label(Point(CONTROL + 10, y + 18), row.short_status, bold=True, anchor="start"),
        Label(Point(CONTROL + 10, y + 18 + LINE), row.took, anchor="start"),
    ]
    top = y
    if row.first.streams_requests or len(row.name) + len(row.sent) > LONGEST_LINE - 4:
        y += LINE + 2  # the name needs a line of its own
    y = _draw_direction(parts, row, row.requests, row.sent, y, outward=True)
    y = _draw_direction(parts, row, row.responses, row.received, y, outward=False)
    if row.reason:
        parts.append(Label(Point(CLIENT + 10, y + 12), _short(row.reason), anchor="start"))
        y += LINE
    return parts, max(y - top, 2 * LINE + 6)


def _draw_direction(
    parts: list[Part], row: Row, messages: Messages, words: str, y: float, outward: bool
) -> float:
    """Add the messages in one direction, from `y` down; return where they end."""
    is_stream = row.first.streams_requests if outward else row.first.streams_responses
    if is_stream and row.count == 1:
        parts += _lane(row, messages, y, outward)
        parts.append(Label(Point(CONTROL - 12, y + LANE - 4), words, anchor="end"))
        return y + LANE
    if messages.count:
        parts.append(Label(Point(CONTROL - 12, y + 14), words, anchor="end"))
        shifts = (0, 4) if row.count > 1 else (0,)  # two lines: several calls
        parts += [_arrow(y + 20 + shift, outward) for shift in shifts]
        return y + ARROW + shifts[-1]
    return y


def _arrow(y: float, outward: bool) -> Arrow:
    client, control = Point(CLIENT, y), Point(CONTROL, y)
    return Arrow([client, control] if outward else [control, client], dashed=not outward)


def _lane(row: Row, messages: Messages, y: float, outward: bool) -> list[Part]:
    """A lane for a stream: time runs to the right, each message is a tick."""
    left, right, top, height = CLIENT + 10, CONTROL - 10, y + 6, 20
    over = row.first.ended
    if over is None:  # there may be more to come: leave room behind the last one
        last = max(messages.times, default=row.first.began)
        over = last + (last - row.first.began) / 4
    scale = (right - left - 4) / max(over - row.first.began, 1e-6)
    places = {  # no two ticks in one place
        left + 2 + round(min(max(time - row.first.began, 0) * scale, right - left - 4))
        for time in messages.times
    }
    ticks: list[Part] = [
        _Line(Point(x, top + 3), Point(x, top + height - 3), dashed=False, thick=True)
        for x in sorted(places)
    ]
    box = Box(left, top, right - left, height, [], dashed=row.first.is_open)
    return [*_ways(top + height / 2, left, right, outward), box, *ticks]


def _ways(y: float, left: float, right: float, outward: bool) -> list[Part]:
    """Lines from where a stream comes, and to where it goes; in the lane itself time runs."""
    if outward:
        return [
            _Line(Point(CLIENT, y), Point(left, y)),
            Arrow([Point(right, y), Point(CONTROL, y)]),
        ]
    return [_Line(Point(right, y), Point(CONTROL, y)), Arrow([Point(left, y), Point(CLIENT, y)])]


def _short(line: str) -> str:
    return line if len(line) <= LONGEST_LINE else f"{line[: LONGEST_LINE - 3]}..."


@dataclass(frozen=True)
class _Line:
    """A line from one place to another."""

    start: Point
    end: Point
    dashed: bool = True
    thick: bool = False

    def svg(self) -> str:
        """Return the line."""
        dashes = ' stroke-dasharray="2 4"' if self.dashed else ""
        width = 2 if self.thick else 1
        return (
            f'<line x1="{self.start.x:.1f}" y1="{self.start.y:.1f}" x2="{self.end.x:.1f}" '
            f'y2="{self.end.y:.1f}" stroke="currentColor" stroke-width="{width}"{dashes}/>'
        )
