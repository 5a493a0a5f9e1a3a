"""What people look at: tables and pictures, each of them in words, too.

In here goes what draws, or follows what it draws. Not in here: what is told about a lesson or a
learner, and anything that asks for an answer. What to show is handed in.
"""

from __future__ import annotations

import importlib
from typing import Any

_MODULES = {
    "Journey": "task_journey",
    "Table": "tables",
    "facts": "tables",
    "journey": "task_journey",
    "listing": "tables",
}

__all__ = ["Journey", "Table", "facts", "journey", "listing"]


def __getattr__(name: str) -> Any:
    """Import what the lessons use when they use it."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_MODULES[name]}"), name)
