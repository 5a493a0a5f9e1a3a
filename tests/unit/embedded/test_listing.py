"""Lists, pages and counts: what all List… calls have in common."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import pytest
from armonik.common import Task, TaskStatus
from hypothesis import given, settings
from hypothesis import strategies as st

from hello_helpers.embedded.control_plane import listing
from hello_helpers.embedded.control_plane.about import Applications
from hello_helpers.embedded.control_plane.listing import count_by_status
from hello_helpers.embedded.data_plane.fields import Fields
from hello_helpers.embedded.data_plane.filters import compile_filters
from hello_helpers.embedded.data_plane.plane import DataPlane
from hello_helpers.embedded.errors import InvalidArgument
from tests.listings import APPLICATIONS, ASC, DESC, TASKS, Field, Listing

from .listed import KEPT, KEYS, fill, insert_tasks

T = TypeVar("T")
QUICK = settings(deadline=None, database=None, max_examples=50)
ROWS = 25


def run(call: Awaitable[T]) -> T:
    async def main() -> T:
        return await call

    return asyncio.run(main())


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DataPlane]:
    """A data plane with random rows in every table."""
    plane = DataPlane(tmp_path_factory.mktemp("plane"))
    with plane.transaction() as tx:
        fill(tx, ROWS)
    yield plane
    plane.close()


@pytest.fixture
def plane(tmp_path: Path) -> Iterator[DataPlane]:
    """A data plane with five tasks in one session and one in another."""
    plane = DataPlane(tmp_path)
    with plane.transaction() as tx:
        insert_tasks(
            tx,
            [
                {
                    "task_id": f"t{number}",
                    "session_id": "s" if number < 5 else "other",
                    "status": [4, 4, 5, 4, 9, 4][number],
                    "application_name": "hello" if number < 4 else "bye",
                    "application_version": f"{number % 2}",
                    "application_namespace": "",
                    "application_service": "",
                }
                for number in range(6)
            ],
        )
    yield plane
    plane.close()


def task_request(**parts: Any) -> Any:
    return TASKS.ask(**{"page_size": 10, **parts})


def list_rows(plane: DataPlane, request: Any, fields: Fields) -> tuple[list[sqlite3.Row], int]:
    """The rows of a page, and how many match, as the List… calls find them."""
    listing.check(request)
    return run(plane.database.read(lambda connection: listing.page(connection, request, fields)))


def ids(plane: DataPlane, **parts: Any) -> tuple[list[str], int]:
    rows, total = list_rows(plane, task_request(**parts), KEPT[TASKS].fields)
    return [row["task_id"] for row in rows], total


# Sorting and paging


def in_order(listing: Listing, rows: list[sqlite3.Row], by: list[Field]) -> bool:
    """Whether a client sees the rows sorted; what is unset comes first."""

    def sort_value(field: Field, seen: Any) -> tuple[bool, Any]:
        value = field.read(seen)
        if field.is_option and value is not None:
            value = value.replace("\0", "\udc00")  # where NUL is sorted among options
        return value is not None, value

    shown = [KEPT[listing].show(row) for row in rows]
    keys = [[sort_value(field, seen) for field in by] for seen in shown]
    return keys == sorted(keys)


@st.composite
def sorts(draw: st.DrawFn, listing: Listing) -> list[Field]:
    fields = st.sampled_from(listing.fields).map(
        lambda field: listing.option(draw(st.sampled_from(KEYS))) if field.is_option else field
    )
    return draw(st.lists(fields, min_size=1, max_size=3 if listing.several else 1))


@pytest.mark.parametrize("listing", KEPT, ids=str)
@QUICK
@given(data=st.data(), size=st.integers(1, ROWS + 1))
def test_going_from_page_to_page_shows_every_row_once_and_in_order(
    filled: DataPlane, listing: Listing, data: st.DataObject, size: int
):
    by = data.draw(sorts(listing))
    direction = data.draw(st.sampled_from([ASC, DESC]))
    fields = KEPT[listing].fields
    unique = ", ".join(fields.unique)
    expected = filled.database.rows(f"SELECT {unique} FROM {fields.table}")

    def walk() -> list[sqlite3.Row]:
        rows: list[sqlite3.Row] = []
        for page in range(len(expected)):
            request = listing.ask(by=by, direction=direction, page=page, page_size=size)
            new, total = list_rows(filled, request, fields)
            assert total == len(expected)
            rows += new
            if len(new) < size:
                return rows
        return rows

    rows = walk()
    assert len(rows) == len(expected)
    assert len({tuple(row) for row in rows}) == len({tuple(row) for row in expected})
    if all(field.kind not in ("", "array") for field in by):
        assert in_order(listing, rows[:: 1 if direction == ASC else -1], by)


@pytest.mark.parametrize("direction", [ASC, DESC])
@pytest.mark.parametrize("listing", KEPT, ids=str)
def test_every_field_of_the_api_can_be_sorted_by(
    filled: DataPlane, listing: Listing, direction: int
):
    for field in listing.fields:
        request = listing.ask(by=[field], direction=direction)
        rows, total = list_rows(filled, request, KEPT[listing].fields)
        assert len(rows) == total > 0


def test_tasks_that_sort_alike_come_in_order_of_arrival(plane: DataPlane):
    by = [TASKS.field("SESSION_ID")]
    assert ids(plane, by=by)[0] == ["t5", "t0", "t1", "t2", "t3", "t4"]
    assert ids(plane, by=by, direction=DESC)[0] == ["t4", "t3", "t2", "t1", "t0", "t5"]


def test_a_page_is_a_part_of_what_matches_and_the_total_is_all_of_it(plane: DataPlane):
    filters = (Task.session_id == "s").to_message()
    assert ids(plane, page=0, page_size=2, filters=filters) == (["t0", "t1"], 5)
    assert ids(plane, page=2, page_size=2, filters=filters) == (["t4"], 5)


def test_a_page_size_of_0_gives_no_rows_and_the_right_total(plane: DataPlane):
    assert ids(plane, page_size=0) == ([], 6)
    assert ids(plane, page_size=0, page=7) == ([], 6)


def test_a_page_after_the_last_one_is_empty(plane: DataPlane):
    assert ids(plane, page=3, page_size=2) == ([], 6)
    assert ids(plane, page=2**31 - 1, page_size=2**31 - 1) == ([], 6)


def test_a_huge_page_of_a_short_list_is_the_whole_list(plane: DataPlane):
    assert ids(plane, page_size=10**9) == ([f"t{n}" for n in range(6)], 6)


def test_a_page_that_would_hold_too_many_rows_is_refused_not_shortened(
    plane: DataPlane, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(listing, "LONGEST_PAGE", 4)
    assert ids(plane, page_size=4) == (["t0", "t1", "t2", "t3"], 6)
    assert ids(plane, page_size=5, page=1) == (["t5"], 6)
    with pytest.raises(listing.PageTooLong, match=r"hold 5 rows.*smaller") as error:
        ids(plane, page_size=5)
    assert error.value.code == "RESOURCE_EXHAUSTED"


# What a request must have


def without(name: str) -> Any:
    request = task_request()
    request.ClearField(name)
    return request


SORTED = {"field": Task.id.field, "direction": ASC}


@pytest.mark.parametrize(
    ("request_", "words"),
    [
        (task_request(page=-1), "page: must be 0 or more, is -1"),
        (task_request(page_size=-5), "page_size: must be 0 or more, is -5"),
        (without("filters"), "filters: must be present"),
        (without("sort"), "sort: must be present"),
        (task_request(sort={**SORTED, "direction": 0}), "sort.direction: must be"),
        (task_request(sort={**SORTED, "direction": 3}), "sort.direction: must be"),
        (task_request(sort={"direction": ASC}), "sort.field: must be present"),
        (task_request(sort={**SORTED, "field": {}}), "TaskField is empty"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_request_that_lacks_something_is_refused_in_words(
    plane: DataPlane, request_: Any, words: str
):
    with pytest.raises(InvalidArgument, match=words):
        list_rows(plane, request_, KEPT[TASKS].fields)


def test_there_is_one_line_for_each_thing_that_is_wrong():
    with pytest.raises(InvalidArgument) as error:
        listing.check(TASKS.request(page=-1, page_size=-1, sort={}))
    lines = str(error.value).splitlines()
    assert [line.split(":")[0] for line in lines] == [
        *("page", "page_size", "filters", "sort.direction", "sort.field")
    ]


def test_applications_need_a_field_to_sort_by():
    with pytest.raises(InvalidArgument, match=r"sort\.field"):
        listing.check(APPLICATIONS.request(filters={}, sort={"direction": ASC}))


# Counts


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        (TASKS.where(), {4: 4, 5: 1, 9: 1}),
        ((Task.session_id == "s").to_message(), {4: 3, 5: 1, 9: 1}),
        ((Task.status == TaskStatus.ERROR).to_message(), {5: 1}),
        ((Task.session_id == "no such session").to_message(), {}),
    ],
)
def test_tasks_are_counted_by_status_and_zeros_left_out(
    plane: DataPlane, filters: Any, expected: dict[int, int]
):
    assert (
        run(
            plane.database.read(
                lambda reader: count_by_status(reader, compile_filters(filters, KEPT[TASKS].fields))
            )
        )
        == expected
    )


# Applications


NAME, VERSION = APPLICATIONS.field("NAME"), APPLICATIONS.field("VERSION")


def applications(plane: DataPlane, *conditions: Any, **parts: Any) -> tuple[list[str], int]:
    request = APPLICATIONS.ask(list(conditions), **parts)
    call: Callable[..., Awaitable[Any]] = Applications(plane).ListApplications
    reply = run(call(request, None))
    assert (reply.page, reply.page_size) == (request.page, request.page_size)
    return [f"{found.name} {found.version}" for found in reply.applications], reply.total


def test_each_application_is_listed_once(plane: DataPlane):
    found = applications(plane, by=[NAME, VERSION])
    assert found == (["bye 0", "bye 1", "hello 0", "hello 1"], 4)


def test_applications_are_sorted_by_one_field_after_the_other(plane: DataPlane):
    found, _ = applications(plane, by=[VERSION, NAME], direction=DESC)
    assert found == ["hello 1", "bye 1", "hello 0", "bye 0"]


def test_applications_are_filtered_and_paged(plane: DataPlane):
    hello = NAME.condition("EQUAL", "hello")
    assert applications(plane, hello, by=[VERSION]) == (["hello 0", "hello 1"], 2)
    assert applications(plane, hello, by=[VERSION], page=1, page_size=1) == (["hello 1"], 2)


def test_an_embedded_armonik_without_tasks_has_no_applications(tmp_path: Path):
    plane = DataPlane(tmp_path)
    assert applications(plane) == ([], 0)
    plane.close()
