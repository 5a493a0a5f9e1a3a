"""The one language of all pictures, tables, boards and forms: each state's colour, sign and word.

Colours belong to states alone, and none carries a meaning alone: the sign stands beside it. White
upon each of them can be read (4.5:1), and each stands out from light and from dark ground (3:1).
"""

from __future__ import annotations

import html
from typing import NamedTuple

GREY, BLUE, TEAL, AMBER = "#6b7280", "#2563eb", "#0e7490", "#b45309"
GREEN, RED, PINK, PURPLE = "#15803d", "#dc2626", "#db2777", "#9333ea"

GOOD, BAD = "\N{CHECK MARK}", "\N{MULTIPLICATION X}"
NOT_YET, CLOSED = "\N{WHITE CIRCLE}", "\N{BLACK SQUARE}"
"""Signs that exercises and progress have in common with states, and so have calls on the wire."""


class Look(NamedTuple):
    """How a state is shown: the ground of white letters, a sign, and what it means."""

    colour: str
    sign: str
    word: str


TASKS = {
    "CREATING": Look(GREY, "\N{LOWER RIGHT PENCIL}", "the control plane writes it down"),
    "PENDING": Look(PURPLE, "\N{HORIZONTAL ELLIPSIS}", "it waits for its data"),
    "PAUSED": Look(PURPLE, "\N{DOUBLE VERTICAL LINE}", "it goes on when the session is resumed"),
    "SUBMITTED": Look(BLUE, "\N{IDENTICAL TO}", "it is in the queue of its partition"),
    "DISPATCHED": Look(TEAL, "\N{RIGHTWARDS ARROW}", "an agent has taken it from the queue"),
    "PROCESSING": Look(AMBER, "\N{BLACK RIGHT-POINTING POINTER}", "the worker runs"),
    "PROCESSED": Look(AMBER, "\N{BLACK DIAMOND}", "the worker has ended"),
    "COMPLETED": Look(GREEN, GOOD, "done, and its data is stored"),
    "RETRIED": Look(
        PINK, "\N{CLOCKWISE OPEN CIRCLE ARROW}", "this attempt failed; a copy of it is tried"
    ),
    "ERROR": Look(RED, BAD, "it has failed"),
    "TIMEOUT": Look(
        RED, "\N{WHITE CIRCLE WITH UPPER RIGHT QUADRANT}", "it ran longer than its max_duration"
    ),
    "CANCELLING": Look(GREY, "\N{CIRCLED MINUS}", "somebody has cancelled it"),
    "CANCELLED": Look(GREY, "\N{CIRCLED DIVISION SLASH}", "it was cancelled"),
}
"""The states of a task, in the order of its life."""

OTHERS = {
    "CREATED": Look(GREY, NOT_YET, "announced, without data yet"),
    "ABORTED": Look(RED, "\N{EMPTY SET}", "its data will never come"),
    "DELETED": Look(GREY, "\N{EN DASH}", "removed"),
    "NOTFOUND": Look(GREY, "?", "unknown to ArmoniK"),
    "RUNNING": Look(AMBER, "\N{BLACK CIRCLE}", "takes tasks, and runs them"),
    "CLOSED": Look(TEAL, CLOSED, "takes no more tasks"),
    "PURGED": Look(GREY, "\N{WHITE SQUARE}", "its data is deleted"),
}
"""Those of results and sessions that no task has."""

LOOKS = TASKS | OTHERS

OVER = ("COMPLETED", "ERROR", "TIMEOUT", "CANCELLED")
"""In these a task is over, with its result or without. (A RETRIED one goes on as a copy.)"""

FAILED = ("ERROR", "TIMEOUT", "ABORTED")


class State(str):
    """A state as it is shown, from ArmoniK's name of it: its sign and its name, in its colour.

    Attributes:
        name: ArmoniK's.
        look: its colour, sign and word.
    """

    name: str
    look: Look

    def __new__(cls, name: str) -> State:
        """Make one; a name that a later ArmoniK has is shown, too."""
        look = LOOKS.get(name, Look(GREY, "?", ""))
        state = super().__new__(cls, f"{look.sign} {name}")
        state.name, state.look = name, look
        return state

    def _repr_html_(self) -> str:
        return (
            f'<span style="background-color: {self.look.colour}; color: #ffffff; padding: 0 0.4em; '
            f'border-radius: 0.4em; white-space: nowrap">{html.escape(self)}</span>'
        )
