"""``hello-armonik doctor``: is all there that is needed, and does it work? If not, what to do.

It looks from the packages up to one hello. The order is that of dependence: whoever mends from the
top often need not go on. Lesson 00 shows the first part of it, `check_installation`.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import os
import platform
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from hello_helpers.cli.endpoints import add_class_argument, use_class_file
from hello_helpers.cli.terminal import say
from hello_helpers.connect.endpoint import Endpoint
from hello_helpers.connect.variables import NO_PROXY_VARIABLES, PROXY_VARIABLES, VARIABLES
from hello_helpers.display.notes import Note
from hello_helpers.display.tables import Table
from hello_helpers.errors import HelloError

HELP = "look whether all that is needed is there and works; say what to do if not"

NEEDED = ("armonik", "grpcio", "ipykernel", "ipywidgets", "jupyterlab")

CHECK_SECONDS = 5.0
"""How long an endpoint may take to answer."""

HELLO_SECONDS = 20.0
"""How long one hello may take. Its worker may have to start first."""

WIDGETS = Path("labextensions", "@jupyter-widgets", "jupyterlab-manager")
"""Where JupyterLab finds what draws widgets, in one of Jupyter's data folders."""

INSTALL_AGAIN = "Install it as the README says, then restart the kernel."


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


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the only option."""
    add_class_argument(parser)


def execute(args: argparse.Namespace) -> int:
    """Print a line for each thing, as it is looked at; return 1 if there is something to mend."""
    bad = []
    for finding in findings(args.class_file):
        say(f"{finding.about:<12}{'Problem: ' if finding.is_bad else ''}{finding.says}")
        if finding.remedy:
            say(f"{'':<12}{finding.remedy}")
        if finding.is_bad:
            bad.append(finding.about)
    say(f"To mend: {', '.join(bad)}" if bad else "All is well.")
    return int(bool(bad))


def check_installation() -> Table | Note:
    """Look at Python and at the packages of the lessons; return what there is to say of them."""
    seen = list(installed())
    bad = [finding.about for finding in seen if finding.is_bad]
    if not bad:
        return Note("All that is needed is here.")
    rows = [(finding.about, finding.says, finding.remedy or "fine") for finding in seen]
    return Table(f"To mend: {', '.join(bad)}", ("what", "installed", "verdict"), rows)


def findings(class_file: Path | None = None) -> Iterator[Finding]:
    """Look at one thing after the other, for one of a class with that file.

    What cannot work any more, since something below it does not, is left out.
    """
    packages = list(installed())
    yield from packages
    if any(finding.is_bad for finding in packages):
        return  # without them nothing else can be imported
    if class_file:
        yield (of_class := _attempt("class", lambda: use_class_file(class_file).describe()))
    yield from _variables()
    yield _attempt("widgets", _widgets)
    yield _attempt("lessons", _lessons)
    yield _attempt("kernel", _kernel)
    yield _attempt("progress", _progress)
    if class_file and of_class.is_bad:
        return  # another ArmoniK is not what was asked for
    reached = _attempt("ArmoniK", _armonik)
    yield reached
    if not reached.is_bad:
        yield _attempt("a hello", _hello)


def installed() -> Iterator[Finding]:
    """Look at Python and at the packages of the lessons, and run none of them."""
    wanted = _wanted()
    yield _within("Python", platform.python_version(), ">=3.10")
    for name in NEEDED:
        try:
            version = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            version = ""
        yield _within(name, version, wanted.get(name, ""))


def _wanted() -> dict[str, str]:
    """Return the bounds that this package declares for others, for example ``>=8.1.5,<9``."""
    from packaging.requirements import Requirement

    try:
        lines = importlib.metadata.requires("hello-armonik") or []
    except importlib.metadata.PackageNotFoundError:  # used from the folder, not installed
        return {}
    return {
        needed.name: ",".join(sorted(map(str, needed.specifier), reverse=True))
        for needed in map(Requirement, lines)
        if needed.marker is None or needed.marker.evaluate({"extra": ""})
    }


def _within(name: str, version: str, bounds: str) -> Finding:
    """Tell whether a version, "" if there is none, lies within bounds; no bounds are fine."""
    from packaging.specifiers import SpecifierSet
    from packaging.version import InvalidVersion

    try:
        is_fine = bool(version) and SpecifierSet(bounds).contains(version, prereleases=True)
    except InvalidVersion:
        is_fine = False
    remedy = "" if is_fine else f"{bounds or 'any version'} is needed. {INSTALL_AGAIN}"
    return Finding(name, version or "missing", not is_fine, remedy)


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


def _widgets() -> str:
    """Widgets are drawn by a part of JupyterLab that comes with ipywidgets."""
    from jupyter_core.paths import jupyter_path

    if not any((Path(folder) / WIDGETS).is_dir() for folder in jupyter_path()):
        raise HelloError("JupyterLab has nothing that draws widgets: no form.", INSTALL_AGAIN)
    return "JupyterLab can draw them"


def _lessons() -> str:
    from hello_helpers.course import working_copy

    return f"{len(list(working_copy.find().glob('*.ipynb')))} notebooks"


def _kernel() -> str:
    """The Python in which ``lab`` runs the lessons is started, whatever kernels there are."""
    from hello_helpers.cli.lesson_kernels import KernelError, try_kernel

    try:
        return f"is of {try_kernel()}"
    except KernelError as error:
        raise KernelError(error.message, INSTALL_AGAIN) from error


def _progress() -> str:
    from hello_helpers.course.progress import my_progress

    progress = my_progress()
    if progress.path is None:
        return "is not kept: you have no home folder"
    progress.check()
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
