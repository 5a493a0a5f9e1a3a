"""A list in pages: all of it, whatever somebody has put into a row."""

from collections.abc import Sequence

import grpc
import pytest

from hello_helpers.connect import pages
from hello_helpers.connect.pages import all_rows


class Refused(grpc.RpcError):
    def __init__(self, code: grpc.StatusCode) -> None:
        self.code = lambda: code
        self.details = lambda: "no"


class List:
    """Rows of some size each; a message holds 10."""

    def __init__(self, *sizes: int) -> None:
        self.sizes = sizes
        self.asked: list[tuple[int, int]] = []

    def __call__(self, page: int, size: int) -> tuple[int, Sequence[int]]:
        self.asked.append((page, size))
        rows = self.sizes[page * size : (page + 1) * size]
        if sum(rows) > 10:
            raise Refused(grpc.StatusCode.RESOURCE_EXHAUSTED)
        return len(self.sizes), rows


@pytest.fixture(autouse=True)
def pages_of_four(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages, "LONGEST", 4)


@pytest.mark.parametrize("count", [0, 1, 3, 4, 5, 8, 9])
def test_all_rows_come_once_in_pages_that_are_as_long_as_they_may(count: int) -> None:
    rows = List(*[1] * count)
    assert list(all_rows(rows)) == [1] * count
    assert rows.asked == [(page, 4) for page in range(max(1, -(-count // 4)))]


@pytest.mark.parametrize(
    ("sizes", "left_out"),
    [
        ((5, 4, 3, 2, 1), []),
        ((10, 10, 10, 10, 10, 10), []),
        ((1, 2, 11, 3, 4, 1, 1, 1, 2), [3]),
        ((11, 12, 13), [1, 2, 3]),
        ((1, 1, 1, 1, 1, 11), [6]),
    ],
)
def test_a_page_that_does_not_fit_is_halved_and_only_a_row_that_does_not_is_left_out(
    sizes: tuple[int, ...], left_out: list[int], caplog: pytest.LogCaptureFixture
) -> None:
    assert list(all_rows(List(*sizes))) == [size for size in sizes if size <= 10]
    told = [record.args[0] for record in caplog.records if isinstance(record.args, tuple)]
    assert told == left_out


def test_after_a_large_row_pages_grow_again() -> None:
    rows = List(11, *[1] * 15)
    assert list(all_rows(rows)) == [1] * 15
    assert rows.asked[-3:] == [(1, 4), (2, 4), (3, 4)]


@pytest.mark.parametrize("code", [grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.RESOURCE_EXHAUSTED])
def test_what_is_no_matter_of_size_ends_it(code: grpc.StatusCode) -> None:
    def refuse(_page: int, _size: int) -> tuple[int, Sequence[int]]:
        raise Refused(code)

    with pytest.raises(Refused):
        list(all_rows(refuse))
