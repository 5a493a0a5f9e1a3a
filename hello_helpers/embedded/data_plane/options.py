"""Task options: what they are, how they are merged, and their form in tables and messages."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from functools import lru_cache
from typing import Any

from armonik.protogen.common.objects_pb2 import TaskOptions as TaskOptionsMessage

from .clock import from_message, to_duration


@dataclass(frozen=True)
class TaskOptions:
    """The options of a task; a session holds the defaults of its tasks.

    Attributes:
        max_duration: time limit of one attempt, in nanoseconds.
        max_retries: how many times a crashed attempt is repeated.
        priority: larger runs first, within a partition.
    """

    max_duration: int = 0
    max_retries: int = 0
    priority: int = 0
    partition_id: str = ""
    application_name: str = ""
    application_version: str = ""
    application_namespace: str = ""
    application_service: str = ""
    engine_type: str = ""
    options: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def from_message(cls, message: TaskOptionsMessage) -> TaskOptions:
        """Read the protobuf message."""
        return cls(
            from_message(message.max_duration),
            message.max_retries,
            message.priority,
            message.partition_id,
            message.application_name,
            message.application_version,
            message.application_namespace,
            message.application_service,
            message.engine_type,
            dict(message.options),
        )

    @classmethod
    def given_in(cls, message: Any) -> TaskOptions | None:
        """Read the ``task_options`` of a message that may have some; None if it has none."""
        return cls.from_message(message.task_options) if message.HasField("task_options") else None

    @classmethod
    def from_row(cls, row: sqlite3.Row | Mapping[str, Any]) -> TaskOptions:
        """Read the columns of a session or task."""
        plain = {name: row[name] for name in COLUMNS[:-1]}
        return cls(**plain, options=json.loads(row["options"]))

    def columns(self) -> tuple[object, ...]:
        """Return the values of `COLUMNS`, ready to be bound."""
        return (
            self.max_duration,
            self.max_retries,
            self.priority,
            self.partition_id,
            self.application_name,
            self.application_version,
            self.application_namespace,
            self.application_service,
            self.engine_type,
            json.dumps(dict(self.options)) if self.options else "{}",
        )

    def to_message(self) -> TaskOptionsMessage:
        """Write the protobuf message."""
        return TaskOptionsMessage(
            max_duration=to_duration(self.max_duration),
            max_retries=self.max_retries,
            priority=self.priority,
            partition_id=self.partition_id,
            application_name=self.application_name,
            application_version=self.application_version,
            application_namespace=self.application_namespace,
            application_service=self.application_service,
            engine_type=self.engine_type,
            options=dict(self.options),
        )

    def over(self, base: TaskOptions) -> TaskOptions:
        """Merge: what is given here wins over ``base``; maps are merged key by key.

        Zero durations, zero retries and empty strings mean "inherit". The priority is never
        inherited: whoever gives options gives their priority, even 0. That is ArmoniK's rule.
        """
        inherited = {
            f.name: getattr(base, f.name)
            for f in fields(self)
            if f.name not in ("priority", "options") and not getattr(self, f.name)
        }
        return replace(self, **inherited, options={**base.options, **self.options})


COLUMNS = tuple(f.name for f in fields(TaskOptions))
"""The columns of task options, in the tables of sessions and tasks alike."""


def message_of(row: sqlite3.Row) -> TaskOptionsMessage:
    """Return the options in a row as protobuf message; it must not be changed.

    The tasks of a session mostly have the same, so they are not made anew for each.
    """
    values = tuple(row[name] for name in COLUMNS)
    is_short = sum(map(len, values[_FIRST_TEXT:])) < SHORT
    return _kept_message(values) if is_short else _kept_message.__wrapped__(values)


SHORT = 1_000
"""Characters of names and labels up to which a message is kept in mind."""

_FIRST_TEXT = COLUMNS.index("partition_id")


@lru_cache(256)
def _kept_message(values: tuple[Any, ...]) -> TaskOptionsMessage:
    return TaskOptions.from_row(dict(zip(COLUMNS, values, strict=True))).to_message()
