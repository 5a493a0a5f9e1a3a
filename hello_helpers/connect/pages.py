"""A long list of ArmoniK comes in pages, and each has to fit into a message."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

import grpc

T = TypeVar("T")

LONGEST = 1024
"""Rows of a page; a power of two, since pages that do not fit are halved."""

log = logging.getLogger(__name__)


def all_rows(
    ask: Callable[[int, int], tuple[int, Sequence[T]]], longest: int | None = None
) -> Iterator[T]:
    """Yield all rows of a list.

    Clients take 4 MiB in a message and refuse what is longer with RESOURCE_EXHAUSTED, and ArmoniK
    sends any page that it is asked for. What others have put into a row is theirs to choose, so
    a page that does not fit is asked for in halves. A row that does not fit alone is left out, and
    that is said in the log.

    Args:
        ask: one call: from the number of a page and its size in rows to how many rows there are in
            all, and those of the page; as the List… methods of ArmoniK's client do.
        longest: rows of a page, a power of two; fewer if only the first rows are of interest.

    Raises:
        grpc.RpcError: as the calls do.
    """
    total: int | None = None
    longest = longest or LONGEST
    done, size = 0, longest
    while total is None or done < total:
        try:
            total, rows = ask(done // size, size)
        except grpc.RpcError as error:
            if error.code() != grpc.StatusCode.RESOURCE_EXHAUSTED:
                raise
            if size > 1:
                size //= 2
                continue
            total, _ = ask(0, 0)  # fails, too, if it is no matter of size
            log.warning("Left out, since it is too large: row %d. %s", done + 1, error.details())
            rows = ()
        yield from rows
        done += size
        while size < longest and done % (2 * size) == 0:
            size *= 2
