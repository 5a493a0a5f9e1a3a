"""Filters of the API find what a client would expect from what it sees."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from armonik.common import Task, TaskStatus
from armonik.protogen.common import filters_common_pb2 as common
from armonik.protogen.common import results_filters_pb2 as results
from armonik.protogen.common import tasks_filters_pb2 as tasks
from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp
from hypothesis import given, settings
from hypothesis import strategies as st

from hello_helpers.embedded.data_plane.clock import now
from hello_helpers.embedded.data_plane.database import Database
from hello_helpers.embedded.data_plane.fields import TASKS, column
from hello_helpers.embedded.data_plane.filters import (
    MAX_PARAMETERS,
    Where,
    check_event_filters,
    compile_filters,
    matching,
)
from hello_helpers.embedded.errors import InvalidArgument

from .listed import (
    ALL,
    INSTANTS,
    KEYS,
    LISTED_PARTITIONS,
    LISTED_RESULTS,
    LISTED_SESSIONS,
    LISTED_TASKS,
    NUMBERS,
    SECOND,
    STATUSES,
    STRINGS,
    Field,
    Listed,
    empty_tables,
    fill,
    insert_tasks,
)

QUICK = settings(deadline=None, database=None, max_examples=120)
DATA_SETS = 8
ROWS = 30


# What the operators of filters_common.proto mean, in Python. `value` is None where it is unset.
LESS_AND_MORE: dict[str, Callable[[Any, Any], bool]] = {
    "EQUAL": lambda value, wanted: value == wanted,
    "NOT_EQUAL": lambda value, wanted: value != wanted,
    "LESS_THAN": lambda value, wanted: value is not None and value < wanted,
    "LESS_THAN_OR_EQUAL": lambda value, wanted: value is not None and value <= wanted,
    "GREATER_THAN_OR_EQUAL": lambda value, wanted: value is not None and value >= wanted,
    "GREATER_THAN": lambda value, wanted: value is not None and value > wanted,
}
MEANINGS: dict[str, dict[str, Callable[[Any, Any], bool]]] = {
    "string": {
        "EQUAL": LESS_AND_MORE["EQUAL"],
        "NOT_EQUAL": LESS_AND_MORE["NOT_EQUAL"],
        "CONTAINS": lambda value, wanted: value is not None and wanted in value,
        "NOT_CONTAINS": lambda value, wanted: value is None or wanted not in value,
        "STARTS_WITH": lambda value, wanted: value is not None and value.startswith(wanted),
        "ENDS_WITH": lambda value, wanted: value is not None and value.endswith(wanted),
    },
    "number": LESS_AND_MORE,
    "date": {
        **LESS_AND_MORE,
        "BEFORE": LESS_AND_MORE["LESS_THAN"],
        "BEFORE_OR_EQUAL": LESS_AND_MORE["LESS_THAN_OR_EQUAL"],
        "AFTER_OR_EQUAL": LESS_AND_MORE["GREATER_THAN_OR_EQUAL"],
        "AFTER": LESS_AND_MORE["GREATER_THAN"],
    },
    "duration": {
        **LESS_AND_MORE,
        "SHORTER_THAN": LESS_AND_MORE["LESS_THAN"],
        "SHORTER_THAN_OR_EQUAL": LESS_AND_MORE["LESS_THAN_OR_EQUAL"],
        "LONGER_THAN_OR_EQUAL": LESS_AND_MORE["GREATER_THAN_OR_EQUAL"],
        "LONGER_THAN": LESS_AND_MORE["GREATER_THAN"],
    },
    "status": {"EQUAL": LESS_AND_MORE["EQUAL"], "NOT_EQUAL": LESS_AND_MORE["NOT_EQUAL"]},
    "boolean": {"IS": LESS_AND_MORE["EQUAL"]},
    "array": {
        "CONTAINS": lambda value, wanted: wanted in value,
        "NOT_CONTAINS": lambda value, wanted: wanted not in value,
    },
}

TEXTS = st.sampled_from(STRINGS) | st.text(max_size=3)
TIMES = st.sampled_from(INSTANTS) | st.integers(-(2**63), 2**63 - 1)
VALUES = {
    "string": TEXTS,
    "array": TEXTS,
    "number": st.sampled_from((*NUMBERS, 2**63 - 1, -(2**63))),
    "date": TIMES.map(lambda time: Timestamp(seconds=time // SECOND, nanos=time % SECOND)),
    "duration": TIMES.map(lambda time: Duration(seconds=time // SECOND, nanos=time % SECOND)),
    "status": st.sampled_from((0, *STATUSES)),
    "boolean": st.booleans(),
}


def operators(kind: str) -> dict[str, int]:
    """Return the operators of a kind of filter, as ArmoniK's .proto files list them."""
    enum = getattr(common, f"Filter{kind.capitalize()}Operator")
    prefix = f"FILTER_{kind.upper()}_OPERATOR_"
    return {name.removeprefix(prefix): number for name, number in enum.items()}


class Comparison:
    """A comparison, in the two forms that are to agree: a message and a Python function."""

    def __init__(self, listed: Listed, field: Field, key: str, operator: str, value: Any) -> None:
        self._listed, self._field, self._key = listed, field, key
        self._holds = MEANINGS[field.kind][operator]
        timed = field.kind in ("date", "duration")
        self._value = value.seconds * SECOND + value.nanos if timed else value
        self.message = listed.filters.FilterField(
            field=listed.named(field, key),
            **{
                f"filter_{field.kind}": {
                    "value": value,
                    "operator": operators(field.kind)[operator],
                }
            },
        )

    def holds(self, seen: Any) -> bool:
        return self._holds(self._listed.value(seen, self._field, self._key), self._value)

    def __repr__(self) -> str:
        return f"<{self.message!r}>"


@st.composite
def comparisons(draw: st.DrawFn, listed: Listed) -> Comparison:
    field = draw(st.sampled_from(listed.filterable()))
    key = draw(st.sampled_from(KEYS) | TEXTS) if field.number is None else ""
    operator = draw(st.sampled_from(sorted(operators(field.kind))))
    return Comparison(listed, field, key, operator, draw(VALUES[field.kind]))


def filters_message(listed: Listed, alternatives: list[list[Comparison]]) -> Any:
    conjunctions = [
        listed.filters.FiltersAnd(**{"and": [comparison.message for comparison in conjunction]})
        for conjunction in alternatives
    ]
    return listed.filters.Filters(**{"or": conjunctions})


@cache
def filled_tables(seed: int) -> sqlite3.Connection:
    connection = empty_tables()
    fill(connection, ROWS, seed)
    return connection


@cache
def seen_by_a_client(listed: Listed, seed: int) -> list[tuple[tuple[Any, ...], Any]]:
    """Return each row's identity and the message that a client gets of it."""
    rows = filled_tables(seed).execute(f"SELECT {identity(listed)}, * FROM {listed.fields.table}")
    names = len(listed.fields.unique)
    plain = filled_tables(seed).execute(f"SELECT * FROM {listed.fields.table}")
    return [
        (tuple(row)[:names], listed.show(other))
        for row, other in zip(rows.fetchall(), plain.fetchall(), strict=True)
    ]


def identity(listed: Listed) -> str:
    return ", ".join(listed.fields.unique)


def found(listed: Listed, seed: int, where: Where) -> set[tuple[Any, ...]]:
    sql = f"SELECT {identity(listed)} FROM {listed.fields.table} WHERE {where.sql}"
    return {tuple(row) for row in filled_tables(seed).execute(sql, where.parameters)}


def agree(listed: Listed, seed: int, alternatives: list[list[Comparison]]) -> None:
    where = compile_filters(filters_message(listed, alternatives), listed.fields)
    expected = {
        row
        for row, seen in seen_by_a_client(listed, seed)
        if not alternatives
        or any(all(c.holds(seen) for c in conjunction) for conjunction in alternatives)
    }
    assert found(listed, seed, where) == expected


SEEDS = st.integers(0, DATA_SETS - 1)


@pytest.mark.parametrize("listed", ALL, ids=str)
@QUICK
@given(data=st.data(), seed=SEEDS)
def test_a_comparison_finds_what_a_client_sees(listed: Listed, data: st.DataObject, seed: int):
    agree(listed, seed, [[data.draw(comparisons(listed))]])


@pytest.mark.parametrize("listed", ALL, ids=str)
@QUICK
@given(data=st.data(), seed=SEEDS)
def test_a_filter_is_an_or_of_ands(listed: Listed, data: st.DataObject, seed: int):
    conjunctions = st.lists(comparisons(listed), max_size=3)
    agree(listed, seed, data.draw(st.lists(conjunctions, max_size=4)))


@pytest.mark.parametrize("listed", ALL, ids=str)
@QUICK
@given(data=st.data(), seed=SEEDS)
def test_many_equalities_find_what_each_of_them_finds(
    listed: Listed, data: st.DataObject, seed: int
):
    strings = [field for field in listed.filterable() if field.kind == "string"]
    field = data.draw(st.sampled_from(strings))
    key = data.draw(st.sampled_from(KEYS))
    wanted = data.draw(st.lists(TEXTS, min_size=2, max_size=6))
    agree(listed, seed, [[Comparison(listed, field, key, "EQUAL", value)] for value in wanted])


@pytest.mark.parametrize("listed", ALL, ids=str)
def test_every_operator_of_every_field_can_be_used(listed: Listed):
    examples = {"string": "a", "array": "a", "number": 1, "status": 4, "boolean": True}
    examples |= {"date": Timestamp(seconds=1), "duration": Duration(seconds=1)}
    for field in listed.filterable():
        for operator in operators(field.kind):
            agree(listed, 0, [[Comparison(listed, field, "a", operator, examples[field.kind])]])


@pytest.mark.parametrize("listed", [LISTED_TASKS, LISTED_SESSIONS], ids=str)
@pytest.mark.parametrize("operator", ["EQUAL", "NOT_EQUAL", "CONTAINS", "ENDS_WITH"])
def test_the_keys_and_values_of_options_are_any_text(listed: Listed, operator: str):
    generic = next(field for field in listed.filterable() if field.number is None)
    for key in KEYS:
        for value in STRINGS:
            agree(listed, 0, [[Comparison(listed, generic, key, operator, value)]])


@pytest.mark.parametrize("listed", [LISTED_SESSIONS, LISTED_PARTITIONS], ids=str)
@pytest.mark.parametrize("operator", ["CONTAINS", "NOT_CONTAINS"])
def test_the_items_of_arrays_are_any_text(listed: Listed, operator: str):
    array = next(field for field in listed.filterable() if field.kind == "array")
    for value in STRINGS:
        agree(listed, 0, [[Comparison(listed, array, "", operator, value)]])


def test_the_kinds_of_fields_are_those_of_the_api():
    kinds = {field.kind for listed in ALL for field in listed.filterable()}
    assert kinds == set(MEANINGS)
    for kind in kinds:
        assert set(operators(kind)) <= set(MEANINGS[kind])


# Times, strings and lengths at the edge


@pytest.mark.parametrize("seconds", [10**11, -(10**11), 2**63 - 1, -(2**63)])
@pytest.mark.parametrize("name", ["CREATED_AT", "CREATION_TO_END_DURATION"])
def test_a_time_far_out_compares_as_later_or_earlier_than_all(name: str, seconds: int):
    field = next(field for field in LISTED_TASKS.filterable() if field.name == name)
    value = (Timestamp if field.kind == "date" else Duration)(seconds=seconds)
    before, after = {"date": ("BEFORE", "AFTER"), "duration": ("SHORTER_THAN", "LONGER_THAN")}[
        field.kind
    ]
    connection = empty_tables()
    column = name.lower()
    insert_tasks(connection, [{"task_id": "set", column: 1_700_000_000 * SECOND}])
    for operator, expected in ((before, seconds > 0), (after, seconds < 0), ("EQUAL", False)):
        comparison = Comparison(LISTED_TASKS, field, "", operator, value)
        where = compile_filters(filters_message(LISTED_TASKS, [[comparison]]), TASKS)
        rows = connection.execute(f"SELECT 1 FROM task WHERE {where.sql}", where.parameters)
        assert bool(rows.fetchall()) is expected


def count(connection: sqlite3.Connection, filters: Any) -> int:
    where = compile_filters(filters, TASKS)
    sql = f"SELECT COUNT(*) FROM task WHERE {where.sql}"
    return int(connection.execute(sql, where.parameters).fetchone()[0])


@pytest.fixture
def three_tasks() -> sqlite3.Connection:
    connection = empty_tables()
    insert_tasks(
        connection,
        [
            {
                "task_id": f"task-{number}",
                "session_id": "s",
                "status": status,
                "priority": number,
                "options": json.dumps({"weather": weather}),
                "ended_at": number * SECOND or None,
            }
            for number, (status, weather) in enumerate([(4, "sun"), (5, "rain"), (4, "snow")])
        ],
    )
    return connection


def test_thousands_of_ids_can_be_asked_for_at_once(three_tasks: sqlite3.Connection):
    asked = [
        [Comparison(LISTED_TASKS, task_field("TASK_ID"), "", "EQUAL", f"task-{number}")]
        for number in range(1, 5_000)
    ]
    assert count(three_tasks, filters_message(LISTED_TASKS, asked)) == 2


def task_field(name: str) -> Field:
    return next(field for field in LISTED_TASKS.every_field() if field.name == name)


def test_thousands_of_alternatives_of_any_kind_are_possible(three_tasks: sqlite3.Connection):
    asked = [
        [
            Comparison(LISTED_TASKS, task_field("SESSION_ID"), "", "EQUAL", "s"),
            Comparison(LISTED_TASKS, task_field("PRIORITY"), "", "GREATER_THAN", number),
        ]
        for number in range(1, 1_500)
    ]
    assert count(three_tasks, filters_message(LISTED_TASKS, asked)) == 1


def test_thousands_of_conditions_at_once_are_possible(three_tasks: sqlite3.Connection):
    asked = [
        Comparison(LISTED_TASKS, task_field("TASK_ID"), "", "NOT_EQUAL", f"task-{number}")
        for number in range(1, 2_000)
    ]
    assert count(three_tasks, filters_message(LISTED_TASKS, [asked])) == 1


def test_a_filter_of_the_greatest_length_works_and_a_longer_one_is_refused_in_words(
    three_tasks: sqlite3.Connection,
):
    one = Comparison(LISTED_TASKS, task_field("PRIORITY"), "", "LESS_THAN", 2)
    assert count(three_tasks, filters_message(LISTED_TASKS, [[one]] * MAX_PARAMETERS)) == 2
    with pytest.raises(InvalidArgument, match=r"too long.*10,001 values.*split it"):
        count(three_tasks, filters_message(LISTED_TASKS, [[one]] * (MAX_PARAMETERS + 1)))


# Filters as the client library makes them


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        (Task.session_id == "s", 3),
        ((Task.session_id == "s") & (Task.status == TaskStatus.COMPLETED), 2),
        ((Task.status == TaskStatus.ERROR) | (Task.id == "task-0"), 2),
        (~(Task.status == TaskStatus.ERROR), 2),
        (Task.options["weather"] == "sun", 1),
        (Task.options["weather"] != "sun", 2),
        (Task.options["no such key"] == "sun", 0),
        (Task.options["no such key"] != "sun", 3),
        (Task.options["weather"].contains("n"), 3),
        (Task.options["weather"].startswith("s") & Task.options["weather"].endswith("w"), 1),
        (Task.options.priority >= 1, 2),
        (Task.id.contains("%"), 0),
    ],
    ids=str,
)
def test_filters_made_with_the_client_library_work(
    three_tasks: sqlite3.Connection, asked: Any, expected: int
):
    assert count(three_tasks, asked.to_message()) == expected


def test_a_date_that_a_client_has_seen_finds_its_task_again():
    connection = empty_tables()
    insert_tasks(connection, [{"task_id": "t", "created_at": now()}])
    seen = LISTED_TASKS.show(connection.execute("SELECT * FROM task").fetchone())
    created_at = Task.from_summary(seen).created_at
    assert count(connection, (Task.created_at == created_at).to_message()) == 1
    assert count(connection, (Task.created_at > created_at).to_message()) == 0


def test_no_filter_matches_everything(three_tasks: sqlite3.Connection):
    assert count(three_tasks, tasks.Filters()) == 3


def test_an_empty_and_matches_everything_whatever_stands_beside_it(
    three_tasks: sqlite3.Connection,
):
    nothing = Comparison(LISTED_TASKS, task_field("TASK_ID"), "", "EQUAL", "no such task")
    assert count(three_tasks, filters_message(LISTED_TASKS, [[], [nothing]])) == 3


# What is refused


def bad(listed: Listed, **parts: Any) -> Any:
    return listed.filters.Filters(**{"or": [{"and": [listed.filters.FilterField(**parts)]}]})


STATUS = LISTED_TASKS.named(task_field("STATUS"))
PODS = LISTED_PARTITIONS.named(
    next(field for field in LISTED_PARTITIONS.every_field() if field.name == "POD_MAX")
)
A = common.FilterString(value="a")


@pytest.mark.parametrize(
    ("listed", "filters", "words"),
    [
        (LISTED_TASKS, bad(LISTED_TASKS, filter_string=A), "has no field"),
        (LISTED_TASKS, bad(LISTED_TASKS, field={}, filter_string=A), "TaskField is empty"),
        (LISTED_TASKS, bad(LISTED_TASKS, field=STATUS), "STATUS has no value: set its filter_st"),
        (LISTED_TASKS, bad(LISTED_TASKS, field=STATUS, filter_string=A), "the field is a status"),
        (LISTED_PARTITIONS, bad(LISTED_PARTITIONS, field=PODS, filter_string=A), "filter_number"),
        (
            LISTED_TASKS,
            bad(LISTED_TASKS, field=STATUS, filter_status={"operator": 2}),
            "STATUS has an unknown operator, number 2",
        ),
        (
            LISTED_TASKS,
            bad(LISTED_TASKS, field=STATUS, filter_status={"operator": -1}),
            "STATUS has an unknown operator, number -1",
        ),
        (
            LISTED_TASKS,
            bad(
                LISTED_TASKS,
                field=LISTED_TASKS.named(task_field("ENDED_AT")),
                filter_date={"operator": common.FILTER_DATE_OPERATOR_AFTER},
            ),
            "ENDED_AT has no value",
        ),
        (
            LISTED_TASKS,
            bad(
                LISTED_TASKS,
                field=LISTED_TASKS.named(task_field("MAX_DURATION")),
                filter_duration={},
            ),
            "MAX_DURATION has no value",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_malformed_comparison_is_refused_in_words(listed: Listed, filters: Any, words: str):
    with pytest.raises(InvalidArgument, match=words):
        compile_filters(filters, listed.fields)


@pytest.mark.parametrize("listed", ALL, ids=str)
@pytest.mark.parametrize(("number", "words"), [(0, "UNSPECIFIED"), (999, "no field 999")])
def test_a_number_that_is_no_field_is_refused_with_those_that_are(
    listed: Listed, number: int, words: str
):
    for member in listed.field_message.DESCRIPTOR.oneofs_by_name["field"].fields:
        if member.message_type.fields_by_name["field"].enum_type is None:
            continue  # any key is a field
        message = listed.field_message(**{member.name: {"field": number}})
        with pytest.raises(InvalidArgument, match=words) as error:
            column(listed.fields, message)
        assert "NAME" in str(error.value) or "ID" in str(error.value)


@pytest.mark.parametrize("listed", [LISTED_SESSIONS, LISTED_RESULTS], ids=str)
def test_what_can_only_be_sorted_by_cannot_be_filtered_on(listed: Listed):
    sort_only = [field for field in listed.every_field() if not field.kind]
    assert sort_only
    for field in sort_only:
        with pytest.raises(InvalidArgument, match=f"sort by {field.name}"):
            compile_filters(bad(listed, field=listed.named(field)), listed.fields)


# Which of some ids match


@pytest.fixture
def database(tmp_path: Path) -> Any:
    database = Database(tmp_path / "tables.sqlite")
    with database.transaction() as tx:
        insert_tasks(tx, [{"task_id": f"t{n}", "session_id": f"s{n % 2}"} for n in range(6)])
    yield database
    database.close()


def test_of_some_ids_those_are_told_that_exist_and_match(database: Database):
    where = compile_filters((Task.session_id == "s1").to_message(), TASKS)
    assert matching(database, TASKS, ["t0", "t1", "t3", "t9"], where) == {"t1", "t3"}
    assert matching(database, TASKS, [f"t{n}" for n in range(1000)], Where()) == {
        f"t{n}" for n in range(6)
    }
    assert matching(database, TASKS, [], Where()) == set()


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM task WHERE session_id = 's' AND {where} ORDER BY seq",
        "SELECT COUNT(*) FROM task WHERE {where} AND session_id = 's'",
        "SELECT COUNT(*) FROM task WHERE {where} AND session_id = 's' AND status = 4",
    ],
)
def test_a_few_ids_are_found_without_reading_their_whole_session(
    three_tasks: sqlite3.Connection, sql: str
):
    where = compile_filters(((Task.id == "a") | (Task.id == "b")).to_message(), TASKS)
    plan = three_tasks.execute(
        f"EXPLAIN QUERY PLAN {sql.format(where=where.sql)}", where.parameters
    ).fetchall()
    assert "task_id=?" in plan[0]["detail"]


# Events


def of_tasks(field: Field, key: str = "") -> Any:
    return bad(LISTED_TASKS, field=LISTED_TASKS.named(field, key))


TASK_EVENTS = {"TASK_ID", "SESSION_ID", "PAYLOAD_ID", "OWNER_POD_ID", "INITIAL_TASK_ID"}
TASK_EVENTS |= {"POD_HOSTNAME"}
RESULT_EVENTS = {"RESULT_ID", "SESSION_ID", "NAME", "OWNER_TASK_ID"}


@pytest.mark.parametrize(
    ("listed", "allowed"),
    [(LISTED_TASKS, TASK_EVENTS), (LISTED_RESULTS, RESULT_EVENTS)],
    ids=["tasks", "results"],
)
def test_events_are_filtered_on_fields_that_stay(listed: Listed, allowed: set[str]):
    for field in listed.every_field():
        filters = bad(listed, field=listed.named(field, "key"))
        asked = [tasks.Filters(), results.Filters()]
        asked[listed is LISTED_RESULTS] = filters
        if field.name in allowed or field.member.startswith("task_option"):
            check_event_filters(*asked)
        else:
            with pytest.raises(InvalidArgument, match=f"cannot be filtered on {field.name}"):
                check_event_filters(*asked)
