"""Forms for the notebooks: they collect, validate in words, run, and show the Python that ran.

In here goes a form, a module each, and what forms share. Not in here: anything that a learner needs
without a form, and anything that finds out which ArmoniK this is or was: `connect` does that.
"""

from __future__ import annotations

import importlib
from typing import Any

__all__ = [
    "ClientForm",
    "ClosingForm",
    "EndpointForm",
    "FailureForm",
    "ManyForm",
    "PayloadForm",
    "SessionForm",
    "SplitForm",
    "TaskForm",
    "ValuesForm",
]


def __getattr__(name: str) -> Any:
    """Import a form when it is used: ``ValuesForm`` is in the module ``values_form``."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = f"{name.removesuffix('Form').lower()}_form"
    return getattr(importlib.import_module(f"{__name__}.{module}"), name)
