"""The options by which a command is told where ArmoniK is."""

from __future__ import annotations

import argparse

from hello_helpers.connect.endpoint import Endpoint
from hello_helpers.connect.variables import ENDPOINT_VARIABLES, endpoint_variable
from hello_helpers.errors import InputError


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


def names_endpoint(args: argparse.Namespace) -> bool:
    """Tell whether the options or the environment name an endpoint.

    Raises:
        InputError: TLS files are given, and no endpoint that they are for.
    """
    named = bool(args.endpoint or endpoint_variable())
    if not named and (args.ca or args.cert or args.key):
        raise InputError(
            "--ca, --cert and --key are for an endpoint that begins with https://.",
            f"Name it with -e, or in the environment variable {ENDPOINT_VARIABLES[0]}.",
        )
    return named


def find_endpoint(args: argparse.Namespace) -> Endpoint:
    """Return what the options name, else the environment; else the embedded one, started.

    Raises:
        InputError: see `names_endpoint`.
        EndpointError: see `Endpoint.find`.
    """
    names_endpoint(args)
    return Endpoint.find(
        args.endpoint,
        certificate_authority=args.ca,
        client_certificate=args.cert,
        client_key=args.key,
    )
