"""On what it was measured: enough to understand the figures, and nothing that tells whose it is."""

from __future__ import annotations

import importlib.metadata
import os
import platform
from typing import Any

import psutil

PACKAGES = ("hello-armonik", "armonik", "grpcio", "protobuf", "distributed", "ray", "ipyparallel")


def describe() -> dict[str, Any]:
    """Return cores, memory, system, Python and versions; no host name, no path."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return {
        "cores": cores,
        "memory GB": round(psutil.virtual_memory().total / 1e9, 1),
        "load before": round(psutil.getloadavg()[0], 2),
        "system": platform.system(),
        "processor": platform.machine(),
        "Python": f"{platform.python_implementation()} {platform.python_version()}",
        "versions": {name: _version(name) for name in PACKAGES},
    }


def _version(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def sentence(machine: dict[str, Any]) -> str:
    """Return the same in one line."""
    versions = machine["versions"]
    known = ", ".join(f"{name} {version}" for name, version in versions.items() if version)
    return (
        f"{machine['cores']} cores, load {machine['load before']} before; "
        f"{machine['Python']}, {machine['system']}; {known}"
    )
