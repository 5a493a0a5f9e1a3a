"""The exercises, one module for each lesson: what is asked for, and how an answer is checked.

In here goes what looks at a learner's answer; `core` says what a check is, and `looking` how it
looks things up in ArmoniK. Not in here: what a lesson teaches, and what keeps the progress.
"""

from __future__ import annotations

import importlib
from typing import Any


def __getattr__(name: str) -> Any:
    """Import an exercise when it is used: ``exercise_05`` is in the module ``lesson_05``."""
    if not name.startswith("exercise_"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = f"{__name__}.lesson_{name.removeprefix('exercise_')}"
    try:
        return getattr(importlib.import_module(module), name)
    except ModuleNotFoundError as error:
        raise AttributeError(f"there is no exercise {name!r}") from error
