"""Filters of the API find what a client would expect from what it sees."""

import json
import sqlite3
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from armonik.common import Task, TaskStatus
from hypothesis import given, settings
from hypothesis import strategies as st

from hello_helpers.embedded.data_plane.clock import now
from hello_helpers.embedded.data_plane.database import Database
from hello_helpers.embedded.data_plane.fields import TASKS as COLUMNS
from hello_helpers.embedded.data_plane.fields import column
from hello_helpers.embedded.data_plane.filters import (
    MAX_PARAMETERS,
    Where,
    compile_filters,
    matching,
)
from hello_helpers.embedded.errors import InvalidArgument
from tests.listings import (
    MEANINGS,
    PARTITIONS,
    RESULTS,
    SESSIONS,
    TASKS,
    TIMES,
    Field,
    Listing,
    operators,
)

from .listed import (
    INSTANTS,
    KEPT,
    KEYS,
    NUMBERS,
    SECOND,
    STATUSES,
    STRINGS,
    empty_tables,
    fill,
    insert_tasks,
)

QUICK = settings(deadline=None, database=None, max_examples=120)
DATA_SETS = 8
ROWS = 30


TEXTS = st.sampled_from(STRINGS) | st.text(max_size=3)
NANOSECONDS = st.sampled_from(INSTANTS) | st.integers(-(2**63), 2**63 - 1)
VALUES = {
    "string": TEXTS,
    "array": TEXTS,
    "number": st.sampled_from((*NUMBERS, 2**63 - 1, -(2**63))),
    "date": NANOSECONDS,
    "duration": NANOSECONDS,
    "status": st.sampled_from((0, *STATUSES)),
    "boolean": st.booleans(),
}
every_list = pytest.mark.parametrize("listing", KEPT, ids=str)


@dataclass(frozen=True)
class Comparison:
    """A comparison, in the two forms that are to agree: a message and a Python function."""

    field: Field
    operator: str
    value: Any

    @property
    def message(self) -> Any:
        return self.field.condition(self.operator, self.value)

    def holds(self, seen: Any) -> bool:
        return MEANINGS[self.operator](self.field.read(seen), self.value)


@st.composite
def comparisons(draw: st.DrawFn, listing: Listing) -> Comparison:
    field = draw(st.sampled_from(listing.filterable))
    if field.is_option:
        field = listing.option(draw(st.sampled_from(KEYS) | TEXTS))
    operator = draw(st.sampled_from(sorted(operators(field.kind))))
    return Comparison(field, operator, draw(VALUES[field.kind]))


def where(listing: Listing, alternatives: list[list[Comparison]]) -> Where:
    conjunctions = [[comparison.message for comparison in each] for each in alternatives]
    return compile_filters(listing.where(*conjunctions), KEPT[listing].fields)


@cache
def filled_tables(seed: int) -> sqlite3.Connection:
    connection = empty_tables()
    fill(connection, ROWS, seed)
    return connection


@cache
def seen_by_a_client(listing: Listing, seed: int) -> dict[tuple[Any, ...], Any]:
    """Return the message that a client gets of each row, by what the row is known by."""
    fields, show = KEPT[listing].fields, KEPT[listing].show
    sql = f"SELECT *, {', '.join(fields.unique)} FROM {fields.table}"
    rows = filled_tables(seed).execute(sql).fetchall()
    return {tuple(row)[-len(fields.unique) :]: show(row) for row in rows}


def agree(listing: Listing, seed: int, alternatives: list[list[Comparison]]) -> None:
    fields, condition = KEPT[listing].fields, where(listing, alternatives)
    sql = f"SELECT {', '.join(fields.unique)} FROM {fields.table} WHERE {condition.sql}"
    found = {tuple(row) for row in filled_tables(seed).execute(sql, condition.parameters)}
    assert found == {
        row
        for row, seen in seen_by_a_client(listing, seed).items()
        if not alternatives or any(all(c.holds(seen) for c in each) for each in alternatives)
    }


SEEDS = st.integers(0, DATA_SETS - 1)


@every_list
@QUICK
@given(data=st.data(), seed=SEEDS)
def test_a_comparison_finds_what_a_client_sees(listing: Listing, data: st.DataObject, seed: int):
    agree(listing, seed, [[data.draw(comparisons(listing))]])


@every_list
@QUICK
@given(data=st.data(), seed=SEEDS)
def test_a_filter_is_an_or_of_ands(listing: Listing, data: st.DataObject, seed: int):
    conjunctions = st.lists(comparisons(listing), max_size=3)
    agree(listing, seed, data.draw(st.lists(conjunctions, max_size=4)))


@every_list
@QUICK
@given(data=st.data(), seed=SEEDS)
def test_many_equalities_find_what_each_of_them_finds(
    listing: Listing, data: st.DataObject, seed: int
):
    field = data.draw(st.sampled_from([f for f in listing.filterable if f.kind == "string"]))
    if field.is_option:
        field = listing.option(data.draw(st.sampled_from(KEYS)))
    wanted = data.draw(st.lists(TEXTS, min_size=2, max_size=6))
    agree(listing, seed, [[Comparison(field, "EQUAL", value)] for value in wanted])


@every_list
def test_every_operator_of_every_field_can_be_used(listing: Listing):
    examples = {"string": "a", "array": "a", "number": 1, "status": 4, "boolean": True}
    examples |= {"date": SECOND, "duration": SECOND}
    for field in listing.filterable:
        for operator in operators(field.kind):
            agree(listing, 0, [[Comparison(field, operator, examples[field.kind])]])


@pytest.mark.parametrize("listing", [TASKS, SESSIONS], ids=str)
@pytest.mark.parametrize("operator", ["EQUAL", "NOT_EQUAL", "CONTAINS", "ENDS_WITH"])
def test_the_keys_and_values_of_options_are_any_text(listing: Listing, operator: str):
    for key in KEYS:
        for value in STRINGS:
            agree(listing, 0, [[Comparison(listing.option(key), operator, value)]])


@pytest.mark.parametrize("listing", [SESSIONS, PARTITIONS], ids=str)
@pytest.mark.parametrize("operator", operators("array"))
def test_the_items_of_arrays_are_any_text(listing: Listing, operator: str):
    array = next(field for field in listing.filterable if field.kind == "array")
    for value in STRINGS:
        agree(listing, 0, [[Comparison(array, operator, value)]])


# Times, strings and lengths at the edge


@pytest.mark.parametrize("seconds", [10**11, -(10**11), 2**63 - 1, -(2**63)])
@pytest.mark.parametrize("name", ["CREATED_AT", "CREATION_TO_END_DURATION"])
def test_a_time_far_out_compares_as_later_or_earlier_than_all(name: str, seconds: int):
    field = TASKS.field(name)
    before, after = {"date": ("BEFORE", "AFTER"), "duration": ("SHORTER_THAN", "LONGER_THAN")}[
        field.kind
    ]
    connection = empty_tables()
    insert_tasks(connection, [{"task_id": "set", name.lower(): 1_700_000_000 * SECOND}])
    for operator, expected in ((before, seconds > 0), (after, seconds < 0), ("EQUAL", False)):
        condition = field.condition(operator, TIMES[field.kind](seconds=seconds))
        assert count(connection, TASKS.where([condition])) == expected


def count(connection: sqlite3.Connection, filters: Any) -> int:
    found = compile_filters(filters, COLUMNS)
    sql = f"SELECT COUNT(*) FROM task WHERE {found.sql}"
    return int(connection.execute(sql, found.parameters).fetchone()[0])


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


TASK_ID, PRIORITY = TASKS.field("TASK_ID"), TASKS.field("PRIORITY")
IN_S = TASKS.field("SESSION_ID").condition("EQUAL", "s")


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ([[TASK_ID.condition("EQUAL", f"task-{n}")] for n in range(1, 5_000)], 2),
        ([[IN_S, PRIORITY.condition("GREATER_THAN", n)] for n in range(1, 1_500)], 1),
        ([[TASK_ID.condition("NOT_EQUAL", f"task-{n}") for n in range(1, 2_000)]], 1),
        ([[PRIORITY.condition("LESS_THAN", 2)]] * MAX_PARAMETERS, 2),
    ],
    ids=["ids", "alternatives of any kind", "conditions at once", "the greatest length"],
)
def test_thousands_of_comparisons_are_possible(
    three_tasks: sqlite3.Connection, asked: list[list[Any]], expected: int
):
    assert count(three_tasks, TASKS.where(*asked)) == expected


def test_a_filter_that_is_too_long_is_refused_in_words(three_tasks: sqlite3.Connection):
    one = [PRIORITY.condition("LESS_THAN", 2)]
    with pytest.raises(InvalidArgument, match=r"too long.*10,001 values.*split it"):
        count(three_tasks, TASKS.where(*[one] * (MAX_PARAMETERS + 1)))


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
    seen = KEPT[TASKS].show(connection.execute("SELECT * FROM task").fetchone())
    created_at = Task.from_summary(seen).created_at
    assert count(connection, (Task.created_at == created_at).to_message()) == 1
    assert count(connection, (Task.created_at > created_at).to_message()) == 0


def test_no_filter_matches_everything(three_tasks: sqlite3.Connection):
    assert count(three_tasks, TASKS.where()) == 3


def test_an_empty_and_matches_everything_whatever_stands_beside_it(
    three_tasks: sqlite3.Connection,
):
    nothing = TASK_ID.condition("EQUAL", "no such task")
    assert count(three_tasks, TASKS.where([], [nothing])) == 3


# What is refused


STATUS = TASKS.field("STATUS").message
ENDED_AT, MAX_DURATION = (TASKS.field(name).message for name in ("ENDED_AT", "MAX_DURATION"))
A = {"value": "a"}


@pytest.mark.parametrize(
    ("listing", "parts", "words"),
    [
        (TASKS, {"filter_string": A}, "has no field"),
        (TASKS, {"field": {}, "filter_string": A}, "TaskField is empty"),
        (TASKS, {"field": STATUS}, "STATUS has no value: set its filter_st"),
        (TASKS, {"field": STATUS, "filter_string": A}, "the field is a status"),
        (
            PARTITIONS,
            {"field": PARTITIONS.field("POD_MAX").message, "filter_string": A},
            "filter_number",
        ),
        *(
            (
                TASKS,
                {"field": STATUS, "filter_status": {"operator": number}},
                f"STATUS has an unknown operator, number {number}",
            )
            for number in (2, -1)
        ),
        (TASKS, {"field": ENDED_AT, "filter_date": {"operator": 5}}, "ENDED_AT has no value"),
        (TASKS, {"field": MAX_DURATION, "filter_duration": {}}, "MAX_DURATION has no value"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_malformed_comparison_is_refused_in_words(
    listing: Listing, parts: dict[str, Any], words: str
):
    with pytest.raises(InvalidArgument, match=words):
        compile_filters(listing.where([listing.condition(**parts)]), KEPT[listing].fields)


@every_list
@pytest.mark.parametrize(("number", "words"), [(0, "UNSPECIFIED"), (999, "no field 999")])
def test_a_number_that_is_no_field_is_refused_with_those_that_are(
    listing: Listing, number: int, words: str
):
    for member in {field.member for field in listing.fields if not field.is_option}:
        message = listing.field_message(**{member: {"field": number}})
        with pytest.raises(InvalidArgument, match=words) as error:
            column(KEPT[listing].fields, message)
        assert "NAME" in str(error.value) or "ID" in str(error.value)


@pytest.mark.parametrize("listing", [SESSIONS, RESULTS], ids=str)
def test_what_can_only_be_sorted_by_cannot_be_filtered_on(listing: Listing):
    sort_only = [field for field in listing.fields if not field.kind]
    assert sort_only
    for field in sort_only:
        filters = listing.where([listing.condition(field=field.message, filter_string=A)])
        with pytest.raises(InvalidArgument, match=f"sort by {field.name}"):
            compile_filters(filters, KEPT[listing].fields)


# Which of some ids match


@pytest.fixture
def database(tmp_path: Path) -> Any:
    database = Database(tmp_path / "tables.sqlite")
    with database.transaction() as tx:
        insert_tasks(tx, [{"task_id": f"t{n}", "session_id": f"s{n % 2}"} for n in range(6)])
    yield database
    database.close()


def test_of_some_ids_those_are_told_with_their_status_that_exist_and_match(database: Database):
    in_s1 = compile_filters((Task.session_id == "s1").to_message(), COLUMNS)
    status = dict(database.rows("SELECT task_id, status FROM task"))
    found = matching(database, COLUMNS, ["t0", "t1", "t3", "t9"], in_s1)
    assert found == {task_id: status[task_id] for task_id in ("t1", "t3")}
    assert matching(database, COLUMNS, [f"t{n}" for n in range(1000)], Where()) == status
    assert matching(database, COLUMNS, [], Where()) == {}


@pytest.mark.parametrize(
    "filters",
    [
        pytest.param((Task.id == "t1") | (Task.id == "t4") | (Task.id == "t9"), id="ids"),
        pytest.param((Task.id == "t1") | (Task.session_id == "s0"), id="two columns"),
        pytest.param((Task.id == "t1") | (Task.id == "t3\0"), id="a NUL character"),
        pytest.param((Task.id == "t1") | (Task.id != "t3"), id="not only equalities"),
        pytest.param((Task.id == "t1") & (Task.session_id == "s0"), id="both"),
    ],
)
def test_values_that_are_looked_up_match_what_the_condition_matches(
    database: Database, filters: Any
):
    where = compile_filters(filters.to_disjunction().to_message(), COLUMNS)
    sql = f"SELECT task_id FROM task WHERE {where.sql}"
    right = {row[0] for row in database.rows(sql, where.parameters)}
    every = [f"t{n}" for n in range(10)]
    assert matching(database, COLUMNS, every, where).keys() == right
    named = where.ids(COLUMNS)
    assert named is None or named & set(every[:6]) == right


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
    two = compile_filters(((Task.id == "a") | (Task.id == "b")).to_message(), COLUMNS)
    explain = f"EXPLAIN QUERY PLAN {sql.format(where=two.sql)}"
    plan = three_tasks.execute(explain, two.parameters).fetchall()
    assert "task_id=?" in plan[0]["detail"]
