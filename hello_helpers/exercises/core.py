"""An exercise that checks itself: not tried, not yet right (and what to do), or right.

What is checked is what ArmoniK has, wherever that is possible, and not how the learner got there:
by a form, by the code of a form, or by code of their own. No answer makes a check raise.
Each answer counts in the learner's progress.
"""

from __future__ import annotations

import html
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum

import grpc

from hello_helpers.connect.endpoint import Endpoint
from hello_helpers.connect.grpc_errors import explained
from hello_helpers.course.progress import my_progress
from hello_helpers.course.record import record
from hello_helpers.course.standing import Step
from hello_helpers.display.notes import Note
from hello_helpers.display.signs import BAD, GOOD, GREEN, GREY, NOT_YET, RED


@dataclass(eq=False)
class Wrong(Exception):
    """An answer is not right.

    Attributes:
        found: what there is instead of what was asked for, in a sentence or two.
        todo: what to do next.
        details: lines that are shown below as they are, as the end of a traceback.
    """

    found: str
    todo: str
    details: str = ""


def wrong_if(mistaken: bool, found: str, todo: str) -> None:
    """Raise `Wrong` if this mistake was made; see there for `found` and `todo`."""
    if mistaken:
        raise Wrong(found, todo)


class Outcome(Enum):
    """What came out of a check; a sign and words, so that no colour is needed."""

    NOT_TRIED = f"{NOT_YET} Not tried yet."
    WRONG = f"{BAD} Not right yet."
    RIGHT = f"{GOOD} Right!"


DOTS = "Replace the dots in this cell by your own code, and run it again."

NOTHING = (
    "There is nothing in your answer yet. If it comes from a form: click its button, wait until it "
    "is done, and run this cell again."
)

COLOURS = {Outcome.NOT_TRIED: GREY, Outcome.WRONG: RED, Outcome.RIGHT: GREEN}


@dataclass(frozen=True)
class Verdict:
    """The answer of a check; a cell that ends with it shows it, with hints to unfold.

    Attributes:
        outcome: one of the three.
        text: why, and what to do.
        exercise: whose answer was checked.
        remark: what else the learner must know; "" if there is nothing.
        details: lines that are shown as they are; "" if there are none.
    """

    outcome: Outcome
    text: str
    exercise: Exercise
    remark: str = ""
    details: str = ""

    def _repr_html_(self) -> str:
        parts = [
            f'<div role="status" style="border-left: 5px solid {COLOURS[self.outcome]}; '
            f'padding: 0.3em 0.8em"><b>{self.outcome.value}</b> {html.escape(self.text)}</div>'
        ]
        if self.details:
            parts.append(f'<pre style="white-space: pre-wrap">{html.escape(self.details)}</pre>')
        if self.remark:
            parts.append(f"<p>{html.escape(self.remark)}</p>")
        if self.outcome is not Outcome.RIGHT:
            hints = self.exercise.hints
            parts += [
                _fold(f"Hint {number} of {len(hints)}", html.escape(hint))
                for number, hint in enumerate(hints, 1)
            ]
            parts.append(_fold("A solution", f"<pre>{html.escape(self.exercise.code)}</pre>"))
        return "".join(parts)

    def __repr__(self) -> str:
        told = (f"{self.outcome.value} {self.text}", self.details, self.remark)
        line = "\n".join(filter(None, told))
        if self.outcome is Outcome.RIGHT:
            return line
        return f"{line}\n{self.exercise.offer}"


@dataclass(frozen=True)
class Exercise:
    """An exercise of a lesson.

    Attributes:
        name: what it is called in the notebook.
        look: takes the answers, looks, and returns praise; or raises `Wrong`. If the first one is
            a channel, it need not put into words what gRPC raises.
        hints: from a nudge to nearly all of it.
        code: a solution, which runs in the lesson's notebook.
    """

    name: str
    look: Callable[..., str]
    hints: Sequence[str]
    code: str

    @property
    def offer(self) -> str:
        """Where help is to be had."""
        name, count = self.name, len(self.hints)
        return f"Hints: {name}.hint(1) to {name}.hint({count}). Then: {name}.solution()"

    def check(self, *answers: object) -> Verdict:
        """Check answers; one that is still `...`, or None or "" of a form, counts as not tried.

        If the first one is the `Endpoint` of the lesson, the check opens a channel of its own to
        it: that of the lesson is closed when its last cell has run.
        """
        if any(answer is ... for answer in answers):
            return Verdict(Outcome.NOT_TRIED, DOTS, self)
        if any(answer is None or (isinstance(answer, str) and not answer) for answer in answers):
            return Verdict(Outcome.NOT_TRIED, NOTHING, self)
        if isinstance(answers[0], Endpoint):
            with answers[0].open_channel() as channel:
                return self._verdict(channel, *answers[1:])
        return self._verdict(*answers)

    def _verdict(self, *answers: object) -> Verdict:
        details = ""
        channel = answers[0] if isinstance(answers[0], grpc.Channel) else None
        try:
            with explained(channel):
                outcome, text = Outcome.RIGHT, self.look(*answers)
        except Wrong as wrong:
            outcome, text, details = Outcome.WRONG, f"{wrong.found} {wrong.todo}", wrong.details
        return Verdict(outcome, text, self, self._record(outcome), details)

    def _record(self, outcome: Outcome) -> str:
        """Record the answer in the learner's progress; return a remark about that, if any."""
        lesson = self.name.removeprefix("exercise_").upper()
        steps = (Step.TRIED, Step.RIGHT) if outcome is Outcome.RIGHT else (Step.TRIED,)
        progress = my_progress()
        progress.record(lesson, *steps)
        record(lesson, exercise=steps[-1].value)
        return progress.remark()

    def hint(self, number: int = 1) -> Note:
        """Return a hint; the first one tells the least."""
        count = len(self.hints)
        if number not in range(1, count + 1):
            return Note(
                f"There are {count} hints here: {self.name}.hint(1) to {self.name}.hint({count}). "
                f"After them there is {self.name}.solution()."
            )
        return Note(f"Hint {number} of {count}: {self.hints[number - 1]}")

    def solution(self) -> Note:
        """Return a solution, to copy into the cell."""
        return Note(self.code)


def _fold(summary: str, content: str) -> str:
    return f"<details><summary>{html.escape(summary)}</summary>{content}</details>"
