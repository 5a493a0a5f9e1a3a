"""Random messages for the methods of the API: valid as protobuf, and often nearly right.

Hypothesis must be able to send the same again, while ids are new each time. So messages are drawn
with names in place of ids, such as ``<session>``; `put_in` replaces them when they are sent.
"""

from typing import Any

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from hypothesis import strategies as st

from .wire import Method

# What stands for something that exists; it is put in when the message is sent.
SESSIONS = ("<session>", "<paused>", "<closed>")
RESULTS = ("<created>", "<completed>", "<output>")
TASKS = ("<pending>", "<task>")
EXISTING = {  # by what the name of a field contains
    "session": SESSIONS,
    "partition": ("default",),
    "result": RESULTS,
    "payload": ("<completed>", "<created>"),
    "output": ("<created>", "<output>"),
    "dependencies": RESULTS,
    "task": TASKS,
    "ids": (*SESSIONS, *TASKS),
    "id": (*SESSIONS, *RESULTS, *TASKS),
}
ODD = (
    "",
    "\0",
    "a\0b",
    "../../etc/passwd",
    "/",
    "\n",
    "'; DROP TABLE task; --",
    "%",
    "\u202e",
    "💥",
)

OPTIONS = {"max_duration": {"seconds": 60}, "max_retries": 1, "priority": 1, "options": {"k": "v"}}


def listing(member: str, number: int, **condition: Any) -> list[dict[str, Any]]:
    """Return a good List… request with one filter."""
    field = {member: {"field": number}}
    filters = {"or": [{"and": [{"field": field, **condition}]}]}
    sort = {"field": field, "direction": 1}
    return [{"filters": filters, "sort": sort, "page_size": 10}]


TASK = {"task_summary_field": {"field": 1}}
LARGE_TASK = [
    {"init_request": {"session_id": "<session>", "task_options": OPTIONS}},
    {"init_task": {"header": {"expected_output_keys": ["<output>"]}}},
    {"task_payload": {"data": b"x"}},
    {"task_payload": {"data_complete": True}},
    {"init_task": {"last_task": True}},
]
GOOD: dict[str, list[dict[str, Any]]] = {
    "Applications.ListApplications": [
        {
            "filters": {},
            "sort": {"fields": [{"application_field": {"field": 1}}], "direction": 1},
        }
    ],
    "Events.GetEvents": [
        {
            "session_id": "<session>",
            "tasks_filters": {"or": [{"and": [{"field": TASK, "filter_string": {"value": "a"}}]}]},
        }
    ],
    "Partitions.ListPartitions": listing("partition_raw_field", 1, filter_string={"value": "a"}),
    "Results.ListResults": listing("result_raw_field", 6, filter_date={"value": {"seconds": 1}}),
    "Results.UploadResultData": [
        {"id": {"session_id": "<session>", "result_id": "<created>"}},
        {"data_chunk": b"x"},
    ],
    "Results.ImportResultsData": [
        {"session_id": "<session>", "results": [{"result_id": "<output>", "opaque_id": b"x"}]}
    ],
    "Sessions.ListSessions": listing("session_raw_field", 2, filter_status={"value": 1}),
    "Sessions.CreateSession": [{"default_task_option": OPTIONS, "partition_ids": ["default"]}],
    "Submitter.CreateSession": [{"default_task_option": OPTIONS, "partition_ids": ["default"]}],
    "Submitter.CreateLargeTasks": LARGE_TASK,
    "Submitter.CreateSmallTasks": [
        {
            "session_id": "<session>",
            "task_options": OPTIONS,
            "task_requests": [{"expected_output_keys": ["<output>"], "payload": b"x"}],
        }
    ],
    "Submitter.WaitForCompletion": [
        {"filter": {"task": {"ids": ["<task>"]}}, "stop_on_first_task_error": True}
    ],
    "Tasks.ListTasks": listing("task_option_field", 2, filter_number={"value": 1}),
    "Tasks.ListTasksDetailed": listing("task_summary_field", 1, filter_string={"value": "a"}),
    "Tasks.SubmitTasks": [
        {
            "session_id": "<session>",
            "task_options": OPTIONS,
            "task_creations": [
                {
                    "payload_id": "<completed>",
                    "data_dependencies": ["<created>"],
                    "expected_output_keys": ["<output>"],
                    "task_options": OPTIONS,
                }
            ],
        }
    ],
}
"""Good requests of methods that random ones hardly ever get through."""

INTEGERS: dict[int, tuple[int, int]] = {
    FieldDescriptor.CPPTYPE_INT32: (-(2**31), 2**31 - 1),
    FieldDescriptor.CPPTYPE_INT64: (-(2**63), 2**63 - 1),
    FieldDescriptor.CPPTYPE_UINT32: (0, 2**32 - 1),
    FieldDescriptor.CPPTYPE_UINT64: (0, 2**64 - 1),
}


def integers(low: int, high: int) -> st.SearchStrategy[int]:
    small = st.integers(0, 9)
    return small | small | small | st.sampled_from([low, -1 if low else 0, high])


def strings(field: FieldDescriptor) -> st.SearchStrategy[str]:
    """Return texts for a field: what it might well name, oddities, anything."""
    anything = st.sampled_from(ODD) | st.text(st.characters(exclude_categories=["Cs"]), max_size=9)
    for part, names in EXISTING.items():
        if part in field.name.split("_") or part in field.name.removesuffix("s").split("_"):
            existing = st.sampled_from(names)
            return existing | existing | existing | existing | anything
    return anything


def values(field: FieldDescriptor, depth: int) -> st.SearchStrategy[Any]:
    """Return values for one field, or one element of it."""
    kind = field.cpp_type
    if kind in INTEGERS:
        return integers(*INTEGERS[kind])
    if kind == FieldDescriptor.CPPTYPE_ENUM:
        known = st.sampled_from([value.number for value in field.enum_type.values])
        return known | known | known | st.sampled_from([-1, 127, 2**31 - 1, -(2**31)])
    if kind == FieldDescriptor.CPPTYPE_BOOL:
        return st.booleans()
    if field.type == FieldDescriptor.TYPE_BYTES:
        return st.binary(max_size=20)
    if kind == FieldDescriptor.CPPTYPE_STRING:
        return strings(field)
    assert kind == FieldDescriptor.CPPTYPE_MESSAGE, field.full_name
    return messages(GetMessageClass(field.message_type), depth + 1)


@st.composite
def messages(draw: st.DrawFn, cls: type[Message], depth: int = 0) -> Message:
    """Draw a message: most fields are there, and mostly one of each oneof."""
    message = cls()
    choices = [list(oneof.fields) for oneof in cls.DESCRIPTOR.oneofs]
    choices += [[field] for field in cls.DESCRIPTOR.fields if not field.containing_oneof]
    for choice in choices:
        if draw(st.integers(0, 9)) == 9:
            continue
        field = draw(st.sampled_from(choice))
        fill(draw, message, field, depth)
    return message


def fill(draw: st.DrawFn, message: Message, field: FieldDescriptor, depth: int) -> None:
    """Draw the value of one field."""
    if is_map(field):
        value = field.message_type.fields_by_name["value"]
        pairs = st.dictionaries(st.text(max_size=5), values(value, depth), max_size=2)
        getattr(message, field.name).update(draw(pairs))
    elif is_repeated(field):
        getattr(message, field.name).extend(draw(st.lists(values(field, depth), max_size=2)))
    elif field.message_type:
        getattr(message, field.name).CopyFrom(draw(values(field, depth)))
    else:
        setattr(message, field.name, draw(values(field, depth)))


@st.composite
def spoiled(draw: st.DrawFn, base: Message) -> Message:
    """Draw a message that differs in one or two places from a good one."""
    message = type(base).FromString(base.SerializeToString())
    for _ in range(draw(st.integers(1, 2))):
        spoil(draw, message)
    return message


def spoil(draw: st.DrawFn, message: Message) -> None:
    """Replace one field, here or further down."""
    depth = 0
    while True:
        field = draw(st.sampled_from(list(message.DESCRIPTOR.fields)))
        present = getattr(message, field.name)
        parts = list(present) if is_repeated(field) and field.message_type else [present]
        if not field.message_type or is_map(field) or not parts or draw(st.integers(0, 3)) == 0:
            break
        message, depth = draw(st.sampled_from(parts)), depth + 1
    message.ClearField(field.name)
    if draw(st.booleans()):
        fill(draw, message, field, depth)


def is_map(field: FieldDescriptor) -> bool:
    return bool(field.message_type and field.message_type.GetOptions().map_entry)


def is_repeated(field: FieldDescriptor) -> bool:
    try:
        return bool(field.is_repeated)
    except AttributeError:  # protobuf before 6.31
        return bool(field.label == FieldDescriptor.LABEL_REPEATED)


def put_in(message: Message, things: dict[str, str]) -> bytes:
    """Return the bytes of a message in which names are replaced by what they stand for."""
    copy = type(message).FromString(message.SerializeToString())
    replace(copy, things)
    return copy.SerializeToString()


def replace(message: Message, things: dict[str, str]) -> None:
    for field, value in message.ListFields():
        if is_map(field):
            continue
        if field.message_type:
            for part in value if is_repeated(field) else [value]:
                replace(part, things)
        elif field.type == FieldDescriptor.TYPE_STRING:
            if is_repeated(field):
                value[:] = [things.get(text, text) for text in value]
            else:
                setattr(message, field.name, things.get(value, value))


def requests_for(target: Method) -> st.SearchStrategy[list[Message]]:
    """Draw what is sent to a method: one message, or for a stream several or none."""
    least, most = (0, 3) if target.streams_in else (1, 1)
    anything = st.lists(messages(target.request), min_size=least, max_size=most)
    if str(target) not in GOOD:
        return anything
    good = [target.request(**values) for values in GOOD[str(target)]]
    return anything | st.tuples(*(st.just(base) | spoiled(base) for base in good)).map(list)
