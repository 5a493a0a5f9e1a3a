"""The labels of sessions: whose one is, whether the lessons go on with it, what it belongs to.

ArmoniK keeps them with the default task options, and finds those of one learner among many.
"""

from __future__ import annotations

import getpass
import os

APPLICATION, VERSION = "hello-armonik", "0.2.0"  # as in pyproject.toml; to look it up takes time

COURSE, OWN = "course", "own"
"""Values of the label "hello": the session that the lessons share, or one for a single purpose."""

LESSON, here = "lesson", ""
"""The label of what belongs to one lesson, and which lesson this is, as its first cell says."""


def course_labels() -> dict[str, str]:
    """Return the labels of the session that this learner's lessons share: they pick it up."""
    return {"hello": COURSE, "learner": _learner()}


def own_labels() -> dict[str, str]:
    """Return the labels of this learner's other sessions: no lesson picks one up."""
    return {"hello": OWN, "learner": _learner(), **({LESSON: here} if here else {})}


def _learner() -> str:
    name = os.environ.get("HELLO_LEARNER") or os.environ.get("JUPYTERHUB_USER")
    try:
        name = name or getpass.getuser()
    except (OSError, KeyError, ImportError):  # an account without a name, as in some containers
        return "somebody"
    return os.fsencode(name).decode(errors="backslashreplace")  # any bytes can be there
