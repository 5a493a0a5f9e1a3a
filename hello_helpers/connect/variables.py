"""The environment variables that decide which ArmoniK is used, and how it is reached."""

from __future__ import annotations

import os

ENDPOINT_VARIABLES = ("AK_ENDPOINT", "Grpc__Endpoint")
"""ArmoniK's command line reads the first, its client libraries the second and the next three."""

CA_VARIABLE = "Grpc__CaCert"
CERTIFICATE_VARIABLE = "Grpc__ClientCert"
KEY_VARIABLE = "Grpc__ClientKey"

VARIABLES = (
    *ENDPOINT_VARIABLES,
    CA_VARIABLE,
    CERTIFICATE_VARIABLE,
    KEY_VARIABLE,
    "HELLO_PARTITION",
    "HELLO_LEARNER",
    "HELLO_RECORD",
)
"""JupyterLab's kernels inherit them."""

PROXY_VARIABLES = ("grpc_proxy", "https_proxy", "http_proxy")
NO_PROXY_VARIABLES = ("no_grpc_proxy", "no_proxy")
"""In the order in which gRPC reads them; it knows no capital letters here."""


def learner_variable() -> str | None:
    """Return the name that the learner has in a class, if one is set."""
    return os.environ.get("HELLO_LEARNER") or None


def first_variable(names: tuple[str, ...]) -> str | None:
    """Return the first of these variables that is set and not empty, as it stands there."""
    return next(filter(None, map(os.environ.get, names)), None)


def endpoint_variable() -> str | None:
    """Return the endpoint that the environment names, as it stands there."""
    return first_variable(ENDPOINT_VARIABLES)
