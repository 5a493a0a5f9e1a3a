"""The small file in which a learner's progress is kept, outside of the notebooks.

It is written whole or not at all, and under a lock, so that two notebooks at once lose nothing.
A file that cannot be understood is left as it is: what is in it may still be of use to somebody.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from datetime import datetime, timezone
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import quote

from filelock import FileLock, Timeout

from hello_helpers.errors import HelloError

VARIABLE = "HELLO_PROGRESS_DIR"
"""Environment variable that names another folder for the file."""

LOCK_SECONDS = 3.0
"""How long another notebook may hold the lock. Writing takes some milliseconds."""

LONGEST_NAME = 80
"""Characters of a learner's name in that of the file; file systems allow 255 bytes in all."""

STRANGE = (ValueError, TypeError, AttributeError, KeyError, OverflowError, RecursionError)
"""What comes of taking apart a content that is of no use."""

Records = dict[str, dict[str, datetime]]
"""When what happened first, by lesson: ``{"05": {"tried": ..., "right": ..., "ended": ...}}``."""


class ProgressError(HelloError):
    """The learner's progress cannot be read or written."""


def folder() -> Path:
    """Return where programs of this user keep their data, by the custom of the platform.

    Raises:
        ProgressError: if the user has no home.
    """
    if named := os.environ.get(VARIABLE):
        return Path(named).absolute()
    try:
        home = Path.home()
    except RuntimeError:
        raise ProgressError(
            "You have no home folder.", f"Name a folder in the environment variable {VARIABLE}."
        ) from None
    if sys.platform == "win32":
        data = Path(os.environ.get("LOCALAPPDATA") or home / "AppData" / "Local")
    elif sys.platform == "darwin":
        data = home / "Library" / "Application Support"
    else:
        data = Path(os.environ.get("XDG_DATA_HOME", ""))
        if not data.is_absolute():  # then it must be ignored, as the specification says
            data = home / ".local" / "share"
    return data / "hello-armonik"


def file_name(learner: str = "") -> str:
    """Return the name of the file; a learner's name, which may be anything, becomes part of it."""
    if not learner:
        return "progress.json"
    name = quote(learner, safe="", errors="surrogateescape")
    if len(name) > LONGEST_NAME:
        name = f"{name[:LONGEST_NAME]}-{sha256(name.encode()).hexdigest()[:16]}"
    return f"progress-{name}.json"


def read(path: Path) -> Records:
    """Return what is in the file; nothing, if there is none.

    Raises:
        ProgressError: if it cannot be read or understood.
    """
    try:
        return _records(json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise _refused(path, "read", error) from error
    except STRANGE:
        raise ProgressError(
            f"The file {path.name} is damaged.",
            "hello-armonik progress --reset, or reset_progress() in a cell, starts anew.",
        ) from None


def update(path: Path, change: Callable[[Records], None]) -> Records:
    """Change what is in the file; return what is in it now.

    Raises:
        ProgressError: if it cannot be read, understood, locked or written.
    """
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with _lock(path):
            records = read(path)
            before = _text(records)
            change(records)
            if _text(records) != before:
                _write(path, _text(records))
            return records
    except (OSError, NotImplementedError) as error:  # the latter: file systems without locks
        raise _refused(path, "written", error) from error


def remove(path: Path) -> None:
    """Remove the file, if there is one.

    Raises:
        ProgressError: if that is not possible.
    """
    if not path.exists():
        return
    try:
        with _lock(path):
            path.unlink(missing_ok=True)
    except (OSError, NotImplementedError) as error:
        raise _refused(path, "removed", error) from error


def _lock(path: Path) -> FileLock:
    return FileLock(f"{path}.lock", timeout=LOCK_SECONDS)


def _records(content: Any) -> Records:
    """Take the content apart; one of a wrong kind raises some error."""
    return {
        lesson: {step: datetime.fromisoformat(when).astimezone() for step, when in steps.items()}
        for lesson, steps in content["lessons"].items()
    }


def _text(records: Records) -> str:
    lessons = {
        lesson: {step: _utc(when) for step, when in steps.items()}
        for lesson, steps in sorted(records.items())
    }
    return json.dumps({"lessons": lessons}, indent=1) + "\n"


def _utc(when: datetime) -> str:
    return when.astimezone(timezone.utc).isoformat(timespec="seconds")


def _write(path: Path, text: str) -> None:
    """Write the file whole or not at all, also if the machine loses its power meanwhile."""
    new = path.with_name(f".{path.name}.new")
    with new.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)


def _refused(path: Path, done: str, error: Exception) -> ProgressError:
    """Say why, without the folder: a lesson shows it, and may be saved with it."""
    reason = getattr(error, "strerror", None) or str(error)
    if isinstance(error, Timeout):
        reason = "another notebook is busy with it"
    return ProgressError(
        f"The file {path.name} cannot be {done}: {reason}.",
        f"A folder that you can write to can be named in the environment variable {VARIABLE}.",
    )
