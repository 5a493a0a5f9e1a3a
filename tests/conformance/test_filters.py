"""Every filter operator on every field, against plain Python (statements 49 and 50).

The objects of a scene are listed once without a filter; then each condition is asked of ArmoniK
and worked out here from the listed values, and both must name the same objects.
"""

from __future__ import annotations

import operator
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from armonik.common import ResultStatus, TaskStatus
from armonik.protogen.common import sessions_fields_pb2, tasks_fields_pb2
from grpc import StatusCode

from .driver import ArmoniK
from .listings import (
    APPLICATIONS,
    DESC,
    PARTITIONS,
    RESULTS,
    SESSIONS,
    TASKS,
    TASKS_DETAILED,
    Field,
    Listing,
)
from .waiting import eventually, fails_with

ORDER = [operator.eq, operator.ne, operator.lt, operator.le, operator.ge, operator.gt]
OPERATORS: dict[str, list[Callable[[Any, Any], bool]]] = {  # by their numbers in the messages
    "string": [
        operator.eq,
        operator.ne,
        lambda value, text: text in value,
        lambda value, text: text not in value,
        str.startswith,
        str.endswith,
    ],
    "number": ORDER,
    "date": ORDER,
    "duration": ORDER,
    "status": [operator.eq, operator.ne],
    "boolean": [operator.eq],
    "array": [operator.contains, lambda value, text: text not in value],
}


@dataclass(frozen=True)
class Scene:
    """Objects of every kind, and for each list the condition that finds just them."""

    scopes: dict[str, list[Any]]

    def rows(self, armonik: ArmoniK, listing: Listing, *conditions: Any, **how: Any) -> list[Any]:
        return listing.list(armonik, [*self.scopes[listing.name], *conditions], **how)


@pytest.fixture(scope="module")
def scene(armonik: ArmoniK) -> Iterator[Scene]:
    """Sessions in five statuses; tasks that ended well, ended badly, were retried, or wait."""
    mark = uuid.uuid4().hex
    sessions = [
        armonik.create_session(
            max_retries=1 + i,
            max_duration=10.5 + i,
            priority=1 + i,
            application_name=f"App_{i}",
            engine_type=["", "100%", "Engine"][i % 3],
            options={"mark": mark, "color": ["red", "Red", "blue"][i % 3]},
        )
        for i in range(6)
    ]
    armonik.move("Pause", sessions[1])
    armonik.move("Close", sessions[2])
    armonik.move("Cancel", sessions[3])
    armonik.move("Close", sessions[4])
    armonik.move("Purge", sessions[4])
    armonik.move("StopSubmission", sessions[5], client=True)

    session = sessions[0]

    def options(i: int, **more: Any) -> Any:
        return armonik.options(
            application_name=f"{mark} {i % 2}",
            application_version=f"1.{i}",
            application_namespace=["inner", "Outer"][i % 2],
            application_service=f"service_{i}",
            max_duration=20 + i / 4,
            priority=1 + i % 3,
            **more,
        )

    scripts = [
        [["send", 0, "x"]],
        [["send", 0, "longer data"]],
        [["error", "A 100% error_text"]],
        [["raise", "boom"]],
    ]
    tasks = [
        armonik.submit(session, *script, task_options=options(i, options={"n": str(i)}))
        for i, script in enumerate(scripts)
    ]
    never = armonik.create_results(session, "Never_%")[0]
    armonik.submit(session, payload_id=never, task_options=options(len(scripts)))
    for task in tasks:
        armonik.wait_task(task.task_id)
    retry_id = f"{tasks[3].task_id}###1"
    eventually(
        lambda: {task.id: task.status for task in armonik.session_tasks(session)}.get(retry_id),
        lambda status: status == TaskStatus.ERROR,
    )
    gone = armonik.create_data(session, b"to be deleted", "gone")
    armonik.delete_data(session, gone)
    for task in tasks[2:]:
        armonik.wait_result(task.outputs[0], ResultStatus.ABORTED)

    generic = sessions_fields_pb2.SessionField(task_option_generic_field={"field": "mark"})
    marked = SESSIONS.filters.FilterField(field=generic, filter_string={"value": mark})
    mine = TASKS.field("session_id").condition(TASKS, 0, session)
    yield Scene(
        {
            "sessions": [marked],
            "tasks": [mine],
            "tasks detailed": [mine],
            "results": [RESULTS.field("session_id").condition(RESULTS, 0, session)],
            "partitions": [],
            "applications": [APPLICATIONS.field("name").condition(APPLICATIONS, 4, mark)],
        }
    )
    for session_id in sessions:
        armonik.forget(session_id)


def sample_values(kind: str, values: list[Any]) -> list[Any]:
    """What to compare with: values that occur, values beside them, and what might be a wildcard."""
    distinct = sorted(values) if kind != "array" else sorted({x for value in values for x in value})
    some = [distinct[0], distinct[len(distinct) // 2], distinct[-1]] if distinct else []
    if kind == "string":
        pieces = [
            piece
            for text in some
            for piece in (text, text[:3], text[-3:], text[1:-1], text.swapcase())
        ]
        return sorted({*pieces, "%", "_", "*", ".", "\\", "'", "no such text"})
    if kind == "array":
        return [*some, "", "no such name"]
    if kind == "boolean":
        return [True, False]
    if kind == "status":
        return sorted({*some, 1, 2, 3})
    return sorted({*some, *(value + 1 for value in some), *(value - 1 for value in some), 0})


every_field = pytest.mark.parametrize(
    ("listing", "field"),
    [
        pytest.param(listing, field, id=f"{listing.name}-{field.name}-{field.kind}")
        for listing in (SESSIONS, TASKS, RESULTS, PARTITIONS, APPLICATIONS)
        for field in listing.fields
    ],
)


@pytest.mark.statement(49)
@every_field
def test_each_operator_works_on_each_field(
    armonik: ArmoniK, scene: Scene, listing: Listing, field: Field
):
    rows = scene.rows(armonik, listing)
    assert rows
    # What a comparison with a value that is not there gives depends on the storage.
    values = {listing.key(row): field.read(row) for row in rows if field.read(row) is not None}
    for number, holds in enumerate(OPERATORS[field.kind]):
        for value in sample_values(field.kind, list(values.values())):
            condition = field.condition(listing, number, value)
            found = {listing.key(row) for row in scene.rows(armonik, listing, condition)}
            expected = {key for key, own in values.items() if holds(own, value)}
            assert found & set(values) == expected, f"operator {number}, value {value!r}"


@pytest.mark.statement(49)
@every_field
def test_each_field_can_be_sorted_by(
    armonik: ArmoniK, scene: Scene, listing: Listing, field: Field
):
    rows = scene.rows(armonik, listing, sort=field)
    assert {listing.key(row) for row in rows} == {
        listing.key(row) for row in scene.rows(armonik, listing)
    }
    if field.kind == "string" and not armonik.embedded:
        return  # the order of letters is the storage's
    there = [field.read(row) for row in rows if field.read(row) is not None]
    assert there == sorted(there)
    rows = scene.rows(armonik, listing, sort=field, direction=DESC)
    there = [field.read(row) for row in rows if field.read(row) is not None]
    assert there == sorted(there, reverse=True)


@pytest.mark.statement(49)
@pytest.mark.parametrize("field", TASKS.fields, ids=lambda field: field.name)
def test_both_task_lists_agree(armonik: ArmoniK, scene: Scene, field: Field):
    def values(listing: Listing) -> dict[str, Any]:
        return {row.id: field.read(row) for row in scene.rows(armonik, listing)}

    assert values(TASKS) == values(TASKS_DETAILED)


@pytest.mark.statement(49)
@pytest.mark.parametrize(
    "misfit",
    [
        {"filter_string": {"value": "text"}},
        {"field": TASKS.field("task_id").message},
        {"field": TASKS.field("task_id").message, "filter_number": {"value": 1}},
        {"field": TASKS.field("created_at").message, "filter_string": {"value": "today"}},
    ],
    ids=["no field", "no value", "number for a text", "text for a date"],
)
def test_a_condition_that_does_not_fit_its_field_is_refused(
    armonik: ArmoniK, misfit: dict[str, Any]
):
    condition = TASKS.filters.FilterField(**misfit)
    with fails_with(StatusCode.INVALID_ARGUMENT, StatusCode.UNKNOWN):
        TASKS.list(armonik, [condition])


@pytest.mark.statement(50)
@pytest.mark.parametrize("listing", [TASKS, TASKS_DETAILED, SESSIONS], ids=lambda x: x.name)
def test_objects_can_be_filtered_by_any_key_of_their_options(
    armonik: ArmoniK, scene: Scene, listing: Listing
):
    key = "color" if listing is SESSIONS else "n"
    fields = sessions_fields_pb2.SessionField if listing is SESSIONS else tasks_fields_pb2.TaskField
    field = Field(
        f"options[{key}]",
        "string",
        fields(task_option_generic_field={"field": key}),
        lambda row: row.options.options.get(key),
    )
    assert len({field.read(row) for row in scene.rows(armonik, listing)} - {None}) >= 3
    test_each_operator_works_on_each_field(armonik, scene, listing, field)
