"""The embedded ArmoniK: the real gRPC services and real worker processes on one machine.

For learning and for tests. Whoever outgrows one machine uses ArmoniK itself; only the endpoint
changes. Its layout is ArmoniK's own architecture:

    control_plane/   the public gRPC services
    data_plane/      tables and small objects (SQLite), large objects (files), queues
    compute_plane/   pods: a scheduling agent beside a worker process

Control plane and compute plane both stand on the data plane and never import each other.
Beside them stand the process that holds them (program, serving, config), the shared one of a user
(shared, shared_folder, leases) and one of one's own (process). This module is the door: nobody
outside imports anything else, and in here nothing of outside is imported.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .clients import fingerprint
    from .config import (
        DEFAULT_PODS,
        HELLO_WORKER,
        MAX_PRIORITY,
        Configuration,
        PartitionSpec,
        QueueRules,
        new_runtime,
    )
    from .errors import EmbeddedError, StartError
    from .folders import ScratchFolder, write_private
    from .host import LOOPBACK, Host
    from .interceptor import INSTANCE_KEY
    from .limits import MAX_MESSAGE
    from .logs import FORMATS
    from .process import EmbeddedArmonik
    from .program import run
    from .shared import find_shared, shared_endpoint, stop_shared
    from .shared_folder import SharedArmonik
    from .switchboard import Switchboard, SwitchboardError
    from .tls import CLIENT_NAME, TlsFolder

__all__ = [
    "CLIENT_NAME",
    "DEFAULT_PODS",
    "FORMATS",
    "HELLO_WORKER",
    "INSTANCE_KEY",
    "LOOPBACK",
    "MAX_MESSAGE",
    "MAX_PRIORITY",
    "Configuration",
    "EmbeddedArmonik",
    "EmbeddedError",
    "Host",
    "PartitionSpec",
    "QueueRules",
    "ScratchFolder",
    "SharedArmonik",
    "StartError",
    "Switchboard",
    "SwitchboardError",
    "TlsFolder",
    "find_shared",
    "fingerprint",
    "new_runtime",
    "run",
    "shared_endpoint",
    "stop_shared",
    "write_private",
]

_NAMES = {
    "clients": ("fingerprint",),
    "config": (
        *("DEFAULT_PODS", "HELLO_WORKER", "MAX_PRIORITY"),
        *("Configuration", "PartitionSpec", "QueueRules", "new_runtime"),
    ),
    "errors": ("EmbeddedError", "StartError"),
    "host": ("LOOPBACK", "Host"),
    "interceptor": ("INSTANCE_KEY",),
    "limits": ("MAX_MESSAGE",),
    "logs": ("FORMATS",),
    "process": ("EmbeddedArmonik",),
    "program": ("run",),
    "folders": ("ScratchFolder", "write_private"),
    "shared": ("find_shared", "shared_endpoint", "stop_shared"),
    "shared_folder": ("SharedArmonik",),
    "switchboard": ("Switchboard", "SwitchboardError"),
    "tls": ("CLIENT_NAME", "TlsFolder"),
}


def __getattr__(name: str) -> Any:
    """Import on first use: workers import this package too, and should start fast."""
    for module, names in _NAMES.items():
        if name in names:
            return getattr(importlib.import_module(f"{__name__}.{module}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
