"""Who starts the embedded ArmoniK: not this room, which does not know it.

`hello_helpers/__init__.py`, which Python imports before anything else of the package, puts somebody
here who can: `start_shared` of `course/local_armonik.py`. This module imports next to nothing,
because workers import it too.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

starter: Callable[[], Any]
"""Finds or starts the shared embedded ArmoniK; returns its `connect.endpoint.Endpoint`.

It raises an EndpointError if it cannot be started.
"""
