"""The wire format of the hello task: what a payload and a result look like as bytes.

ArmoniK carries bytes and never looks inside. Client and worker agree on what they mean, here: JSON
in UTF-8. This module is all that the two share; it needs nothing that has to be installed.

It stands for the module `common` that the original page's example imports, and writes the same
bytes. But there a task was split above 2 values; here above 100: the first hello is one task.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

from hello_helpers.errors import MessageError

DEFAULT_SUBTASK_THRESHOLD = 100

SECONDS_OPTION = "hello_seconds"
"""A task option: how long the hello worker takes at least, so that people can see it at work."""


@dataclass
class Payload:
    """What a client asks of the hello worker: the sum of these values.

    Attributes:
        values: numbers to add. Or, in a task that joins subtasks, the ids of their results.
        subtask_threshold: a task with more values than this is split in two.
    """

    values: Sequence[int | float] | Sequence[str]
    subtask_threshold: int = DEFAULT_SUBTASK_THRESHOLD

    @property
    def numbers(self) -> list[int | float]:
        """The values, if they are numbers; else nothing."""
        return [value for value in self.values if not isinstance(value, str)]

    @property
    def result_ids(self) -> list[str]:
        """The values, if they are ids of results; else nothing."""
        return [value for value in self.values if isinstance(value, str)]

    def serialize(self) -> bytes:
        """Return the payload as bytes, ready to be sent.

        Raises:
            MessageError: if the values are not all finite numbers, or all result ids.
        """
        _check_payload(self.values, self.subtask_threshold)
        return _dump({"values": self.values, "subtask_threshold": self.subtask_threshold})

    @classmethod
    def deserialize(cls, data: bytes) -> Payload:
        """Read a payload from bytes.

        Raises:
            MessageError: if the bytes are anything else; it says what was found.
        """
        fields = _load(data, "A payload", "values", "subtask_threshold")
        _check_payload(fields["values"], fields["subtask_threshold"])
        return cls(fields["values"], fields["subtask_threshold"])


@dataclass
class Result:
    """What the hello worker answers: the sum."""

    value: int | float

    def serialize(self) -> bytes:
        """Return the result as bytes.

        Raises:
            MessageError: if the value is not a finite number.
        """
        _check_number(self.value, "The value of a result")
        return _dump({"value": self.value})

    @classmethod
    def deserialize(cls, data: bytes) -> Result:
        """Read a result from bytes.

        Raises:
            MessageError: if the bytes are anything else; it says what was found.
        """
        fields = _load(data, "A result", "value")
        _check_number(fields["value"], "The value of a result")
        return cls(fields["value"])


def _check_payload(values: object, threshold: object) -> None:
    if not isinstance(values, (list, tuple)):
        raise MessageError(f"The values of a payload must be a list, not {_describe(values)}.")
    if not all(isinstance(value, str) for value in values):
        for value in values:
            _check_number(value, "Each value of a payload")
    if isinstance(threshold, bool) or not isinstance(threshold, int) or threshold < 1:
        raise MessageError(
            f"subtask_threshold must be a whole number from 1, not {_describe(threshold)}."
        )


def _check_number(value: object, what: str) -> None:
    # bool is an int for Python, but "true" is no number in JSON.
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise MessageError(f"{what} must be a number, not {_describe(value)}.")
    if isinstance(value, float) and not math.isfinite(value):
        raise MessageError(f"{what} must be a finite number, not {value}: JSON has no such number.")


def _dump(fields: dict[str, Any]) -> bytes:
    try:
        return json.dumps(fields).encode("utf-8")
    except ValueError as error:  # a whole number with thousands of digits
        raise MessageError(f"The values cannot be written as JSON: {error}.") from error


def _load(data: bytes, what: str, *keys: str) -> dict[str, Any]:
    expected = f"{what} is a JSON object with {' and '.join(keys)}"
    try:
        fields = json.loads(data.decode("utf-8"), parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        excerpt = f"{data[:40]!r}{'...' if len(data) > 40 else ''}"
        raise MessageError(f"{expected}; {excerpt} is not JSON: {error}.") from error
    if not isinstance(fields, dict):
        raise MessageError(f"{expected}; found {_describe(fields)}.")
    if fields.keys() != set(keys):
        raise MessageError(f"{expected}; found {', '.join(map(repr, fields)) or 'no key'}.")
    return fields


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a number in JSON")


def _describe(value: object) -> str:
    text = repr(value)
    return f"{text[:40]}{'...' if len(text) > 40 else ''} ({type(value).__name__})"
