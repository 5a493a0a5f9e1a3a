"""A learner's progress is kept from lesson to lesson, and from day to day.

It stands in a small file of the user, which is written whole or not at all, and under a lock, so
that two notebooks at once lose nothing. If that is not possible, it is kept in memory, until this
kernel ends, and the learner is told so once. No lesson breaks. A file that cannot be understood is
left as it is: what is in it may still be of use to somebody.
"""

from __future__ import annotations

import contextlib
import functools
import json
import os
from collections.abc import Iterator
from datetime import datetime, timezone
from hashlib import sha256
from pathlib import Path
from urllib.parse import quote

from filelock import FileLock, Timeout
from platformdirs import user_data_path

from hello_helpers.course.standing import LESSONS, Records, Standing, Step
from hello_helpers.errors import HelloError

VARIABLE = "HELLO_PROGRESS_DIR"
"""Environment variable that names another folder for the file."""

LOCK_SECONDS = 3.0
"""How long another notebook may hold the lock. Writing takes some milliseconds."""

LONGEST_NAME = 80
"""Characters of a learner's name in that of the file; file systems allow 255 bytes in all."""

STRANGE = (ValueError, TypeError, AttributeError, KeyError, OverflowError, RecursionError)
"""What comes of taking apart a content that is of no use."""


class ProgressError(HelloError):
    """The learner's progress cannot be read or written."""


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
            self._write_waiting()
            self._waiting, self._problem = {}, ""
        except ProgressError as error:
            self._problem = error.message

    def standing(self) -> Standing:
        """Return how far the learner has come, as far as that can be found out."""
        records: Records = {}
        try:
            records = self.read()
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

    def read(self) -> Records:
        """Return what is in the file; nothing, if there is none.

        Raises:
            ProgressError: if it cannot be read or understood.
        """
        path = self._path()
        try:
            with _refusing(path, "read"), contextlib.suppress(FileNotFoundError):
                return _records(path.read_text(encoding="utf-8"))
        except STRANGE:
            raise ProgressError(
                f"The file {path.name} is damaged.",
                "hello-armonik progress --reset, or reset_progress() in a cell, starts anew.",
            ) from None
        return {}

    def check(self) -> None:
        """Write nothing new, but try all that writing needs: the folder, the lock, the file.

        Raises:
            ProgressError: if progress cannot be kept.
        """
        self.read()
        self._write_waiting()

    def reset(self) -> bool:
        """Forget everything, in the file too; return whether there was one.

        Raises:
            ProgressError: if the file cannot be removed.
        """
        self._waiting, self._problem, self._told = {}, "", False
        path = self._path()
        there = path.exists()
        if there:
            with _refusing(path, "removed"), _lock(path):
                path.unlink(missing_ok=True)
        return there

    def _write_waiting(self) -> None:
        path = self._path()
        with _refusing(path, "written"):
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with _lock(path):
                records = self.read()
                before = _text(records)
                _merge(records, self._waiting)
                if (text := _text(records)) != before:
                    _write(path, text)

    def _path(self) -> Path:
        return self.path or folder()  # which raises, and says why there is none


def my_progress(learner: str | None = None) -> Progress:
    """Return the progress of this user, or of a learner: that one, else ``HELLO_LEARNER``'s."""
    learner = learner or os.environ.get("HELLO_LEARNER", "")
    try:
        path = folder() / file_name(learner)
    except ProgressError:
        path = None
    return _progress(path, learner)


_progress = functools.cache(Progress)  # one for each file, so that a problem is told once


def folder() -> Path:
    """Return where programs of this user keep their data, by the custom of the platform.

    Raises:
        ProgressError: if the user has no home.
    """
    if named := os.environ.get(VARIABLE):
        return Path(named).absolute()
    try:
        return user_data_path("hello-armonik", appauthor=False)
    except RuntimeError:
        raise ProgressError(
            "You have no home folder.", f"Name a folder in the environment variable {VARIABLE}."
        ) from None


def file_name(learner: str = "") -> str:
    """Return the name of the file; a learner's name, which may be anything, becomes part of it."""
    if not learner:
        return "progress.json"
    name = quote(learner, safe="", errors="surrogateescape")
    if len(name) > LONGEST_NAME:
        name = f"{name[:LONGEST_NAME]}-{sha256(name.encode()).hexdigest()[:16]}"
    return f"progress-{name}.json"


def _merge(records: Records, more: Records) -> None:
    """Add what is not in `records` yet; what is, came first."""
    for lesson, steps in more.items():
        there = records.setdefault(lesson, {})
        for step, when in steps.items():
            there.setdefault(step, when)


def _records(text: str) -> Records:
    """Take the content of a file apart; one of a wrong kind raises some error."""
    return {
        lesson: {step: datetime.fromisoformat(when).astimezone() for step, when in steps.items()}
        for lesson, steps in json.loads(text)["lessons"].items()
    }


def _text(records: Records) -> str:
    lessons = {
        lesson: {
            step: when.astimezone(timezone.utc).isoformat(timespec="seconds")
            for step, when in steps.items()
        }
        for lesson, steps in sorted(records.items())
    }
    return json.dumps({"lessons": lessons}, indent=1) + "\n"


def _write(path: Path, text: str) -> None:
    """Write the file whole or not at all, also if the machine loses its power meanwhile."""
    new = path.with_name(f".{path.name}.new")
    with new.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)


def _lock(path: Path) -> FileLock:
    return FileLock(f"{path}.lock", timeout=LOCK_SECONDS)


@contextlib.contextmanager
def _refusing(path: Path, done: str) -> Iterator[None]:
    """Say why a file cannot be used; without its folder: a lesson shows it, and may be saved."""
    try:
        yield
    except (OSError, NotImplementedError) as error:  # the latter: file systems without locks
        reason = getattr(error, "strerror", None) or str(error)
        if isinstance(error, Timeout):
            reason = "another notebook is busy with it"
        raise ProgressError(
            f"The file {path.name} cannot be {done}: {reason}.",
            f"A folder that you can write to can be named in the environment variable {VARIABLE}.",
        ) from error
