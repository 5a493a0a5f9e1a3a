"""Lists and counts: what ListSessions, ListTasks, ListResults, … have in common."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from armonik.protogen.common.sort_direction_pb2 import SORT_DIRECTION_ASC, SORT_DIRECTION_DESC

from ..data_plane.fields import Column, Fields, column
from ..data_plane.filters import Where, compile_filters
from ..data_plane.plane import DataPlane
from ..errors import RequestError
from .service import raise_if

M = TypeVar("M")

LONGEST_PAGE = 30_000
"""Rows in one reply. What fits in 4 MiB, the most that clients take in one message, is sent: some
8,000 tasks with details, or 25,000 results."""

LARGEST_REPLY = 64 * 1024 * 1024
"""Bytes of one reply. Whoever has told their client to take more than 4 MiB gets so much; more
would be this machine's memory."""

_DIRECTIONS = {SORT_DIRECTION_ASC: "ASC", SORT_DIRECTION_DESC: "DESC"}


class PageTooLong(RequestError):
    """A page would hold more rows, or bytes, than one reply can carry."""

    code = "RESOURCE_EXHAUSTED"


def check(request: Any) -> None:
    """Check what every List… request needs, in ArmoniK as well as here.

    Raises:
        InvalidArgument: with one line for each property that is wrong.
    """
    wrong = [
        f"{name}: must be 0 or more, is {getattr(request, name)}"
        for name in ("page", "page_size")
        if getattr(request, name) < 0
    ]
    if not request.HasField("filters"):
        wrong.append("filters: must be present; empty filters match everything")
    if not request.HasField("sort"):
        wrong.append("sort: must be present, with a field and a direction")
    else:
        if request.sort.direction not in _DIRECTIONS:
            wrong.append("sort.direction: must be SORT_DIRECTION_ASC or SORT_DIRECTION_DESC")
        if not _sort_fields(request.sort):
            wrong.append("sort.field: must be present")
    raise_if(wrong)


async def list_messages(
    plane: DataPlane,
    request: Any,
    fields: Fields,
    to_message: Callable[[sqlite3.Row], Any],
    response: Callable[..., M],
    name: str,
) -> M:
    """Return the response to a List… request: a page of messages, and how many match in all.

    Rows that the sort key does not tell apart come in the order in which they were created (the
    last one first if the direction is DESC), so that going from page to page shows each row once.
    In ArmoniK their order is open. What is unset sorts before everything else.

    A page is never shortened silently: a client that counts pages would miss rows. ArmoniK sends
    any page that it is asked for, and client libraries then refuse a reply above 4 MiB with
    RESOURCE_EXHAUSTED. Here the same code comes from the server, with advice, if a page would
    really hold more than `LONGEST_PAGE` rows or `LARGEST_REPLY` bytes; a huge ``page_size`` on a
    short list is fine.

    The messages are made in the reader's thread: for a long page that takes some tenths of a
    second, and others are served meanwhile.

    Args:
        request: a ``List…Request`` of one of the services.
        response: the type of the response; ``name``: its field for the messages.

    Raises:
        InvalidArgument: the request is incomplete, or names fields or filters that do not exist.
        PageTooLong: the page would hold too many rows.
    """
    check(request)

    room = LARGEST_REPLY

    def put(row: sqlite3.Row) -> Any:
        nonlocal room
        message = to_message(row)
        room -= message.ByteSize()
        if room < 0:
            raise PageTooLong(
                f"The page would hold more than {LARGEST_REPLY // 1024**2} MiB: ask for a smaller"
                " page_size, or leave out what is so large"
            )
        return message

    found, total = await plane.database.read(
        lambda connection: page(connection, request, fields, put)
    )
    numbers = {"page": request.page, "page_size": request.page_size, "total": total}
    return response(**{name: found}, **numbers)


def page(
    connection: sqlite3.Connection,
    request: Any,
    fields: Fields,
    put: Callable[[sqlite3.Row], M],
) -> tuple[list[M], int]:
    """Return the rows of a page as `put` makes them, one by one, and the number of all rows that
    match; see `list_messages`."""
    size, offset = request.page_size, request.page * request.page_size
    where = compile_filters(request.filters, fields)
    keys = [column(fields, message) for message in _sort_fields(request.sort)]
    order, order_values = _order(keys, fields.unique, _DIRECTIONS[request.sort.direction])
    with connection:
        connection.execute("BEGIN")  # count and page see the same state
        total: int = connection.execute(
            f"SELECT COUNT(*) FROM {fields.table} WHERE {where.sql}", where.parameters
        ).fetchone()[0]
        length = max(0, min(size, total - offset))
        if length > LONGEST_PAGE:
            raise PageTooLong(
                f"The page would hold {length:,} rows, and a reply holds {LONGEST_PAGE:,} at"
                " most: ask for a smaller page_size (1,000 is what ArmoniK's clients use)"
            )
        if length == 0:
            return [], total
        # The inner query sorts keys only, which is several times faster than whole rows.
        unique = ", ".join(fields.unique)
        rows = connection.execute(
            f"SELECT * FROM {fields.table} WHERE ({unique}) IN (SELECT {unique} FROM"
            f" {fields.table} WHERE {where.sql} ORDER BY {order} LIMIT ? OFFSET ?)"
            f" ORDER BY {order}",
            (*where.parameters, *order_values, size, offset, *order_values),
        )
        return list(map(put, rows)), total


def count_by_status(connection: sqlite3.Connection, where: Where) -> dict[int, int]:
    """Return how many tasks match, for each status that occurs."""
    return dict(
        connection.execute(
            f"SELECT status, COUNT(*) FROM task WHERE {where.sql} GROUP BY status",
            where.parameters,
        ).fetchall()
    )


def _sort_fields(sort: Any) -> Sequence[Any]:
    """Return the fields to sort by: several for applications, one for all others."""
    if "fields" in sort.DESCRIPTOR.fields_by_name:
        return list(sort.fields)
    return [sort.field] if sort.HasField("field") else []


def _order(
    keys: Sequence[Column], unique: Sequence[str], direction: str
) -> tuple[str, tuple[bytes, ...]]:
    """Return what follows ORDER BY, and its values."""
    terms = [*(key.sql for key in keys), *unique]
    values = tuple(value for key in keys for value in key.parameters)
    return ", ".join(f"{term} {direction}" for term in terms), values
