"""What can be sorted by and filtered on: from the fields of ArmoniK's API to columns of the tables.

The API names a field by a message: ``TaskField``, ``SessionField``, ``ResultField``,
``PartitionField`` or ``ApplicationField``. Inside, a oneof says of which sort the field is (of the
object itself, of its task options, or one key of the options map), then comes a number of an
enumeration. The numbers are looked up by their names in ``*_fields.proto``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from armonik.protogen.common.applications_fields_pb2 import ApplicationRawEnumField
from armonik.protogen.common.partitions_fields_pb2 import PartitionRawEnumField
from armonik.protogen.common.results_fields_pb2 import ResultRawEnumField
from armonik.protogen.common.sessions_fields_pb2 import SessionRawEnumField
from armonik.protogen.common.tasks_fields_pb2 import TaskOptionEnumField, TaskSummaryEnumField

from ..errors import InvalidArgument


class Kind(Enum):
    """What a column holds. The value ends the name of the filter that fits: ``filter_<value>``."""

    STRING = "string"
    NUMBER = "number"
    DATE = "date"
    DURATION = "duration"
    STATUS = "status"
    BOOLEAN = "boolean"
    ARRAY = "array"
    SORT_ONLY = "nothing"


@dataclass(frozen=True)
class Column:
    """A column, or an expression that stands for one.

    Attributes:
        name: how messages call it: ``STATUS``, ``options['key']``.
        sql: the expression; ``parameters`` belong to its question marks.
        in_json: its strings are taken out of JSON, see `json_rows`.
    """

    name: str
    kind: Kind
    sql: str
    parameters: tuple[bytes, ...] = ()
    in_json: bool = False

    def encode(self, text: str) -> bytes:
        """Return a string as the column holds it, to be bound as ``CAST(? AS TEXT)``."""
        return encode_for_json(text) if self.in_json else text.encode()


@dataclass(frozen=True)
class Fields:
    """A kind of object that can be listed.

    Attributes:
        table: the table or view that holds one row for each.
        id_column: the column of the id.
        unique: columns that tell any two rows apart, in order of arrival if that is known.
        members: the columns, by member of the oneof and by number.
    """

    table: str
    id_column: str
    unique: tuple[str, ...]
    members: Mapping[str, Mapping[int, Column]]


GENERIC = "task_option_generic_field"
"""The member of the oneof that names a key of the options map."""

_NUL = "\\u0000"
_BACKSLASH = "\\\\"


def json_rows(column: str) -> str:
    """Return a call of json_each that keeps NUL characters, which older SQLite cuts strings at.

    A NUL is read as U+DC00, which no string of a protobuf message can hold. Pairs of backslashes
    are written differently first: the backslash of ``\\u0000`` is then the start of an escape.
    """
    return rf"json_each(replace(replace({column}, '{_BACKSLASH}', '\u005c'), '{_NUL}', '\udc00'))"


def encode_for_json(text: str) -> bytes:
    """Return a string as `json_rows` reads it."""
    return text.replace("\0", "\udc00").encode("utf-8", "surrogatepass")


def _option(key: str) -> Column:
    """Return the column for a key of the options map; NULL where the key is missing."""
    value = f"(SELECT value FROM {json_rows('options')} WHERE key = CAST(? AS TEXT))"
    return Column(f"options[{key!r}]", Kind.STRING, value, (encode_for_json(key),), in_json=True)


def _columns(
    enumeration: Any, prefix: str, names: Mapping[Kind, str], **columns: str
) -> dict[int, Column]:
    """Look up the numbers of fields; a column is called as its field, or as ``columns`` says."""
    return {
        enumeration.Value(prefix + name): Column(
            name, kind, columns.get(name, name.lower()), in_json=kind is Kind.ARRAY
        )
        for kind, listed in names.items()
        for name in listed.split()
    }


_TASK_OPTIONS = _columns(
    TaskOptionEnumField,
    "TASK_OPTION_ENUM_FIELD_",
    {
        Kind.STRING: "PARTITION_ID APPLICATION_NAME APPLICATION_VERSION APPLICATION_NAMESPACE"
        " APPLICATION_SERVICE ENGINE_TYPE",
        Kind.NUMBER: "MAX_RETRIES PRIORITY",
        Kind.DURATION: "MAX_DURATION",
    },
)

TASKS = Fields(
    table="task",
    id_column="task_id",
    unique=("seq",),
    members={
        "task_summary_field": _columns(
            TaskSummaryEnumField,
            "TASK_SUMMARY_ENUM_FIELD_",
            {
                Kind.STRING: "TASK_ID SESSION_ID OWNER_POD_ID INITIAL_TASK_ID POD_HOSTNAME ERROR"
                " PAYLOAD_ID CREATED_BY",
                Kind.STATUS: "STATUS",
                Kind.DATE: "CREATED_AT SUBMITTED_AT RECEIVED_AT ACQUIRED_AT FETCHED_AT STARTED_AT"
                " PROCESSED_AT ENDED_AT POD_TTL",
                Kind.DURATION: "CREATION_TO_END_DURATION PROCESSING_TO_END_DURATION"
                " RECEIVED_TO_END_DURATION",
            },
        ),
        "task_option_field": _TASK_OPTIONS,
        GENERIC: {},
    },
)

SESSIONS = Fields(
    table="session",
    id_column="session_id",
    unique=("rowid",),
    members={
        "session_raw_field": _columns(
            SessionRawEnumField,
            "SESSION_RAW_ENUM_FIELD_",
            {
                Kind.STRING: "SESSION_ID",
                Kind.STATUS: "STATUS",
                Kind.DATE: "CREATED_AT CANCELLED_AT CLOSED_AT PURGED_AT DELETED_AT",
                Kind.DURATION: "DURATION",
                Kind.BOOLEAN: "CLIENT_SUBMISSION WORKER_SUBMISSION",
                Kind.ARRAY: "PARTITION_IDS",
                Kind.SORT_ONLY: "OPTIONS",
            },
        ),
        "task_option_field": _TASK_OPTIONS,
        GENERIC: {},
    },
)

RESULTS = Fields(
    table="result",
    id_column="result_id",
    unique=("seq",),
    members={
        "result_raw_field": _columns(
            ResultRawEnumField,
            "RESULT_RAW_ENUM_FIELD_",
            {
                Kind.STRING: "RESULT_ID NAME SESSION_ID OWNER_TASK_ID CREATED_BY",
                Kind.STATUS: "STATUS",
                Kind.DATE: "CREATED_AT COMPLETED_AT",
                Kind.NUMBER: "SIZE",
                Kind.SORT_ONLY: "OPAQUE_ID MANUAL_DELETION",
            },
        ),
    },
)

PARTITIONS = Fields(
    table="partition",
    id_column="partition_id",
    unique=("rowid",),
    members={
        "partition_raw_field": _columns(
            PartitionRawEnumField,
            "PARTITION_RAW_ENUM_FIELD_",
            {
                Kind.STRING: "ID",
                Kind.NUMBER: "POD_RESERVED POD_MAX PREEMPTION_PERCENTAGE PRIORITY",
                Kind.ARRAY: "PARENT_PARTITION_IDS",
            },
            ID="partition_id",
        ),
    },
)

APPLICATIONS = Fields(
    table="application",
    id_column="name",  # an application has no id: its four names together are one
    unique=("name", "version", "namespace", "service"),
    members={
        "application_field": _columns(
            ApplicationRawEnumField,
            "APPLICATION_RAW_ENUM_FIELD_",
            {Kind.STRING: "NAME VERSION NAMESPACE SERVICE"},
        ),
    },
)


def column(fields: Fields, message: Any) -> Column:
    """Return the column that a field message names.

    Args:
        message: a ``TaskField``, ``SessionField``, ``ResultField``, … as ``fields`` says.

    Raises:
        InvalidArgument: the message is empty, or its number is UNSPECIFIED or unknown.
    """
    member = message.WhichOneof("field")
    if member is None:
        raise InvalidArgument(f"A {message.DESCRIPTOR.name} is empty: it names no field")
    named = getattr(message, member).field
    if member == GENERIC:
        return _option(named)
    try:
        return fields.members[member][named]
    except KeyError:
        known = ", ".join(known.name for known in fields.members[member].values())
        wrong = "the field is UNSPECIFIED" if named == 0 else f"there is no field {named}"
        raise InvalidArgument(f"{member}: {wrong}; choose one of {known}") from None
