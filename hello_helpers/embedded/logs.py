r"""The log: as text for people, or as one JSON object a line for programs.

Log lines hold names and ids that clients have chosen. A text like ``x\n2026-01-01 … INFO All is
well`` must not look like a line of its own: in text, whatever follows the first line of a record is
indented, and what cannot be seen is escaped. JSON escapes both by itself.
"""

from __future__ import annotations

import datetime
import json
import logging
from collections.abc import Callable

CONTINUED = "    "
"""What the second and later lines of a record start with."""

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
"""What every record has; the rest are fields that were given as ``extra``."""


class TextFormatter(logging.Formatter):
    """Time, level, message; further lines of a message, or of a traceback, are indented."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)-7s %(message)s")

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as one or more lines."""
        return f"\n{CONTINUED}".join(map(_visible, super().format(record).split("\n")))


class JsonFormatter(logging.Formatter):
    """One JSON object a line: time (UTC), level, logger, message, exception, and all fields."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as one line."""
        time = datetime.datetime.fromtimestamp(record.created, datetime.timezone.utc)
        entry = {name: value for name, value in vars(record).items() if name not in _STANDARD}
        entry |= {
            "time": time.isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            entry["exception"] = self.formatException(record.exc_info)
        return json.dumps(entry, default=str)


FORMATS: dict[str, Callable[[], logging.Formatter]] = {"text": TextFormatter, "json": JsonFormatter}


def log_to(handler: logging.Handler, log_format: str = "text") -> None:
    """Send the log of this process, from INFO on, to a handler.

    Args:
        log_format: one of `FORMATS`.
    """
    handler.setFormatter(FORMATS[log_format]())
    handler.addFilter(_matters)
    logging.basicConfig(level=logging.INFO, handlers=[handler])


def _matters(record: logging.LogRecord) -> bool:
    """Pass over what gRPC says, with a traceback, when a client hangs up amid a stream: it may."""
    kind = record.exc_info[0] if record.exc_info else None
    return kind is None or kind.__name__ != "ExecuteBatchError"


def _visible(line: str) -> str:
    """Return a line in which everything can be seen: control characters are escaped."""
    return "".join(
        character
        if character.isprintable() or character == "\t"
        else character.encode("unicode_escape").decode("ascii")
        for character in line
    )
