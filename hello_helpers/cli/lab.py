"""``hello-armonik lab``: JupyterLab on a learner's own copy of the lessons."""

from __future__ import annotations

import argparse
import importlib.util
import os
import shlex
import subprocess
import sys
import tempfile
import webbrowser
from collections.abc import Sequence
from pathlib import Path

from hello_helpers.cli import layout
from hello_helpers.cli.endpoints import add_class_argument, use_class_file
from hello_helpers.cli.jupyter import (
    RunningJupyter,
    find_running,
    folders_elsewhere,
    unknown_option,
)
from hello_helpers.cli.terminal import complain, fail
from hello_helpers.connect.variables import VARIABLES
from hello_helpers.course import working_copy as lessons
from hello_helpers.errors import HelloError

HELP = "open JupyterLab on your own copy of the lessons"

DEFAULT_FOLDER = "~/hello-armonik"

FRONT_PAGE = f"lab/workspaces/hello-armonik/tree/{lessons.WELCOME}"
"""The first lesson, in a workspace of its own: what is open elsewhere in JupyterLab stays there."""

KERNELS = "hello_helpers.cli.lesson_kernels.LessonKernels"
"""What finds the kernels of this JupyterLab."""

SETTINGS = Path(__file__).parent / "jupyter_config"
"""A folder of defaults in Jupyter's own form; here, that JupyterLab asks nobody for news."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options; whatever else is given is handed to ``jupyter lab``."""
    parser.usage = (
        "%(prog)s [-h] [--dir DIR] [--class FILE [--endpoint HOST:PORT]] [--layout]"
        " [--no-browser] [any option of jupyter lab]"
    )
    parser.epilog = (
        "Any other option is handed to jupyter lab, for example --port=9000 or --ip=0.0.0.0;"
        " `jupyter lab --help` lists them."
    )
    parser.add_argument(
        "--dir",
        metavar="DIR",
        help=f"folder of your copy (default: {DEFAULT_FOLDER}); what you changed in it stays",
    )
    parser.add_argument(
        "--no-browser", action="store_true", help="only print the address to open in a browser"
    )
    parser.add_argument(
        "--layout",
        action="store_true",
        help="a lesson on the left, and a live board of what happens in ArmoniK on the right",
    )
    add_class_argument(parser)
    parser.add_argument(
        "--endpoint", metavar="HOST:PORT", help="where that ArmoniK is now, if the board says so"
    )


def execute(args: argparse.Namespace) -> int:
    """Refresh the working copy and become JupyterLab; return an exit status if that fails."""
    if importlib.util.find_spec("jupyterlab") is None:
        complain(f"JupyterLab is not installed for {sys.executable}.")
        complain(f"Install it there: {sys.executable} -m pip install jupyterlab")
        return 1
    if wrong := unknown_option(args.rest):
        complain(
            f"Neither this command nor JupyterLab has an option {wrong}.",
            "hello-armonik lab --help, and jupyter lab --help, say which ones there are.",
        )
        return 2
    try:
        if args.class_file or args.endpoint:
            complain(f"Your class: {use_class_file(args.class_file, args.endpoint).describe()}")
            if os.environ.get("HELLO_RECORD"):
                from hello_helpers.course.record import TOLD

                complain(TOLD)
        copy = _refresh(args.dir)
        moved = folders_elsewhere()
        os.environ.update(moved)
        if args.layout:
            layout.prepare(copy.folder)
    except HelloError as error:
        return fail(error)
    except OSError as error:
        complain(f"No temporary folder can be made: {error.strerror}.")
        complain("Name a folder that you can write to in the variable TMPDIR.")
        return 1
    _report(copy)
    if moved:
        complain(
            "Jupyter cannot write its own files in your home folder: they are in a temporary one."
        )
    page = layout.PAGE if args.layout else FRONT_PAGE
    with_browser = not args.no_browser and _has_browser()
    if running := find_running(copy.folder, page):
        if not args.rest:
            return _show_running(running, with_browser)
        complain(
            f"A JupyterLab runs on this folder already: {running.address}",
            "As you gave options, another one starts. Change a notebook in one of them only.",
        )
    rest = list(args.rest)
    if not with_browser:
        complain("Open the address with `token=` that JupyterLab prints below in a browser.")
        rest.append("--no-browser")
    complain("To stop JupyterLab, press Ctrl-C here.")
    if not args.rest:  # else they may hold paths from here
        os.chdir(copy.folder)  # where a terminal of JupyterLab begins
    return _become(jupyter_command(copy.folder, rest, page), jupyter_environment())


def _show_running(running: RunningJupyter, with_browser: bool) -> int:
    """Lead to the JupyterLab that runs, instead of starting a second one on the same files."""
    complain(
        "JupyterLab runs on this folder already, at this address:",
        running.address,
        "So no second one was started. For another copy of the lessons, give --dir FOLDER.",
    )
    if differing := running.differing(VARIABLES):
        complain(
            f"But it does not know the present value of {', '.join(differing)}:"
            " its notebooks use what was set when it was started.",
            f"To change that, stop it (Ctrl-C in its terminal, or `{sys.executable} -m jupyter"
            f" server stop {running.port}`), and give this command again.",
        )
    if with_browser:
        webbrowser.open(running.address)
    return 0


def jupyter_command(folder: Path, options: Sequence[str] = (), page: str = FRONT_PAGE) -> list[str]:
    """Return the command that serves `folder` in JupyterLab, with a page of it in front."""
    ours = [f"--ServerApp.root_dir={folder}", *server_options()]
    if (folder / lessons.WELCOME).exists():
        ours.append(f"--LabApp.default_url=/{page}")
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        ours.append("--allow-root")  # in a container there is often no other user
    given = {option.partition("=")[0] for option in options}  # JupyterLab refuses to be told twice
    ours = [option for option in ours if option.partition("=")[0] not in given]
    # -P: a file in the current folder must not shadow a module (from Python 3.11 on).
    python = [sys.executable, *(["-P"] if sys.version_info >= (3, 11) else [])]
    quiet = ["-W", "ignore::DeprecationWarning"]  # its own; with PYTHONWARNINGS=error it would fail
    return [*python, *quiet, "-m", "jupyterlab", *ours, *options]


def server_options() -> list[str]:
    """Return what any server of Jupyter must be told to run the lessons, whatever it serves."""
    options = [
        f"--ServerApp.kernel_spec_manager_class={KERNELS}",
        # Without it, each kernel (ipykernel >= 7.4) warns that its connection is not encrypted.
        "--KernelManager.transport_encryption=auto",
    ]
    if os.name != "nt" and not sys.stdout.isatty():
        # Jupyter would take a login shell then, and many a login forgets the PATH that it gets.
        shell = shlex.quote(os.environ.get("SHELL") or "sh")
        options.append(f"--ServerApp.terminado_settings=shell_command={shell}")
    return options


def jupyter_environment() -> dict[str, str]:
    """Return this process's variables, with our default settings and our commands added.

    So `hello-armonik` and `python` in JupyterLab's terminals are those of this course, although
    nobody has activated its virtual environment.
    """
    return {
        **os.environ,
        "JUPYTER_CONFIG_PATH": _before(str(SETTINGS), os.environ.get("JUPYTER_CONFIG_PATH")),
        "PATH": _before(str(Path(sys.executable).parent), os.environ.get("PATH")),
    }


def _before(folder: str, others: str | None) -> str:
    return os.pathsep.join([folder, *([others] if others else [])])


def _refresh(chosen: str | None) -> lessons.WorkingCopy:
    """Refresh the chosen folder, or the default one, or, if that is read-only, a temporary one."""
    source = lessons.find()
    if chosen is not None:
        return lessons.refresh(Path(chosen), source)
    try:
        return lessons.refresh(Path(DEFAULT_FOLDER).expanduser(), source)
    except (lessons.LessonsError, RuntimeError) as error:  # RuntimeError: no home folder is known
        complain(str(error))
        complain("So your copy is in a temporary folder, which may be deleted later (see --dir).")
        return lessons.refresh(Path(tempfile.mkdtemp(prefix="hello-armonik-")), source)


def _report(copy: lessons.WorkingCopy) -> None:
    complain(f"Your copy of the lessons: {copy.folder}")
    for names, what in (
        (copy.added, "new"),
        (copy.updated, "updated (you had not changed them)"),
        (copy.kept, "yours, left as they are (to get a fresh copy, rename or delete them)"),
    ):
        if names:
            complain(f"- {what}: {', '.join(names)}")


def _has_browser() -> bool:
    """Tell whether a browser window can be opened from here."""
    if sys.platform.startswith("linux") and not os.environ.keys() & {
        "DISPLAY",
        "WAYLAND_DISPLAY",
        "BROWSER",
    }:
        return False  # only browsers for the terminal could start, and those cannot run JupyterLab
    try:
        webbrowser.get()
    except webbrowser.Error:
        return False
    return True


def _become(command: list[str], environment: dict[str, str]) -> int:
    sys.stdout.flush()
    sys.stderr.flush()
    if os.name != "nt":
        os.execve(command[0], command, environment)
    # On Windows, exec would return to the prompt while JupyterLab runs on.
    return subprocess.call(command, env=environment)
