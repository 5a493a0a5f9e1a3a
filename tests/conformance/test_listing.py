"""Lists: what a request must have, pages and totals, and/or, counts (statements 45 to 48, 51)."""

from collections import Counter
from collections.abc import Iterator

import pytest
from armonik.common import TaskStatus
from armonik.protogen.common.tasks_common_pb2 import CountTasksByStatusRequest
from grpc import StatusCode

from tests.listings import APPLICATIONS, DESC, LISTINGS, PARTITIONS, RESULTS, TASKS, Listing

from .driver import ArmoniK
from .waiting import fails_with

every_list = pytest.mark.parametrize("listing", LISTINGS, ids=str)


@pytest.fixture(scope="module")
def populated(armonik: ArmoniK) -> Iterator[str]:
    """A session with three tasks of three applications, and a fresh session beside it."""
    session, other = armonik.create_session(), armonik.create_session()
    tasks = [
        armonik.submit(
            session,
            ["send", 0, "x"],
            task_options=armonik.options(application_name=f"application {i}"),
        )
        for i in range(3)
    ]
    for task in tasks:
        armonik.wait_task(task.task_id, TaskStatus.COMPLETED)
    yield session
    armonik.forget(session)
    armonik.forget(other)


@pytest.mark.statement(45)
@pytest.mark.parametrize(
    "path", [("filters",), ("sort",), ("sort", "direction"), ("sort", "field")], ids=".".join
)
@every_list
def test_a_list_needs_filters_and_a_sort_with_a_direction_and_a_field(
    armonik: ArmoniK, listing: Listing, path: tuple[str, ...]
):
    if path[-1] == "field" and listing is APPLICATIONS:
        return  # which may be sorted by several, or by none
    request = listing.ask()
    parent = request.sort if path[1:] else request
    parent.ClearField(path[-1])
    with fails_with(StatusCode.INVALID_ARGUMENT):
        armonik.reply(listing, request)


@pytest.mark.statement(46)
@pytest.mark.usefixtures("populated")
@every_list
def test_empty_filters_and_an_empty_and_match_everything_whatever_the_page(
    armonik: ArmoniK, listing: Listing
):
    everything = armonik.reply(listing, listing.ask())
    rows = getattr(everything, listing.rows)
    assert everything.total >= (1 if listing is PARTITIONS else 2)
    assert len(rows) == min(everything.total, 1000)
    assert (everything.page, everything.page_size) == (0, 1000)
    assert armonik.reply(listing, listing.ask([])).total == everything.total
    for page in (0, 1):
        reply = armonik.reply(listing, listing.ask(page=page, page_size=1))
        assert reply.total == everything.total
        assert (reply.page, reply.page_size) == (page, 1)
        assert [listing.key(row) for row in getattr(reply, listing.rows)] == [
            listing.key(row) for row in rows[page : page + 1]
        ], "sorted by a key, pages are slices of the whole"


@pytest.mark.statement(46)
def test_a_page_beyond_the_last_is_empty(armonik: ArmoniK, populated: str):
    mine = [TASKS.field("SESSION_ID").condition("EQUAL", populated)]
    reply = armonik.reply(TASKS, TASKS.ask(mine, page=7, page_size=2))
    assert (list(reply.tasks), reply.total) == ([], 3)
    reply = armonik.reply(TASKS, TASKS.ask(mine, page=1, page_size=2))
    assert (len(reply.tasks), reply.total) == (1, 3)


@pytest.mark.statement(47)
@pytest.mark.usefixtures("populated")
@every_list
def test_a_page_of_size_zero_has_no_rows_and_the_right_total(armonik: ArmoniK, listing: Listing):
    reply = armonik.reply(listing, listing.ask(page_size=0))
    assert list(getattr(reply, listing.rows)) == []
    assert reply.total == armonik.reply(listing, listing.ask()).total
    assert reply.total > 0


@pytest.mark.statement(47)
@pytest.mark.parametrize("negative", ["page", "page_size"])
@every_list
def test_negative_pages_are_refused(armonik: ArmoniK, listing: Listing, negative: str):
    with fails_with(StatusCode.INVALID_ARGUMENT):
        armonik.reply(listing, listing.ask(**{negative: -1}))


@pytest.mark.statement(48)
def test_filters_are_an_or_of_ands(armonik: ArmoniK, session: str):
    armonik.create_results(session, "red circle", "red square", "blue circle", "blue square")
    name, owner = RESULTS.field("NAME"), RESULTS.field("SESSION_ID")
    mine = owner.condition("EQUAL", session)

    def names(*conjunctions: list) -> list[str]:
        return [row.name for row in armonik.rows(RESULTS, *conjunctions, by=[name])]

    red = name.condition("STARTS_WITH", "red")
    blue = name.condition("STARTS_WITH", "blue")
    circle = name.condition("ENDS_WITH", "circle")
    square = name.condition("ENDS_WITH", "square")
    assert names([mine, red, circle]) == ["red circle"]
    assert names([mine, red, blue]) == []
    assert names([mine, red, circle], [mine, blue, square]) == ["blue square", "red circle"]
    assert names([mine, red], [mine, red, circle], [mine, circle]) == [
        "blue circle",
        "red circle",
        "red square",
    ]
    assert len(armonik.rows(RESULTS, [mine, red], [mine, blue], by=[name], direction=DESC)) == 4


@pytest.mark.statement(51)
def test_counts_leave_out_statuses_without_tasks(armonik: ArmoniK, populated: str):
    mine = TASKS.field("SESSION_ID").condition("EQUAL", populated)
    request = CountTasksByStatusRequest(filters=TASKS.where([mine]))
    reply = armonik.tasks.CountTasksByStatus(request)
    assert [(count.status, count.count) for count in reply.status] == [(TaskStatus.COMPLETED, 3)]


@pytest.mark.statement(51)
@pytest.mark.usefixtures("populated")
def test_counts_need_no_filters(armonik: ArmoniK):
    reply = armonik.tasks.CountTasksByStatus(CountTasksByStatusRequest())
    counts = Counter({count.status: count.count for count in reply.status})
    assert counts[TaskStatus.COMPLETED] >= 3
    assert min(counts.values()) > 0
    assert counts.total() == armonik.reply(TASKS, TASKS.ask(page_size=0)).total
