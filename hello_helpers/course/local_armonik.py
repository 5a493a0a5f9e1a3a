"""The shared embedded ArmoniK of the lessons, as an endpoint: what `connect` is handed."""

from __future__ import annotations

import contextlib
from dataclasses import replace

from hello_helpers.connect.endpoint import Endpoint
from hello_helpers.connect.origin import Origin
from hello_helpers.errors import EndpointError


def start_shared() -> Endpoint:
    """Return the shared embedded ArmoniK, which is started if it does not run.

    Raises:
        EndpointError: if it cannot be started.
    """
    try:
        from hello_helpers.embedded import StartError, shared_endpoint
    except ImportError as error:
        raise EndpointError(
            "The embedded ArmoniK needs Linux.",
            "Use one that runs elsewhere: name its endpoint (AK_ENDPOINT, or -e in a terminal).",
        ) from error
    try:
        found = Endpoint.parse(shared_endpoint())
    except StartError as error:
        raise EndpointError(error.message, error.hint) from error
    return replace(found, embedded=True, shared=True, origin=Origin(shared_runs))


def shared_runs() -> bool:
    """Tell whether the shared embedded ArmoniK runs, and is not about to end."""
    from hello_helpers.embedded import StartError, find_shared

    with contextlib.suppress(StartError):
        found = find_shared()
        return found is not None and not found.ending
    return False
