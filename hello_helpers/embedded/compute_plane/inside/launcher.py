"""Runs a Python worker program with the agent's hand inside: ``python launcher.py PROGRAM …``.

The program is run as Python itself would run it; only ``ArmoniKWorker.start`` is another one.
"""

from __future__ import annotations

import importlib
import os
import runpy
import sys
from pathlib import Path
from types import ModuleType
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
    _spare_cryptography()
    from armonik.worker import worker as library

    if not hasattr(library, "TaskHandler") or not hasattr(library.ArmoniKWorker, "start"):
        return
    from hello_helpers.embedded.compute_plane.inside.task import InsideTaskHandler

    library.TaskHandler = InsideTaskHandler
    library.ArmoniKWorker.start = _start


def _spare_cryptography() -> None:
    """Let ``armonik.common.channel`` be imported when it is used.

    It brings in the package cryptography, for certificates in the format PKCS#12. All that a
    worker opens is a channel to its agent's socket, which has none: for nothing, that would be 9 MB
    in each of them.
    """
    import grpc

    name = "armonik.common.channel"

    def load() -> ModuleType:
        sys.modules.pop(name, None)
        return importlib.import_module(name)

    def create_channel(uri: str, **arguments: Any) -> Any:
        if uri.startswith("unix:///"):
            return grpc.insecure_channel(uri, options=arguments.get("options"))
        return load().create_channel(uri, **arguments)

    def other(attribute: str) -> Any:
        if attribute.startswith("__"):  # Python itself asks: is it a package?
            raise AttributeError(attribute)
        return getattr(load(), attribute)

    stand_in: Any = ModuleType(name)
    stand_in.create_channel = create_channel
    stand_in.__getattr__ = other
    sys.modules[name] = stand_in


def _start(self: Any, _endpoint: str) -> None:
    """Take tasks from the pod until it goes; as `start` does, this does not return before."""
    from hello_helpers.embedded.compute_plane.inside.serving import serve

    serve(self, os.environ[SOCKET_VARIABLE])


if __name__ == "__main__":
    main()
