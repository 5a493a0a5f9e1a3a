"""Every filter operator on every field, against plain Python (statements 49 and 50).

The objects of a scene are listed once without a filter; then each condition is asked of ArmoniK
and worked out here from the listed values, and both must name the same objects.
"""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from armonik.common import ResultStatus, TaskStatus
from grpc import StatusCode

from tests.listings import (
    APPLICATIONS,
    ASC,
    DESC,
    LISTINGS,
    MEANINGS,
    PARTITIONS,
    RESULTS,
    SESSIONS,
    TASKS,
    TASKS_DETAILED,
    TIMES,
    Field,
    Listing,
    operators,
)

from .driver import ArmoniK
from .waiting import MILLISECOND, eventually, fails_with


@dataclass(frozen=True)
class Scene:
    """Objects of every kind, and for each list the condition that finds just them."""

    scopes: dict[Listing, list[Any]]

    def rows(self, armonik: ArmoniK, listing: Listing, *conditions: Any, **how: Any) -> list[Any]:
        return armonik.rows(listing, [*self.scopes[listing], *conditions], **how)


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

    mine = TASKS.field("SESSION_ID").condition("EQUAL", session)
    yield Scene(
        {
            SESSIONS: [SESSIONS.option("mark").condition("EQUAL", mark)],
            TASKS: [mine],
            TASKS_DETAILED: [mine],
            RESULTS: [RESULTS.field("SESSION_ID").condition("EQUAL", session)],
            PARTITIONS: [],
            APPLICATIONS: [APPLICATIONS.field("NAME").condition("STARTS_WITH", mark)],
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
    step = MILLISECOND if kind in TIMES else 1  # no storage keeps times less exactly
    beside = {value + off for value in some for off in (-step, step)}
    return sorted({*some, *beside, 0})


ANY_KEY = {SESSIONS: "color", TASKS: "n", TASKS_DETAILED: "n"}
"""A key of the options of some objects of the scene."""

FIELDS = [
    field
    for listing in LISTINGS
    for field in listing.filterable
    if listing is not TASKS_DETAILED and not field.is_option
]

every_field = pytest.mark.parametrize("field", FIELDS, ids=str)


def agree(armonik: ArmoniK, scene: Scene, field: Field) -> None:
    """Each operator finds what it should, whatever the field is compared with."""
    listing = field.listing
    rows = scene.rows(armonik, listing)
    assert rows
    # What a comparison with a value that is not there gives depends on the storage.
    values = {listing.key(row): field.read(row) for row in rows if field.read(row) is not None}
    for operator in operators(field.kind):
        for value in sample_values(field.kind, list(values.values())):
            condition = field.condition(operator, value)
            found = {listing.key(row) for row in scene.rows(armonik, listing, condition)}
            expected = {key for key, own in values.items() if MEANINGS[operator](own, value)}
            assert found & set(values) == expected, f"{operator} {value!r}"


@pytest.mark.statement(49)
@every_field
def test_each_operator_works_on_each_field(armonik: ArmoniK, scene: Scene, field: Field):
    agree(armonik, scene, field)


@pytest.mark.statement(50)
@pytest.mark.parametrize("listing", ANY_KEY, ids=str)
def test_objects_can_be_filtered_by_any_key_of_their_options(
    armonik: ArmoniK, scene: Scene, listing: Listing
):
    field = listing.option(ANY_KEY[listing])
    assert len({field.read(row) for row in scene.rows(armonik, listing)} - {None}) >= 3
    agree(armonik, scene, field)


@pytest.mark.statement(49)
@every_field
def test_each_field_can_be_sorted_by(armonik: ArmoniK, scene: Scene, field: Field):
    listing = field.listing
    everything = {listing.key(row) for row in scene.rows(armonik, listing)}
    for direction in (ASC, DESC):
        rows = scene.rows(armonik, listing, by=[field], direction=direction)
        assert {listing.key(row) for row in rows} == everything
        there = [field.read(row) for row in rows if field.read(row) is not None]
        if field.kind != "string" or armonik.embedded:  # else, its order is the storage's
            assert there == sorted(there, reverse=direction == DESC)


@pytest.mark.statement(49)
def test_both_task_lists_agree(armonik: ArmoniK, scene: Scene):
    def values(listing: Listing) -> list[dict[str, Any]]:
        rows = scene.rows(armonik, listing)
        return [{field.name: field.read(row) for field in listing.filterable} for row in rows]

    assert values(TASKS) == values(TASKS_DETAILED)


@pytest.mark.statement(49)
@pytest.mark.parametrize(
    "misfit",
    [
        {"filter_number": {"value": 1}},
        {"field": TASKS.field("TASK_ID").message},
        {"field": TASKS.field("TASK_ID").message, "filter_number": {"value": 1}},
        {"field": TASKS.field("CREATED_AT").message, "filter_string": {"value": "today"}},
    ],
    ids=["no field", "no value", "number for a text", "text for a date"],
)
def test_a_condition_that_does_not_fit_its_field_is_refused(
    armonik: ArmoniK, misfit: dict[str, Any]
):
    named = "CREATED_AT" if armonik.embedded and "filter_string" in misfit else ""
    with fails_with(StatusCode.INVALID_ARGUMENT, StatusCode.UNKNOWN, saying=named):
        armonik.rows(TASKS, [TASKS.condition(**misfit)])
