"""A laptop without Linux, as far as this project sees it: a program that does lessons on one.

There is no fcntl, no Unix socket, no /proc. Libraries, which have other ways on other systems, are
imported before that is taken away.
"""

import asyncio  # noqa: F401
import importlib
import os
import pkgutil
import socket
import sys
from pathlib import Path
from typing import Any

import filelock  # noqa: F401
import nbformat
import psutil  # noqa: F401
from IPython.core.interactiveshell import InteractiveShell

from hello_helpers.__main__ import main

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"

ROOMS = ("connect", "wait", "wire", "course", "forms", "display", "exercises")

ABSENT = ("fcntl", "termios", "resource", "pwd", "grp")

LESSONS = ("01_channel", "02_session", "03_payload", "04_submit", "05_wait")


def leave_linux() -> None:
    """Take away what only Linux, or only a Unix, has."""
    for name in ABSENT:
        sys.modules[name] = None  # type: ignore[assignment]  # so an import of it fails
    del socket.AF_UNIX
    sys.addaudithook(_refuse)
    real_stat = os.stat

    def stat(path: Any, *arguments: Any, **options: Any) -> os.stat_result:
        _refuse("stat", (path,))
        return real_stat(path, *arguments, **options)

    os.stat = stat


def _refuse(event: str, arguments: tuple[object, ...]) -> None:
    """Let nobody but psutil look into /proc."""
    if event in ("open", "os.listdir", "os.scandir", "stat") and _is_in_proc(arguments[0]):
        frame = sys._getframe(1)
        while frame is not None:
            if frame.f_globals.get("__name__", "").partition(".")[0] == "psutil":
                return
            frame = frame.f_back
        raise FileNotFoundError(2, "There is no /proc here", str(arguments[0]))


def _is_in_proc(path: object) -> bool:
    return isinstance(path, (str, os.PathLike)) and Path(path).parts[:2] == ("/", "proc")


def import_rooms() -> None:
    """Import every module of the rooms that a laptop needs."""
    for room in ROOMS:
        package = importlib.import_module(f"hello_helpers.{room}")
        for module in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
            importlib.import_module(module.name)


def do(lesson: Path) -> None:
    """Run a lesson, use its forms, and do its exercise."""
    shell = InteractiveShell.instance()
    shell.reset()
    cells = [cell for cell in nbformat.read(lesson, as_version=4).cells if cell.cell_type == "code"]
    number = lesson.stem.partition("_")[0]
    for cell in cells[:-1]:
        run(shell, cell.source)
    for name in [name for name in shell.user_ns if name.endswith("_form")]:
        shell.user_ns[name].wait()
    exercise = next(cell.source for cell in cells if cell.id.endswith("-exercise"))
    solution = getattr(importlib.import_module("hello_helpers.exercises"), f"exercise_{number}")
    (dots,) = [line for line in exercise.splitlines() if line.endswith(" = ...")]
    run(shell, exercise.replace(dots, solution.code))
    run(shell, cells[-1].source)


def run(shell: InteractiveShell, code: str) -> None:
    """Run a cell; it may not fail."""
    shell.run_cell(code).raise_error()


if __name__ == "__main__":
    leave_linux()
    for lesson in LESSONS:
        do(NOTEBOOKS / f"{lesson}.ipynb")
    main(["run"])
    import_rooms()
    print("Of the embedded ArmoniK:", [name for name in sys.modules if ".embedded" in name])
