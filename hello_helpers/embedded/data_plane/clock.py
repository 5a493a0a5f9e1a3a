"""Instants and durations: nanoseconds in the tables, protobuf messages on the wire."""

from __future__ import annotations

import time

from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp

SECOND = 1_000_000_000
"""Nanoseconds in a second."""

LEAST, MOST = -(2**63), 2**63 - 1
"""Nanoseconds that an integer of SQLite can hold: 292 years each way."""

_last = 0


def now() -> int:
    """Return the present instant, in nanoseconds since 1970; never earlier than the call before.

    The system clock may be set back; the timestamps of a task must still be in order. Instants are
    whole microseconds, the finest that clients keep: a date that one has seen finds its task again.
    """
    global _last
    _last = max(_last, time.time_ns() // 1000 * 1000)
    return _last


def to_timestamp(instant: int | None) -> Timestamp | None:
    """Return the message for an instant; None stays None, so the field stays unset."""
    if instant is None:
        return None
    return Timestamp(seconds=instant // SECOND, nanos=instant % SECOND)


def to_duration(duration: int | None) -> Duration | None:
    """Return the message for a duration; None stays None."""
    if duration is None:
        return None
    seconds, nanos = divmod(abs(duration), SECOND)
    sign = -1 if duration < 0 else 1
    return Duration(seconds=sign * seconds, nanos=sign * nanos)


def from_message(message: Timestamp | Duration) -> int:
    """Return the nanoseconds of a message; of those beyond 292 years, the most that tables hold."""
    nanoseconds = int(message.seconds) * SECOND + int(message.nanos)
    return max(LEAST, min(nanoseconds, MOST))
