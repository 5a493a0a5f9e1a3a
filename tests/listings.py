"""The lists of ArmoniK, read from the .proto files: how to ask for one, and what its objects have.

This is the one table that the tests of filters and listings stand on, those of any endpoint
(`tests/conformance`) and those of the code (`tests/unit`). It is made from the descriptors in
`armonik.protogen` and from nothing that is tested. A `Listing` is one List method; a `Field` is
something that its objects can be sorted by and, mostly, filtered on; `OPERATORS` says what the
operators mean.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from armonik.protogen.client import (
    applications_service_pb2,
    partitions_service_pb2,
    results_service_pb2,
    sessions_service_pb2,
    tasks_service_pb2,
)
from armonik.protogen.common import filters_common_pb2
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from google.protobuf.timestamp_pb2 import Timestamp

ASC, DESC = 1, 2
OPTION = "task_option_generic_field"
TIMES = {"date": Timestamp, "duration": Duration}  # compared in nanoseconds

Holds = Callable[[Any, Any], bool]
"""Whether a value (None where the object has none) and one that is asked for are in a relation."""

ORDER: dict[str, Holds] = {
    "EQUAL": lambda value, wanted: value == wanted,
    "NOT_EQUAL": lambda value, wanted: value != wanted,
    "LESS_THAN": lambda value, wanted: value is not None and value < wanted,
    "LESS_THAN_OR_EQUAL": lambda value, wanted: value is not None and value <= wanted,
    "GREATER_THAN_OR_EQUAL": lambda value, wanted: value is not None and value >= wanted,
    "GREATER_THAN": lambda value, wanted: value is not None and value > wanted,
}
MEANINGS: dict[str, Holds] = {
    **ORDER,
    "IS": ORDER["EQUAL"],
    "CONTAINS": lambda value, wanted: value is not None and wanted in value,
    "NOT_CONTAINS": lambda value, wanted: value is None or wanted not in value,
    "STARTS_WITH": lambda value, wanted: value is not None and value.startswith(wanted),
    "ENDS_WITH": lambda value, wanted: value is not None and value.endswith(wanted),
    **dict.fromkeys(("BEFORE", "SHORTER_THAN"), ORDER["LESS_THAN"]),
    **dict.fromkeys(("BEFORE_OR_EQUAL", "SHORTER_THAN_OR_EQUAL"), ORDER["LESS_THAN_OR_EQUAL"]),
    **dict.fromkeys(("AFTER_OR_EQUAL", "LONGER_THAN_OR_EQUAL"), ORDER["GREATER_THAN_OR_EQUAL"]),
    **dict.fromkeys(("AFTER", "LONGER_THAN"), ORDER["GREATER_THAN"]),
}
"""What an operator of filters_common.proto means, in Python, by the end of its name."""


def operators(kind: str) -> dict[str, int]:
    """The operators of a kind of filter, by the ends of their names."""
    enum = getattr(filters_common_pb2, f"Filter{kind.capitalize()}Operator")
    prefix = f"FILTER_{kind.upper()}_OPERATOR_"
    return {name.removeprefix(prefix): number for name, number in enum.items()}


@dataclass(frozen=True)
class Field:
    """Something that the objects of a list have.

    Attributes:
        name: the end of its name in the enumeration; ``options[KEY]`` for a key of the options map.
        kind: of its filter: string, number, date, ...; empty if one can only sort by it.
        message: names it in requests.
        member: which of the kinds of fields it is, for example ``task_option_field``.
    """

    listing: Listing
    name: str
    kind: str
    message: Message
    member: str

    def __str__(self) -> str:
        return f"{self.listing}-{self.name}-{self.kind}"

    @property
    def is_option(self) -> bool:
        """Whether it is a key of the options map."""
        return self.member == OPTION

    def condition(self, operator: str, value: Any) -> Any:
        """The filter "this field `operator` `value`"; times and spans are in nanoseconds."""
        if self.kind in TIMES and isinstance(value, int):
            nanoseconds, value = value, TIMES[self.kind]()
            value.FromNanoseconds(nanoseconds)
        compared = {"value": value, "operator": operators(self.kind)[operator]}
        return self.listing.condition(field=self.message, **{f"filter_{self.kind}": compared})

    def read(self, row: Any) -> Any:
        """The value that a listed object shows, to be compared; None where it has none."""
        if self.is_option:
            return row.options.options.get(getattr(self.message, OPTION).field)
        holder, attribute = holder_of(row, self.member, self.name)
        value = getattr(holder, attribute)
        if self.kind in TIMES:
            there = holder.HasField(attribute)
            return value.seconds * 10**9 + value.nanos if there else None
        return list(value) if self.kind == "array" else value


def holder_of(row: Any, member: str, name: str) -> tuple[Any, str]:
    """Where an object, or its descriptor, has a field: in itself, its options or its output."""
    attribute = {"TASK_ID": "id"}.get(name, name.lower())
    if member == "task_option_field":
        return row.options, attribute
    if attribute == "error" and not hasattr(row, "error"):
        return row.output, attribute  # TaskDetailed keeps it deeper than TaskSummary
    return row, attribute


class Listing:
    """One List method.

    Attributes:
        service: in lower case, such as ``tasks``.
        request: the class of its requests; ``filters``, ``condition``: of their parts.
        rows: the field of the reply with the objects; ``shown``: their class.
        several: whether one sorts by several fields at once.
        unique: the fields that tell an object from the others: its id; of an application, all.
        fields: all that can be named; `filterable` are those that filters can be about.
    """

    def __init__(self, module: Any, service: str, method: str) -> None:
        self.service, self.method = service.lower(), method
        described = module.DESCRIPTOR.services_by_name[service].methods_by_name[method]
        self.request = GetMessageClass(described.input_type)
        (self.rows,) = (f.name for f in described.output_type.fields if f.message_type)
        self.shown = _class_of(described.output_type, self.rows)
        self.filters = _class_of(described.input_type, "filters")
        conjunction = self.filters.DESCRIPTOR.fields_by_name["or"].message_type
        self.condition = _class_of(conjunction, "and")
        sort = described.input_type.fields_by_name["sort"].message_type
        self.several = "fields" in sort.fields_by_name
        self.field_message = _class_of(self.condition.DESCRIPTOR, "field")
        members = self.field_message.DESCRIPTOR.oneofs_by_name["field"].fields
        self.fields = [field for member in members for field in self._fields(member)]
        self.filterable = [field for field in self.fields if field.kind]
        ids = [field for field in self.fields if field.name in ("ID", f"{service[:-1].upper()}_ID")]
        self.unique = ids or self.fields

    def __str__(self) -> str:
        return self.method.removeprefix("List")

    def _fields(self, member: FieldDescriptor) -> list[Field]:
        enum = member.message_type.fields_by_name["field"].enum_type
        if enum is None:
            return [self.option("key")]
        found = []
        for value in enum.values:
            if value.number:
                name = value.name.split("_ENUM_FIELD_")[1]
                message = self.field_message(**{member.name: {"field": value.number}})
                kind = self._kind(member.name, name)
                found.append(Field(self, name, kind, message, member.name))
        return found

    def _kind(self, member: str, name: str) -> str:
        holder, attribute = holder_of(self.shown(), member, name)
        kind = kind_of(holder.DESCRIPTOR.fields_by_name[attribute])
        return kind if f"filter_{kind}" in self.condition.DESCRIPTOR.fields_by_name else ""

    def option(self, key: str) -> Field:
        """The field that a key of the options map is."""
        message = self.field_message(**{OPTION: {"field": key}})
        return Field(self, f"options[{key}]", "string", message, OPTION)

    def field(self, name: str) -> Field:
        """The field of this name."""
        return next(field for field in self.fields if field.name == name)

    def key(self, row: Any) -> tuple[Any, ...]:
        """What tells an object from the others, see `unique`."""
        return tuple(field.read(row) for field in self.unique)

    def where(self, *conjunctions: list[Any]) -> Any:
        """The filters that lists of conditions are: each an `and`, between them `or`."""
        return self.filters(**{"or": [{"and": conditions} for conditions in conjunctions]})

    def ask(
        self,
        *conjunctions: list[Any],
        by: Sequence[Field] = (),
        direction: int = ASC,
        **more: Any,
    ) -> Any:
        """A request for what matches, sorted by these fields (or by id); ``more`` are parts."""
        named = [field.message for field in by or self.unique]
        sort = {"fields": named} if self.several else {"field": named[0]}
        parts = {
            "page_size": 1000,
            "filters": self.where(*conjunctions),
            "sort": {**sort, "direction": direction},
        }
        return self.request(**{**parts, **more})


def _class_of(message: Descriptor, field: str) -> Any:
    return GetMessageClass(message.fields_by_name[field].message_type)


def kind_of(described: FieldDescriptor) -> str:
    """The kind of filter that fits a field of an object; empty if none does."""
    if described.message_type is not None:
        return {"Timestamp": "date", "Duration": "duration"}.get(described.message_type.name, "")
    if described.enum_type is not None:
        return "status"
    if described.type == FieldDescriptor.TYPE_STRING:
        return "array" if is_repeated(described) else "string"
    if described.type == FieldDescriptor.TYPE_BYTES:
        return ""
    return "boolean" if described.type == FieldDescriptor.TYPE_BOOL else "number"


def is_repeated(described: FieldDescriptor) -> bool:
    try:
        return bool(described.is_repeated)
    except AttributeError:  # protobuf before 6.31
        return bool(described.label == FieldDescriptor.LABEL_REPEATED)


SESSIONS = Listing(sessions_service_pb2, "Sessions", "ListSessions")
TASKS = Listing(tasks_service_pb2, "Tasks", "ListTasks")
TASKS_DETAILED = Listing(tasks_service_pb2, "Tasks", "ListTasksDetailed")
RESULTS = Listing(results_service_pb2, "Results", "ListResults")
PARTITIONS = Listing(partitions_service_pb2, "Partitions", "ListPartitions")
APPLICATIONS = Listing(applications_service_pb2, "Applications", "ListApplications")
LISTINGS = (SESSIONS, TASKS, TASKS_DETAILED, RESULTS, PARTITIONS, APPLICATIONS)
