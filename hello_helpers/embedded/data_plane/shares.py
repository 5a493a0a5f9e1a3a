"""Whose tasks are: the queues are fair between learners, and between the sessions of each.

A learner is known by the certificate with which a session was created; else by the label that the
session has; else each session stands for itself.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import lru_cache

from ..tls import CLIENT_NAME
from .database import Database
from .queues import Share

LABEL = "learner"
"""Key in the options of a session under which clients may say whose it is; the lessons do."""

REMEMBERED = 10_000
"""Sessions whose share is kept in mind, so that not every task has to ask the tables."""


class Shares:
    """Tells the share of each session."""

    def __init__(self, database: Database, *, first_come: bool = False) -> None:
        """Take the tables; ``first_come``: all share one queue."""
        everybody = Share("", "")
        self.of: Callable[[str], Share] = lru_cache(REMEMBERED)(
            (lambda _: everybody) if first_come else (lambda id_: _find(database, id_))
        )
        """Return the share of a session, by its id. It stays the same all its life."""


def _find(database: Database, session_id: str) -> Share:
    row = database.row(
        "SELECT options, caller.name FROM session LEFT JOIN caller USING (session_id)"
        " WHERE session_id = ?",
        (session_id,),
    )
    caller = row and row["name"] != CLIENT_NAME and row["name"]  # what all share is nobody's own
    learner = row and (caller or json.loads(row["options"]).get(LABEL))
    # The two kinds of learners have different names, lest one take the share of another.
    return Share(f"learner {learner}" if learner else f"session {session_id}", session_id)
