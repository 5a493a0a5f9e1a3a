"""The objects that can be listed, seen through the API alone, and tables full of random rows.

Everything here comes from ArmoniK's own descriptions (field messages, enumerations, the messages
that a client gets), nothing from `hello_helpers.embedded.data_plane.fields`: so tests can compare
what a filter finds with what a client sees.
"""

from __future__ import annotations

import json
import random
import sqlite3
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib import resources
from types import ModuleType
from typing import Any, NamedTuple

from armonik.protogen.common import (
    applications_common_pb2,
    applications_filters_pb2,
    partitions_common_pb2,
    partitions_filters_pb2,
    results_common_pb2,
    results_filters_pb2,
    sessions_common_pb2,
    sessions_filters_pb2,
    tasks_common_pb2,
    tasks_filters_pb2,
)
from armonik.protogen.common.objects_pb2 import TaskOptions
from google.protobuf.descriptor import FieldDescriptor

from hello_helpers.embedded import data_plane
from hello_helpers.embedded.control_plane import messages
from hello_helpers.embedded.data_plane.database import Transaction
from hello_helpers.embedded.data_plane.fields import (
    APPLICATIONS,
    PARTITIONS,
    RESULTS,
    SESSIONS,
    TASKS,
    Fields,
)

STRINGS = (
    *("", "a", "A", "b", "ab", "ba", "aab", "a%", "%", "_", "a_b", "*", "[a]", "1", "null"),
    *(
        "\0",
        "a\0",
        "a\0b",
        "\0\0",
        "\\u0000",
        "a\\",
        "\\",
        '"',
        "x'y\"z",
        "a.b",
        "$.a",
        "a b",
        "\n",
    ),
    *("é", "É", "e\u0301", "\u00df", "\ufeff", "\uffff", "\U0001f600", "a\0\U0001f600\0", "\u202e"),
)
KEYS = ("", "a", "A", "a\0", "a\0b", "\\u0000", '"', "a.b", "$.a", "\U0001f600")
"""Keys of the options map."""

SECOND = 10**9
INSTANTS = (0, 1, -1, 5, SECOND, SECOND - 1, -SECOND, 1_700_000_000 * SECOND, 2**63 - 1, -(2**63))
NUMBERS = (0, 1, 2, 3, -1, 1000, 2**31 - 1, -(2**31))
STATUSES = (1, 2, 3, 4, 5)


class Field(NamedTuple):
    """A field that the API can name."""

    member: str
    number: int | None
    """None stands for a key of the options map."""
    name: str
    kind: str
    """string, number, date, …; "" if one can only sort by it."""


@dataclass(frozen=True, eq=False)
class Listed:
    """A kind of object: how the API names it, and how this package does."""

    fields: Fields
    filters: ModuleType
    shown: type[Any]
    """The message in which a client sees one."""
    request: type[Any]
    show: Callable[[sqlite3.Row], Any]
    table: str

    def __str__(self) -> str:
        return f"{self.fields.table}s"

    @property
    def field_message(self) -> type[Any]:
        """Return TaskField, SessionField, …"""
        described = self.filters.FilterField.DESCRIPTOR.fields_by_name["field"]
        return described.message_type._concrete_class

    def named(self, field: Field, key: str = "") -> Any:
        """Return the message that names a field."""
        value = key if field.number is None else field.number
        return self.field_message(**{field.member: {"field": value}})

    def every_field(self) -> list[Field]:
        """Return every field that the API can name."""
        found = []
        for member in self.field_message.DESCRIPTOR.oneofs_by_name["field"].fields:
            described = member.message_type.fields_by_name["field"]
            if described.enum_type is None:
                found.append(Field(member.name, None, "options[key]", "string"))
                continue
            for value in described.enum_type.values:
                if value.number:
                    name = value.name.split("_ENUM_FIELD_")[1]
                    found.append(Field(member.name, value.number, name, self._kind(member, name)))
        return found

    def filterable(self) -> list[Field]:
        """Return every field that one can filter on."""
        return [field for field in self.every_field() if field.kind]

    def _kind(self, member: FieldDescriptor, name: str) -> str:
        shown = TaskOptions if member.name == "task_option_field" else self.shown
        described = shown.DESCRIPTOR.fields_by_name[attribute(name)]
        if name in ("OPTIONS", "OPAQUE_ID", "MANUAL_DELETION"):
            return ""
        if described.message_type is not None:
            return {"Timestamp": "date", "Duration": "duration"}[described.message_type.name]
        if described.enum_type is not None:
            return "status"
        if described.cpp_type == FieldDescriptor.CPPTYPE_STRING:
            return "array" if is_repeated(described) else "string"
        return "boolean" if described.cpp_type == FieldDescriptor.CPPTYPE_BOOL else "number"

    def value(self, seen: Any, field: Field, key: str = "") -> Any:
        """Return what a client sees in a field: nanoseconds for times, None if it is unset."""
        if field.number is None:
            return seen.options.options.get(key)
        if field.member == "task_option_field":
            seen = seen.options
        name = attribute(field.name)
        if field.kind not in ("date", "duration"):
            return getattr(seen, name)
        if not seen.HasField(name):
            return None
        time = getattr(seen, name)
        return time.seconds * SECOND + time.nanos


def is_repeated(described: FieldDescriptor) -> bool:
    try:
        return bool(described.is_repeated)
    except AttributeError:  # protobuf before 6.31
        return bool(described.label == FieldDescriptor.LABEL_REPEATED)


def attribute(name: str) -> str:
    """Return the attribute that shows a field, in the message that a client sees."""
    return {"TASK_ID": "id"}.get(name, name.lower())


def show_application(row: sqlite3.Row) -> Any:
    return applications_common_pb2.ApplicationRaw(**row)


ALL = (
    Listed(
        TASKS,
        tasks_filters_pb2,
        tasks_common_pb2.TaskSummary,
        tasks_common_pb2.ListTasksRequest,
        messages.task_summary,
        "task",
    ),
    Listed(
        SESSIONS,
        sessions_filters_pb2,
        sessions_common_pb2.SessionRaw,
        sessions_common_pb2.ListSessionsRequest,
        messages.session_raw,
        "session",
    ),
    Listed(
        RESULTS,
        results_filters_pb2,
        results_common_pb2.ResultRaw,
        results_common_pb2.ListResultsRequest,
        messages.result_raw,
        "result",
    ),
    Listed(
        PARTITIONS,
        partitions_filters_pb2,
        partitions_common_pb2.PartitionRaw,
        partitions_common_pb2.ListPartitionsRequest,
        messages.partition_raw,
        "partition",
    ),
    Listed(
        APPLICATIONS,
        applications_filters_pb2,
        applications_common_pb2.ApplicationRaw,
        applications_common_pb2.ListApplicationsRequest,
        show_application,
        "task",
    ),
)
LISTED_TASKS, LISTED_SESSIONS, LISTED_RESULTS, LISTED_PARTITIONS, LISTED_APPLICATIONS = ALL


def empty_tables() -> sqlite3.Connection:
    """Return the tables of the embedded ArmoniK, in memory."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    connection.row_factory = sqlite3.Row
    schema = resources.files(data_plane).joinpath("schema.sql").read_text("utf-8")
    connection.executescript(schema)
    return connection


def fill(connection: sqlite3.Connection | Transaction, rows: int, seed: int = 0) -> None:
    """Put random rows in every table."""
    rng = random.Random(seed)
    for table in ("task", "session", "result", "partition"):
        columns = [
            column
            for column in connection.execute(f"PRAGMA table_info('{table}')")
            if column["name"] != "seq"
        ]
        names = [column["name"] for column in columns]
        ids = rng.sample([*STRINGS, *(f"id-{number}" for number in range(rows))], rows)
        for unique in ids:
            values = [random_value(rng, column) for column in columns]
            values[names.index(f"{table}_id")] = unique
            insert(connection, table, dict(zip(names, values, strict=True)))


def insert(connection: sqlite3.Connection | Transaction, table: str, row: dict[str, Any]) -> None:
    """Put one row in a table."""
    connection.execute(
        f"INSERT INTO {table} ({', '.join(row)}) VALUES ({', '.join('?' for _ in row)})",
        list(row.values()),
    )


def insert_tasks(
    connection: sqlite3.Connection | Transaction, rows: Iterable[dict[str, Any]]
) -> None:
    """Put tasks in the table; whatever is not given is random."""
    rng = random.Random(1)
    columns = [c for c in connection.execute("PRAGMA table_info('task')") if c["name"] != "seq"]
    for row in rows:
        insert(connection, "task", {c["name"]: random_value(rng, c) for c in columns} | row)


def random_value(rng: random.Random, column: sqlite3.Row) -> Any:
    """Return a value that fits a column of the schema."""
    name = column["name"]
    if not column["notnull"] and rng.random() < 0.3:
        return None
    if name == "options":
        keys = rng.sample(KEYS, rng.randrange(len(KEYS)))
        return json.dumps({key: rng.choice(STRINGS) for key in keys})
    if name == "pod_configuration":
        return "{}"
    if name.endswith("_ids") or name == "data_dependencies":
        return json.dumps(rng.sample(STRINGS, rng.randrange(4)))
    if column["type"] == "TEXT":
        return rng.choice(STRINGS)
    if column["type"] == "BLOB":
        return rng.randbytes(2)
    if name in ("client_submission", "worker_submission", "manual_deletion", "success"):
        return rng.randrange(2)
    if name == "status":
        return rng.choice(STATUSES)
    if name.endswith(("_at", "_ttl", "duration")):
        return rng.choice(INSTANTS)
    return rng.choice(NUMBERS)
