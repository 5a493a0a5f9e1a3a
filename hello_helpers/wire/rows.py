"""Calls on the wire as rows, in the order in which they began; repeated calls share a row."""

from __future__ import annotations

import dataclasses
import itertools
import statistics
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from hello_helpers.wire.calls import OK, Call, Messages

MOST_ROWS = 14
"""With more, calls of the same kind share a row wherever they are, and not only neighbours."""

SMALLEST_RUN = 3
"""So many neighbours of the same kind share a row in any case."""

LONGEST_DETAILS = 300


@dataclass(frozen=True)
class Row:
    """One call, or several of the same method and the same status, or all of a helper.

    Attributes:
        first: the call, or the first of them.
        count: how many they are.
        seconds: how long it took, in the median; None while one of them is open.
        requests, responses: their messages; for several calls without times.
        methods: of a helper, and how often each.
        failed: how many of a helper's calls have.
    """

    first: Call
    count: int
    seconds: float | None
    requests: Messages
    responses: Messages
    methods: str = ""
    failed: int = 0

    @property
    def name(self) -> str:
        """The method, and how many calls, if there are several; or a helper, and its calls."""
        if self.first.by:
            return f"{self.first.by}: {self.methods}"
        return one_line(self.first.name) + _times(self.count)

    @property
    def short_status(self) -> str:
        """How it ended, as a sign and a word."""
        if self.first.by:
            return "\N{CHECK MARK} OK"  # if one gets no answer, it is made again
        if self.first.is_open:
            return "\N{WHITE CIRCLE} open"
        if self.first.code == OK:
            return "\N{CHECK MARK} OK"
        return "\N{BLACK SQUARE} ended" if self.first.was_stopped else "\N{MULTIPLICATION X} failed"

    @property
    def reason(self) -> str:
        """What else there is to say of it: gRPC's status and its details; "" if it is OK.

        A stream that the client has read enough of is CANCELLED for gRPC, and yet all is well.
        """
        if self.first.by:
            return f"{self.failed} of {self.count} had no answer" if self.failed else ""
        if self.first.is_open or self.first.code == OK:
            return ""
        if self.first.was_stopped:
            return "the client had read enough"
        return one_line(f"{self.first.code}: {self.first.details}".removesuffix(": "))

    @property
    def status(self) -> str:
        """Both."""
        return f"{self.short_status}, {self.reason}" if self.reason else self.short_status

    @property
    def took(self) -> str:
        """How long, in words."""
        if self.seconds is None:
            return "not over yet"
        return ("median " if self.count > 1 else "") + ms(self.seconds)

    @property
    def sent(self) -> str:
        """Size and number of the requests, in words."""
        return self._messages(self.requests, self.first.streams_requests)

    @property
    def received(self) -> str:
        """The same of the responses."""
        return self._messages(self.responses, self.first.streams_responses)

    def _messages(self, messages: Messages, is_stream: bool) -> str:
        if not messages.count:
            return "no message"
        in_all = " in all" if self.count > 1 else ""
        if not is_stream:
            return size(messages.size) + in_all
        text = f"{many(messages.count, 'message')}, {size(messages.size)}{in_all}"
        if messages.times:
            first = ms(messages.times[0] - self.first.began)
            if messages.count == 1:
                return f"{text}, after {first}"
            text += f", from {first} to {ms(messages.times[-1] - self.first.began)}"
        return text


def rows(calls: Sequence[Call]) -> tuple[Row, ...]:
    """Return the rows for these calls; each helper has one, and they are the last."""
    helpers: dict[str, list[Call]] = {}
    for call in calls:
        if call.by:
            helpers.setdefault(call.by, []).append(call)
    calls = [call for call in calls if not call.by]
    runs = [list(run) for _, run in itertools.groupby(calls, _kind)]
    shared = [[run] if len(run) >= SMALLEST_RUN else [[call] for call in run] for run in runs]
    found = [_row(each) for each in itertools.chain.from_iterable(shared)]
    if len(found) > MOST_ROWS:
        kinds: dict[tuple[object, ...], list[Call]] = {}
        for call in calls:
            kinds.setdefault(_kind(call), []).append(call)
        found = [_row(kind) for kind in kinds.values()]
    return (*found, *map(_helper_row, helpers.values()))


def _helper_row(calls: Sequence[Call]) -> Row:
    counts = Counter(call.method for call in calls)
    return dataclasses.replace(
        _row(calls),
        methods=", ".join(f"{method}{_times(count)}" for method, count in counts.items()),
        failed=sum(not (call.is_open or call.was_stopped or call.code == OK) for call in calls),
    )


def _times(count: int) -> str:
    return f" \N{MULTIPLICATION SIGN} {count:,}" if count > 1 else ""


def _kind(call: Call) -> tuple[object, ...]:
    return (call.service, call.method, call.code, call.was_stopped, call.is_open)


def _row(calls: Sequence[Call]) -> Row:
    first = calls[0]
    if len(calls) == 1:
        return Row(first, 1, first.seconds, first.requests, first.responses)
    took = [call.seconds for call in calls if call.seconds is not None]
    return Row(
        first,
        len(calls),
        statistics.median(took) if len(took) == len(calls) else None,
        _sum(call.requests for call in calls),
        _sum(call.responses for call in calls),
    )


def _sum(parts: Iterable[Messages]) -> Messages:
    found = list(parts)
    return Messages(sum(part.count for part in found), sum(part.size for part in found))


def ms(seconds: float) -> str:
    """Return a time as people read it, in eight characters at most."""
    if seconds >= 1:
        return f"{seconds:.2f} s" if seconds < 100 else f"{seconds:,.0f} s"
    return f"{1000 * seconds:.1f} ms" if seconds < 0.1 else f"{1000 * seconds:.0f} ms"


def size(count: int) -> str:
    """Return a number of bytes as people read it."""
    for unit, name in ((1_000_000, "MB"), (1_000, "kB")):
        if count >= unit:
            return f"{count / unit:,.1f} {name}"
    return f"{count} B"


def many(count: int, what: str) -> str:
    """Return a number of things."""
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def one_line(text: str) -> str:
    """Return a text from outside without what a picture cannot hold, and not too long."""
    text = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return text if len(text) <= LONGEST_DETAILS else f"{text[:LONGEST_DETAILS]}..."
