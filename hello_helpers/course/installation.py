"""Is everything installed that the lessons need? One line each, with a remedy."""

from __future__ import annotations

import importlib.metadata
import platform
import re
import sys
from dataclasses import dataclass

from hello_helpers.display.tables import Table

NEEDED = ("armonik", "grpcio", "ipywidgets", "jupyterlab")

REMEDY = "Install it as the README says, then restart the kernel."


@dataclass(frozen=True)
class Check:
    """What one line says.

    Attributes:
        name: of the program or package.
        installed: its version; "" if it is missing.
        wanted: the versions that go, as in pyproject.toml; "" if that is not known.
        fine: True if it can be used.
    """

    name: str
    installed: str
    wanted: str
    fine: bool

    @property
    def verdict(self) -> str:
        """One word, or what to do."""
        return "fine" if self.fine else f"{self.wanted or 'any version'} is needed. {REMEDY}"


def check_installation() -> Table:
    """Look at Python and at the packages of the lessons; return a table to show."""
    checks = installed()
    bad = [check.name for check in checks if not check.fine]
    caption = f"To mend: {', '.join(bad)}" if bad else "All is installed"
    return Table(
        caption,
        ("what", "installed", "verdict"),
        [(check.name, check.installed or "missing", check.verdict) for check in checks],
    )


def installed() -> list[Check]:
    """Look at Python and at the packages of the lessons, and run none of them."""
    return [_python(), *map(_package, NEEDED)]


def _python() -> Check:
    fine = sys.version_info >= (3, 10)
    return Check("Python", platform.python_version(), ">=3.10", fine)


def _package(name: str) -> Check:
    wanted = _wanted(name)
    try:
        installed = importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return Check(name, "", wanted, False)
    return Check(name, installed, wanted, within(installed, wanted))


def _wanted(name: str) -> str:
    """Return the bounds that this package declares for another one, for example ``>=8.1.5,<9``."""
    try:
        requirements = importlib.metadata.requires("hello-armonik") or []
    except importlib.metadata.PackageNotFoundError:  # used from the folder, not installed
        return ""
    for requirement in requirements:
        bounds, _, condition = requirement.partition(";")
        if "extra" not in condition and re.match(rf"{name}(?![\w-])", bounds):
            return ",".join(sorted(bounds.removeprefix(name).strip().split(","), reverse=True))
    return ""


def within(version: str, bounds: str) -> bool:
    """Tell whether a version lies within bounds like ``>=8.1.5,<9``; no bounds are fine."""
    known = _numbers(version)
    for bound in filter(None, bounds.split(",")):
        limit = _numbers(bound)
        if bound.startswith(">=") and known < limit:
            return False
        if bound.startswith("<") and known >= limit:
            return False
    return True


def _numbers(version: str) -> tuple[int, ...]:
    """Return the numbers of a version as a tuple; what follows them ("rc1") does not count."""
    found = re.search(r"\d+(\.\d+)*", version)
    return tuple(map(int, found[0].split("."))) if found else ()
