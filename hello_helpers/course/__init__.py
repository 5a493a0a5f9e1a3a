"""What frames a lesson: first and last cell, sessions, typed values, progress, readable errors.

In here goes what the lessons need and a program at work does not. Not in here: ArmoniK's own calls
that a lesson is about, forms, and exercises.
"""

from __future__ import annotations

MOVED = ("begin_lesson", "end_lesson", "reset_progress", "show_progress")
"""What lessons of version 0.1 import from here; they begin with it. It is in `course.frame` now."""


def __getattr__(name: str) -> object:
    """Tell the reader of such a lesson, in words, that there is a fresh one."""
    if name in MOVED:
        from hello_helpers.course.working_copy import OutdatedError

        raise OutdatedError(f"hello_helpers.course.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
