"""The write-ahead log stays small, and its checkpoints hold nobody up."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from hello_helpers.embedded.data_plane.database import Database
from hello_helpers.embedded.data_plane.write_ahead_log import GROWN

PAGE = bytes(50_000)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "tables.sqlite"


@pytest.fixture
def database(path: Path) -> Iterator[Database]:
    with closing(Database(path)) as database:
        yield database


def write(database: Database, size: int) -> None:
    """Have the log grow by so many bytes, in many transactions."""
    for _ in range(0, size, len(PAGE)):
        with database.transaction() as tx:
            tx.execute("INSERT INTO object VALUES (randomblob(16), ?)", (PAGE,))


def until_idle(database: Database) -> None:
    """Wait for the checkpoints that are under way."""
    database._readers.submit(int).result()


def until_cut(database: Database, path: Path) -> None:
    """Write a little more, until a checkpoint has got its turn beside the writer."""
    for _ in range(100):
        until_idle(database)
        if size_of_log(path) < GROWN:
            return
        write(database, len(PAGE))
    pytest.fail(f"The log still has {size_of_log(path)} bytes.")


def size_of_log(path: Path) -> int:
    return path.with_name(path.name + "-wal").stat().st_size


def test_while_it_is_written_the_log_is_cut_again_and_again(path: Path, database: Database):
    for _ in range(10):
        write(database, GROWN)
        until_cut(database, path)


def test_while_somebody_else_reads_the_log_grows_and_afterwards_it_is_cut(
    path: Path, database: Database
):
    with closing(sqlite3.connect(path)) as other:
        other.execute("BEGIN")
        other.execute("SELECT COUNT(*) FROM task").fetchone()
        write(database, 3 * GROWN)
        until_idle(database)
        assert size_of_log(path) > 3 * GROWN
    until_cut(database, path)


def test_what_an_earlier_run_left_in_the_log_is_in_the_tables_after_a_start(path: Path):
    with closing(Database(path)) as first:
        with closing(sqlite3.connect(path)) as other:
            other.execute("BEGIN")
            other.execute("SELECT COUNT(*) FROM task").fetchone()
            write(first, 2 * GROWN)
            until_idle(first)
        assert size_of_log(path) > GROWN
        with closing(Database(path)):
            assert size_of_log(path) < GROWN
