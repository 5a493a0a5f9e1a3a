"""How far a learner has come: which exercises were tried and are right, which lessons were run.

It is kept in a small file of the user (see `course.progress_file`). If that is not possible,
it is kept in memory, until this kernel ends, and the learner is told so once. No lesson breaks.
"""

from __future__ import annotations

import functools
import os
from dataclasses import dataclass
from datetime import datetime, timezone
from enum import Enum
from pathlib import Path

from hello_helpers.course import progress_file
from hello_helpers.course.progress_file import ProgressError, Records

LESSONS = {
    "00": "Welcome to ArmoniK",
    "01": "Open a channel",
    "02": "Create a session",
    "03": "Store a payload",
    "04": "Submit a task",
    "05": "Wait for the result",
    "06": "The whole client",
    "07": "Write a worker",
    "08": "Tasks that make tasks",
    "09": "When things go wrong",
    "10": "Many tasks",
    "11": "A secure channel",
    "A": "From the old page",
}
"""All lessons, in their order, with the titles of their notebooks."""


class Step(str, Enum):
    """What can happen in a lesson. Of each, the first time is kept, and nothing takes it away."""

    TRIED = "tried"
    """The exercise got an answer."""

    RIGHT = "right"
    """The answer was right."""

    ENDED = "ended"
    """The lesson was run to its last cell."""


@dataclass(frozen=True)
class Standing:
    """How far a learner has come.

    Attributes:
        records: when what happened first; there may be lessons in it that are not known here.
        learner: a name, if there is one.
        kept: whether it outlives this kernel.
    """

    records: Records
    learner: str = ""
    kept: bool = True

    def when(self, lesson: str, step: Step) -> datetime | None:
        """Return when this happened first, or None."""
        return self.records.get(lesson, {}).get(step.value)

    def with_step(self, step: Step) -> list[str]:
        """Return the lessons in which this has happened."""
        return [lesson for lesson in LESSONS if self.when(lesson, step)]

    def line(self) -> str:
        """Say it in one line; the next lesson is the first whose exercise is not right yet."""
        name = "".join(sign if sign.isprintable() else "?" for sign in self.learner[:40])
        whose = f"Progress of {name}" if name else "Your progress"
        kept = "" if self.kept else " (not kept)"
        right = self.with_step(Step.RIGHT)
        undone = [lesson for lesson in LESSONS if lesson not in right]
        outlook = ". That is the whole course!"
        if undone:
            outlook = f"; next: {undone[0]} {LESSONS[undone[0]]}"
        return f"{whose}{kept}: {len(right)} of {len(LESSONS)} exercises right{outlook}"


class Progress:
    """A learner's progress; `path` is the file, None if there is no place for one."""

    def __init__(self, path: Path | None, learner: str = "") -> None:
        self.path = path
        self._learner = learner
        self._waiting: Records = {}  # what could not be written yet
        self._problem = ""
        self._told = False

    def record(self, lesson: str, *steps: Step) -> None:
        """Record that something has happened in a lesson now; an unknown lesson has no record."""
        if lesson not in LESSONS:
            return
        now = datetime.now(timezone.utc)
        _merge(self._waiting, {lesson: {step.value: now for step in steps}})
        try:
            progress_file.update(self._path(), lambda records: _merge(records, self._waiting))
            self._waiting, self._problem = {}, ""
        except ProgressError as error:
            self._problem = error.message

    def standing(self) -> Standing:
        """Return how far the learner has come, as far as that can be found out."""
        records: Records = {}
        try:
            records = progress_file.read(self._path())
            if not self._waiting:
                self._problem = ""
        except ProgressError as error:
            self._problem = error.message
        _merge(records, self._waiting)
        return Standing(records, self._learner, kept=not self._problem)

    def remark(self) -> str:
        """Return what a learner must know about the keeping, the first time; "" from then on."""
        if self._told or not self._problem:
            return ""
        self._told = True
        reason = self._problem.rstrip(".")
        return f"Your progress is not kept when you leave this notebook: {reason}."

    def reset(self) -> None:
        """Forget everything, in the file too.

        Raises:
            ProgressError: if the file cannot be removed.
        """
        self._waiting, self._problem, self._told = {}, "", False
        progress_file.remove(self._path())

    def _path(self) -> Path:
        if self.path is None:
            return progress_file.folder()  # which raises, and says why there is none
        return self.path


def my_progress() -> Progress:
    """Return the progress of this user, or of the learner that ``HELLO_LEARNER`` names."""
    learner = os.environ.get("HELLO_LEARNER", "")
    try:
        path = progress_file.folder() / progress_file.file_name(learner)
    except ProgressError:
        path = None
    return _progress(path, learner)


_progress = functools.cache(Progress)  # one for each file, so that a problem is told once


def _merge(records: Records, more: Records) -> None:
    """Add what is not in `records` yet; what is, came first."""
    for lesson, steps in more.items():
        there = records.setdefault(lesson, {})
        for step, when in steps.items():
            there.setdefault(step, when)
