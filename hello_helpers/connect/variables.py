"""The environment variables that decide which ArmoniK is used, and how it is reached."""

from __future__ import annotations

from hello_helpers.connect.endpoint import (
    CA_VARIABLE,
    CERTIFICATE_VARIABLE,
    ENDPOINT_VARIABLES,
    KEY_VARIABLE,
)

VARIABLES = (
    *ENDPOINT_VARIABLES,
    CA_VARIABLE,
    CERTIFICATE_VARIABLE,
    KEY_VARIABLE,
    "HELLO_PARTITION",
    "HELLO_LEARNER",
)
"""JupyterLab's kernels inherit them."""

PROXY_VARIABLES = ("grpc_proxy", "https_proxy", "http_proxy")
NO_PROXY_VARIABLES = ("no_grpc_proxy", "no_proxy")
"""In the order in which gRPC reads them; it knows no capital letters here."""
