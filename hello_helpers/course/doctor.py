"""What a good installation needs, looked at from the packages up to one hello; each with a remedy.

The order is that of dependence: whoever mends from the top often need not go on.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from hello_helpers.connect.endpoint import Endpoint
from hello_helpers.connect.variables import NO_PROXY_VARIABLES, PROXY_VARIABLES, VARIABLES
from hello_helpers.errors import HelloError

CHECK_SECONDS = 5.0
"""How long an endpoint may take to answer."""

HELLO_SECONDS = 20.0
"""How long one hello may take. Its worker may have to start first."""

WIDGETS = Path("labextensions", "@jupyter-widgets", "jupyterlab-manager")
"""Where JupyterLab finds what draws widgets, in one of Jupyter's data folders."""

INSTALL_AGAIN = "Install it as the README says, and restart the kernels."


@dataclass(frozen=True)
class Finding:
    """What one line says.

    Attributes:
        about: what was looked at.
        says: what was seen.
        is_bad: True if there is something to mend.
        remedy: what to do then, if what was seen does not say it.
    """

    about: str
    says: str
    is_bad: bool = False
    remedy: str = ""


def findings() -> Iterator[Finding]:
    """Look at one thing after the other.

    What cannot work any more, since something below it does not, is left out.
    """
    packages = list(_packages())
    yield from packages
    if any(finding.is_bad for finding in packages):
        return  # without them nothing else can be imported
    yield from _variables()
    yield _attempt("widgets", _widgets)
    yield _attempt("lessons", _lessons)
    yield _attempt("progress", _progress)
    reached = _attempt("ArmoniK", _armonik)
    yield reached
    if not reached.is_bad:
        yield _attempt("a hello", _hello)


def _attempt(about: str, look: Callable[[], str]) -> Finding:
    """Return what `look` has seen; an error of the course brings its own remedy."""
    try:
        return Finding(about, look())
    except HelloError as error:
        return Finding(about, error.message, True, error.hint)
    except ImportError as error:  # a package is there, but not whole, or does not fit another one
        return Finding(about, f"{type(error).__name__}: {error}", True, INSTALL_AGAIN)


def _variables() -> Iterator[Finding]:
    for name in (*VARIABLES, "HELLO_ARMONIK_DIR", "HELLO_PROGRESS_DIR"):
        if value := os.environ.get(name):
            yield Finding("set", f"{name}={value}")
    for name in (*PROXY_VARIABLES, *NO_PROXY_VARIABLES):
        if os.environ.get(name):  # its value may hold a password
            yield Finding("set", f"{name} (never used within this machine)")


def _packages() -> Iterator[Finding]:
    from hello_helpers.course.installation import installed

    for check in installed():
        remedy = "" if check.fine else check.verdict
        yield Finding(check.name, check.installed or "missing", not check.fine, remedy)


def _widgets() -> str:
    """Widgets are drawn by a part of JupyterLab that comes with ipywidgets."""
    from jupyter_core.paths import jupyter_path

    if not any((Path(folder) / WIDGETS).is_dir() for folder in jupyter_path()):
        raise HelloError("JupyterLab has nothing that draws widgets: no form.", INSTALL_AGAIN)
    return "JupyterLab can draw them"


def _lessons() -> str:
    from hello_helpers.course import working_copy as lessons

    return f"{len(list(lessons.find().glob('*.ipynb')))} notebooks"


def _progress() -> str:
    from hello_helpers.course.progress import my_progress
    from hello_helpers.course.progress_file import read, update

    path = my_progress().path
    if path is None:
        return "is not kept: you have no home folder"
    read(path)
    update(path, lambda _: None)  # writes nothing new, but needs the folder and the lock
    return "can be kept"


def _armonik() -> str:
    endpoint = Endpoint.find()
    versions = endpoint.check(CHECK_SECONDS)
    return f"{endpoint.describe()} answers: version {versions['core']}"


def _hello() -> str:
    """Send one task through all planes; this needs a worker, and the right partition."""
    from hello_helpers import steps
    from hello_helpers.course.sessions import closing_session, hello_partition
    from hello_helpers.messages import Payload

    began = time.monotonic()
    with Endpoint.find().open_channel() as channel:
        session_id = steps.create_session(channel, hello_partition())
        with closing_session(channel, session_id):
            data = steps.create_payload(channel, session_id, Payload([20, 22]))
            steps.submit_task(channel, session_id, data)
            result = steps.wait_for_result(channel, session_id, data.result_id, HELLO_SECONDS)
    if result.value != 42:
        raise HelloError(
            f"20 + 22 came back as {result.value}: that is not the hello worker.",
            "Name the partition that runs it in the environment variable HELLO_PARTITION.",
        )
    return f"20 + 22 = 42, in {time.monotonic() - began:.2f} s"
