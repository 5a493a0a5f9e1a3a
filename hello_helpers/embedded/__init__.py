"""The embedded ArmoniK: the real gRPC services and real worker processes on one machine.

For learning and for tests. Whoever outgrows one machine uses ArmoniK itself; only the endpoint
changes. Its layout is ArmoniK's own architecture:

    control_plane/   the public gRPC services, one module each
    data_plane/      tables (SQLite), objects (files), one priority queue per partition
    compute_plane/   pods: a scheduling agent beside a worker process

Control plane and compute plane both stand on the data plane and never import each other.
This module is the door: an endpoint is all that anybody outside needs.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .process import EmbeddedArmonik
    from .scratch import scratch_folder
    from .shared import find_shared, shared_endpoint, stop_shared

__all__ = ["EmbeddedArmonik", "find_shared", "scratch_folder", "shared_endpoint", "stop_shared"]

_MODULES = {
    "EmbeddedArmonik": "process",
    "find_shared": "shared",
    "scratch_folder": "scratch",
    "shared_endpoint": "shared",
    "stop_shared": "shared",
}


def __getattr__(name: str) -> Any:
    """Import on first use: workers import this package too, and should start fast."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_MODULES[name]}"), name)
