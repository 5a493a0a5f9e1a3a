"""The options by which a command is told where ArmoniK is."""

from __future__ import annotations

import argparse

from hello_helpers.endpoint import ENDPOINT_VARIABLES, Endpoint


def add_endpoint_arguments(parser: argparse.ArgumentParser, otherwise: str) -> None:
    """Declare them; ``otherwise`` says what is taken if neither they nor the environment tell."""
    parser.add_argument(
        "-e",
        "--endpoint",
        help="control plane, for example http://localhost:5001 "
        f"(default: {' or '.join(ENDPOINT_VARIABLES)}, else {otherwise})",
    )
    parser.add_argument("--ca", metavar="FILE", help="TLS: who signed the server's certificate")
    parser.add_argument("--cert", metavar="FILE", help="TLS: your client certificate")
    parser.add_argument("--key", metavar="FILE", help="TLS: the key of your client certificate")


def find_endpoint(args: argparse.Namespace) -> Endpoint:
    """Return what the options name, else the environment; else the embedded one, started.

    Raises:
        EndpointError: see `Endpoint.find`.
    """
    return Endpoint.find(
        args.endpoint,
        certificate_authority=args.ca,
        client_certificate=args.cert,
        client_key=args.key,
    )
