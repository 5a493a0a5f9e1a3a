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

ADDRESS_VARIABLE = "ComputePlane__WorkerChannel__Address"
"""Environment variable with the address at which the pod looks for the worker's own server."""


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
    from armonik.worker.worker import ArmoniKWorker

    try:
        from hello_helpers.embedded.compute_plane.inside.serving import serve
    except ImportError:
        return
    as_known = (ArmoniKWorker.Process, ArmoniKWorker.HealthCheck)
    start_server = ArmoniKWorker.start
    address = f"unix://{os.environ[ADDRESS_VARIABLE]}"

    def start(worker: Any, endpoint: str) -> None:
        """Take tasks from the pod until it goes; as `start` does, this does not return before.

        A worker that answers the calls of its agent itself shall get them as they are, from gRPC.
        """
        methods = [getattr(m, "__func__", None) for m in (worker.Process, worker.HealthCheck)]
        if endpoint == address and methods == [*as_known]:
            serve(worker, os.environ[SOCKET_VARIABLE])
        else:
            start_server(worker, endpoint)

    ArmoniKWorker.start = start


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


if __name__ == "__main__":
    main()
