"""Lists, pages and counts: what all List… calls have in common."""

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import pytest
from armonik.common import Task, TaskStatus
from armonik.protogen.common.tasks_common_pb2 import ListTasksResponse, TaskSummary
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

    def query(connection: sqlite3.Connection) -> tuple[list[sqlite3.Row], int]:
        return listing.page(connection, request, fields, lambda row: row)

    return run(plane.database.read(query))


def ids(plane: DataPlane, **parts: Any) -> tuple[list[str], int]:
    rows, total = list_rows(plane, task_request(**parts), KEPT[TASKS].fields)
    return [row["task_id"] for row in rows], total


IN_S = (Task.session_id == "s").to_message()
BY_SESSION = [TASKS.field("SESSION_ID")]
ALL = ["t0", "t1", "t2", "t3", "t4", "t5"]


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


@pytest.mark.parametrize(
    ("asked", "rows", "total"),
    [
        pytest.param(
            {"by": BY_SESSION}, ["t5", *ALL[:5]], 6, id="what sorts alike comes in order of arrival"
        ),
        pytest.param(
            {"by": BY_SESSION, "direction": DESC}, [*ALL[4::-1], "t5"], 6, id="or against it"
        ),
        pytest.param(
            {"page": 0, "page_size": 2, "filters": IN_S}, ["t0", "t1"], 5, id="a page is a part"
        ),
        pytest.param({"page": 2, "page_size": 2, "filters": IN_S}, ["t4"], 5, id="the last page"),
        pytest.param({"page": 7, "page_size": 0}, [], 6, id="a page of size 0 has no rows"),
        pytest.param({"page": 3, "page_size": 2}, [], 6, id="after the last page nothing comes"),
        pytest.param({"page": 2**31 - 1, "page_size": 2**31 - 1}, [], 6, id="however far after it"),
        pytest.param({"page_size": 10**9}, ALL, 6, id="a huge page of a short list is all of it"),
    ],
)
def test_a_page_is_a_part_of_what_matches_and_the_total_is_all_of_it(
    plane: DataPlane, asked: dict[str, Any], rows: list[str], total: int
):
    assert ids(plane, **asked) == (rows, total)


def test_a_page_that_would_hold_too_many_rows_is_refused_not_shortened(
    plane: DataPlane, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(listing, "LONGEST_PAGE", 4)
    assert ids(plane, page_size=4) == (["t0", "t1", "t2", "t3"], 6)
    assert ids(plane, page_size=5, page=1) == (["t5"], 6)
    with pytest.raises(listing.PageTooLong, match=r"hold 5 rows.*smaller") as error:
        ids(plane, page_size=5)
    assert error.value.code == "RESOURCE_EXHAUSTED"


def test_a_page_that_would_hold_too_many_bytes_is_refused_before_it_is_made(
    plane: DataPlane, monkeypatch: pytest.MonkeyPatch
):
    made = []

    def message(row: sqlite3.Row) -> Any:
        made.append(row["task_id"])
        return TaskSummary(error="x" * 1000)

    def listed(page_size: int) -> Any:
        asked = task_request(page_size=page_size)
        fields = KEPT[TASKS].fields
        return listing.list_messages(plane, asked, fields, message, ListTasksResponse, "tasks")

    monkeypatch.setattr(listing, "LARGEST_REPLY", 3_500)
    assert len(run(listed(3)).tasks) == 3
    made.clear()
    with pytest.raises(listing.PageTooLong, match="smaller page_size"):
        run(listed(6))
    assert made == ["t0", "t1", "t2", "t3"]


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


HELLO = NAME.condition("EQUAL", "hello")


@pytest.mark.parametrize(
    ("conditions", "parts", "expected"),
    [
        pytest.param(
            [],
            {"by": [NAME, VERSION]},
            (["bye 0", "bye 1", "hello 0", "hello 1"], 4),
            id="each application is listed once",
        ),
        pytest.param(
            [],
            {"by": [VERSION, NAME], "direction": DESC},
            (["hello 1", "bye 1", "hello 0", "bye 0"], 4),
            id="they are sorted by one field after the other",
        ),
        pytest.param([HELLO], {"by": [VERSION]}, (["hello 0", "hello 1"], 2), id="filtered"),
        pytest.param(
            [HELLO],
            {"by": [VERSION], "page": 1, "page_size": 1},
            (["hello 1"], 2),
            id="filtered and paged",
        ),
        pytest.param([NAME.condition("EQUAL", "no")], {}, ([], 0), id="without tasks, none"),
    ],
)
def test_applications_are_listed(
    plane: DataPlane,
    conditions: list[Any],
    parts: dict[str, Any],
    expected: tuple[list[str], int],
):
    assert applications(plane, *conditions, **parts) == expected
