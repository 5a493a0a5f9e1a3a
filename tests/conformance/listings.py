"""The lists of ArmoniK, described once: how to ask for one, and every field of its objects.

A `Listing` is one List method; a `Field` is something its objects can be filtered and sorted by,
with the kind of condition it takes and how to read its value from a listed object.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from armonik.protogen.common import (
    applications_common_pb2,
    applications_fields_pb2,
    applications_filters_pb2,
    partitions_common_pb2,
    partitions_fields_pb2,
    partitions_filters_pb2,
    results_common_pb2,
    results_fields_pb2,
    results_filters_pb2,
    sessions_common_pb2,
    sessions_fields_pb2,
    sessions_filters_pb2,
    tasks_common_pb2,
    tasks_fields_pb2,
    tasks_filters_pb2,
)
from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp

from .driver import ArmoniK

ASC, DESC = 1, 2
INSTANTS_AND_SPANS = {"date": Timestamp, "duration": Duration}  # compared in nanoseconds


@dataclass(frozen=True)
class Field:
    """One field: `message` names it in requests, `kind` says which condition it takes."""

    name: str
    kind: str  # string, number, date, duration, status, boolean or array
    message: Any
    read: Callable[[Any], Any]  # a value to compare, or None where the object has none

    def condition(self, listing: Listing, operator: int, value: Any) -> Any:
        """The filter "this field `operator` `value`"."""
        if self.kind in INSTANTS_AND_SPANS:
            nanoseconds, value = value, INSTANTS_AND_SPANS[self.kind]()
            value.FromNanoseconds(nanoseconds)
        condition = {f"filter_{self.kind}": {"value": value, "operator": operator}}
        return listing.filters.FilterField(field=self.message, **condition)


@dataclass(frozen=True)
class Listing:
    """One List method."""

    name: str
    service: str  # the attribute of ArmoniK
    method: str
    request: Any  # the class of its requests
    filters: Any  # the module with Filters and FilterField
    rows: str  # the field of the reply that holds the objects
    key: Callable[[Any], Any]  # what tells one object from another
    fields: tuple[Field, ...]

    def ask(
        self,
        *conjunctions: list[Any],
        sort: Field | None = None,
        direction: int = ASC,
        page: int = 0,
        page_size: int = 1000,
    ) -> Any:
        """A request: lists of conditions, each list an `and`, between them `or`."""
        field = (sort or self.fields[0]).message
        fields = {"fields": [field]} if self.name == "applications" else {"field": field}
        return self.request(
            page=page,
            page_size=page_size,
            filters={"or": [{"and": conditions} for conditions in conjunctions]},
            sort={**fields, "direction": direction},
        )

    def call(self, armonik: ArmoniK, request: Any) -> Any:
        return getattr(getattr(armonik, self.service), self.method)(request)

    def list(self, armonik: ArmoniK, *conjunctions: list[Any], **how: Any) -> list[Any]:
        """The objects that match."""
        return list(getattr(self.call(armonik, self.ask(*conjunctions, **how)), self.rows))

    def field(self, name: str) -> Field:
        return next(field for field in self.fields if field.name == name)


def _fields(
    kinds: str, enum: Any, prefix: str, message: Callable[[int], Any], inside: str = ""
) -> Iterator[Field]:
    """Fields by lines "kind: NAME NAME": a NAME is the end of a number in `enum`.

    `inside` is the attribute of the object that holds the values, for example its options.
    """
    for line in kinds.strip().splitlines():
        kind, names = line.split(":")
        for name in names.split():
            yield Field(
                f"{inside}.{name}".lower().lstrip("."),
                kind.strip(),
                message(enum.Value(prefix + name)),
                _reader(kind.strip(), ATTRIBUTES.get(name, name.lower()), inside),
            )


ATTRIBUTES = {"TASK_ID": "id"}  # where a field is not called as in the message


def _reader(kind: str, attribute: str, inside: str) -> Callable[[Any], Any]:
    def read(row: Any) -> Any:
        holder = getattr(row, inside) if inside else row
        if not hasattr(holder, attribute) and attribute == "error":
            holder = holder.output  # TaskDetailed keeps it deeper than TaskSummary
        value = getattr(holder, attribute)
        if kind in INSTANTS_AND_SPANS:
            return value.ToNanoseconds() if holder.HasField(attribute) else None
        return list(value) if kind == "array" else value

    return read


OPTION_KINDS = """
string: PARTITION_ID APPLICATION_NAME APPLICATION_VERSION APPLICATION_NAMESPACE APPLICATION_SERVICE
string: ENGINE_TYPE
duration: MAX_DURATION
number: MAX_RETRIES PRIORITY
"""

TASK_FIELDS = (
    *_fields(
        """
        string: TASK_ID SESSION_ID OWNER_POD_ID INITIAL_TASK_ID POD_HOSTNAME ERROR PAYLOAD_ID
        string: CREATED_BY
        status: STATUS
        date: CREATED_AT SUBMITTED_AT RECEIVED_AT ACQUIRED_AT FETCHED_AT STARTED_AT PROCESSED_AT
        date: ENDED_AT POD_TTL
        duration: CREATION_TO_END_DURATION PROCESSING_TO_END_DURATION RECEIVED_TO_END_DURATION
        """,
        tasks_fields_pb2.TaskSummaryEnumField,
        "TASK_SUMMARY_ENUM_FIELD_",
        lambda number: tasks_fields_pb2.TaskField(task_summary_field={"field": number}),
    ),
    *_fields(
        OPTION_KINDS,
        tasks_fields_pb2.TaskOptionEnumField,
        "TASK_OPTION_ENUM_FIELD_",
        lambda number: tasks_fields_pb2.TaskField(task_option_field={"field": number}),
        inside="options",
    ),
)

SESSION_FIELDS = (
    *_fields(
        """
        string: SESSION_ID
        status: STATUS
        date: CREATED_AT CANCELLED_AT CLOSED_AT PURGED_AT DELETED_AT
        duration: DURATION
        boolean: CLIENT_SUBMISSION WORKER_SUBMISSION
        array: PARTITION_IDS
        """,
        sessions_fields_pb2.SessionRawEnumField,
        "SESSION_RAW_ENUM_FIELD_",
        lambda number: sessions_fields_pb2.SessionField(session_raw_field={"field": number}),
    ),
    *_fields(
        OPTION_KINDS,
        sessions_fields_pb2.TaskOptionEnumField,
        "TASK_OPTION_ENUM_FIELD_",
        lambda number: sessions_fields_pb2.SessionField(task_option_field={"field": number}),
        inside="options",
    ),
)

SESSIONS = Listing(
    name="sessions",
    service="sessions",
    method="ListSessions",
    request=sessions_common_pb2.ListSessionsRequest,
    filters=sessions_filters_pb2,
    rows="sessions",
    key=lambda row: row.session_id,
    fields=SESSION_FIELDS,
)
TASKS = Listing(
    name="tasks",
    service="tasks",
    method="ListTasks",
    request=tasks_common_pb2.ListTasksRequest,
    filters=tasks_filters_pb2,
    rows="tasks",
    key=lambda row: row.id,
    fields=TASK_FIELDS,
)
TASKS_DETAILED = Listing(
    name="tasks detailed",
    service="tasks",
    method="ListTasksDetailed",
    request=tasks_common_pb2.ListTasksRequest,
    filters=tasks_filters_pb2,
    rows="tasks",
    key=lambda row: row.id,
    fields=TASK_FIELDS,
)
RESULTS = Listing(
    name="results",
    service="results",
    method="ListResults",
    request=results_common_pb2.ListResultsRequest,
    filters=results_filters_pb2,
    rows="results",
    key=lambda row: row.result_id,
    fields=tuple(
        _fields(
            """
            string: RESULT_ID NAME SESSION_ID OWNER_TASK_ID CREATED_BY
            status: STATUS
            date: CREATED_AT COMPLETED_AT
            number: SIZE
            """,
            results_fields_pb2.ResultRawEnumField,
            "RESULT_RAW_ENUM_FIELD_",
            lambda number: results_fields_pb2.ResultField(result_raw_field={"field": number}),
        )
    ),
)
PARTITIONS = Listing(
    name="partitions",
    service="partitions",
    method="ListPartitions",
    request=partitions_common_pb2.ListPartitionsRequest,
    filters=partitions_filters_pb2,
    rows="partitions",
    key=lambda row: row.id,
    fields=tuple(
        _fields(
            """
            string: ID
            number: POD_RESERVED POD_MAX PREEMPTION_PERCENTAGE PRIORITY
            array: PARENT_PARTITION_IDS
            """,
            partitions_fields_pb2.PartitionRawEnumField,
            "PARTITION_RAW_ENUM_FIELD_",
            lambda number: partitions_fields_pb2.PartitionField(
                partition_raw_field={"field": number}
            ),
        )
    ),
)
APPLICATIONS = Listing(
    name="applications",
    service="applications",
    method="ListApplications",
    request=applications_common_pb2.ListApplicationsRequest,
    filters=applications_filters_pb2,
    rows="applications",
    key=lambda row: (row.name, row.version, row.namespace, row.service),
    fields=tuple(
        _fields(
            "string: NAME VERSION NAMESPACE SERVICE",
            applications_fields_pb2.ApplicationRawEnumField,
            "APPLICATION_RAW_ENUM_FIELD_",
            lambda number: applications_fields_pb2.ApplicationField(
                application_field={"field": number}
            ),
        )
    ),
)
LISTINGS = (SESSIONS, TASKS, TASKS_DETAILED, RESULTS, PARTITIONS, APPLICATIONS)
