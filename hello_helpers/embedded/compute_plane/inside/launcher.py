"""Runs a Python worker program with the agent's hand inside: ``python launcher.py PROGRAM …``.

The program is run as Python itself would run it; only ``ArmoniKWorker.start`` is another one.
"""

from __future__ import annotations

import os
import runpy
import sys
from pathlib import Path
from typing import Any

SOCKET_VARIABLE = "HELLO_ARMONIK_INSIDE"
"""Environment variable with the path of the private socket."""


def main() -> None:
    """Run the program of the command line: ``SCRIPT ARGS…`` or ``-m MODULE ARGS…``."""
    arguments = sys.argv[1:]
    here = Path.cwd() if arguments[0] == "-m" else Path(arguments[0]).absolute().parent
    sys.path[0] = str(here)  # was the folder of this file
    _reach_inside()
    if arguments[0] == "-m":
        sys.argv = arguments[1:]
        runpy.run_module(arguments[1], run_name="__main__", alter_sys=True)
    else:
        sys.argv = arguments
        runpy.run_path(arguments[0], run_name="__main__")


def _reach_inside() -> None:
    """Replace ``ArmoniKWorker.start``; if the library is not as known, leave it alone."""
    from armonik.worker import worker as library

    if not hasattr(library, "TaskHandler") or not hasattr(library.ArmoniKWorker, "start"):
        return
    from hello_helpers.embedded.compute_plane.inside.task_handler import InsideTaskHandler

    library.TaskHandler = InsideTaskHandler
    library.ArmoniKWorker.start = _start


def _start(self: Any, _endpoint: str) -> None:
    """Take tasks from the pod until it goes; as `start` does, this does not return before."""
    from hello_helpers.embedded.compute_plane.inside.serving import serve

    serve(self, os.environ[SOCKET_VARIABLE])


if __name__ == "__main__":
    main()
