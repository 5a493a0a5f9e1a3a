"""How the embedded ArmoniK keeps and shows what can be listed, and tables full of random rows.

What can be asked of each list is in `tests/listings.py`, which knows nothing of this package.
"""

import json
import random
import sqlite3
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib import resources
from typing import Any

from armonik.protogen.common.applications_common_pb2 import ApplicationRaw

from hello_helpers.embedded import data_plane
from hello_helpers.embedded.control_plane import messages
from hello_helpers.embedded.data_plane import fields
from hello_helpers.embedded.data_plane.database import Transaction
from tests import listings

STRINGS = (
    *("", "a", "A", "b", "ab", "ba", "aab", "a%", "%", "_", "a_b", "*", "[a]", "1", "null"),
    *(
        "\0",
        "a\0",
        "a\0b",
        "\0\0",
        "\\u0000",
        "a\\",
        "\\",
        '"',
        "x'y\"z",
        "a.b",
        "$.a",
        "a b",
        "\n",
    ),
    *("é", "É", "e\u0301", "\u00df", "\ufeff", "\uffff", "\U0001f600", "a\0\U0001f600\0", "\u202e"),
)
KEYS = ("", "a", "A", "a\0", "a\0b", "\\u0000", '"', "a.b", "$.a", "\U0001f600")
"""Keys of the options map."""

SECOND = 10**9
INSTANTS = (0, 1, -1, 5, SECOND, SECOND - 1, -SECOND, 1_700_000_000 * SECOND, 2**63 - 1, -(2**63))
NUMBERS = (0, 1, 2, 3, -1, 1000, 2**31 - 1, -(2**31))
STATUSES = (1, 2, 3, 4, 5)


@dataclass(frozen=True)
class Kept:
    """A kind of object: its columns, and the message in which a client sees a row."""

    fields: fields.Fields
    show: Callable[[sqlite3.Row], Any]


KEPT = {
    listings.TASKS: Kept(fields.TASKS, messages.task_summary),
    listings.SESSIONS: Kept(fields.SESSIONS, messages.session_raw),
    listings.RESULTS: Kept(fields.RESULTS, messages.result_raw),
    listings.PARTITIONS: Kept(fields.PARTITIONS, messages.partition_raw),
    listings.APPLICATIONS: Kept(fields.APPLICATIONS, lambda row: ApplicationRaw(**dict(row))),
}


def empty_tables() -> sqlite3.Connection:
    """Return the tables of the embedded ArmoniK, in memory."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    connection.row_factory = sqlite3.Row
    schema = resources.files(data_plane).joinpath("schema.sql").read_text("utf-8")
    connection.executescript(schema)
    return connection


def fill(connection: sqlite3.Connection | Transaction, rows: int, seed: int = 0) -> None:
    """Put random rows in every table."""
    rng = random.Random(seed)
    for table in ("task", "session", "result", "partition"):
        columns = [
            column
            for column in connection.execute(f"PRAGMA table_info('{table}')")
            if column["name"] != "seq"
        ]
        names = [column["name"] for column in columns]
        ids = rng.sample([*STRINGS, *(f"id-{number}" for number in range(rows))], rows)
        for unique in ids:
            values = [random_value(rng, column) for column in columns]
            values[names.index(f"{table}_id")] = unique
            insert(connection, table, dict(zip(names, values, strict=True)))


def insert(connection: sqlite3.Connection | Transaction, table: str, row: dict[str, Any]) -> None:
    """Put one row in a table."""
    connection.execute(
        f"INSERT INTO {table} ({', '.join(row)}) VALUES ({', '.join('?' for _ in row)})",
        list(row.values()),
    )


def insert_tasks(
    connection: sqlite3.Connection | Transaction, rows: Iterable[dict[str, Any]]
) -> None:
    """Put tasks in the table; whatever is not given is random."""
    rng = random.Random(1)
    columns = [c for c in connection.execute("PRAGMA table_info('task')") if c["name"] != "seq"]
    for row in rows:
        insert(connection, "task", {c["name"]: random_value(rng, c) for c in columns} | row)


def random_value(rng: random.Random, column: sqlite3.Row) -> Any:
    """Return a value that fits a column of the schema."""
    name = column["name"]
    if not column["notnull"] and rng.random() < 0.3:
        return None
    if name == "options":
        keys = rng.sample(KEYS, rng.randrange(len(KEYS)))
        return json.dumps({key: rng.choice(STRINGS) for key in keys})
    if name == "pod_configuration":
        return "{}"
    if name.endswith("_ids") or name == "data_dependencies":
        return json.dumps(rng.sample(STRINGS, rng.randrange(4)))
    if column["type"] == "TEXT":
        return rng.choice(STRINGS)
    if column["type"] == "BLOB":
        return rng.randbytes(2)
    if name in ("client_submission", "worker_submission", "manual_deletion", "success"):
        return rng.randrange(2)
    if name == "status":
        return rng.choice(STATUSES)
    if name.endswith(("_at", "_ttl", "duration")):
        return rng.choice(INSTANTS)
    return rng.choice(NUMBERS)
