"""The options by which a command is told where ArmoniK is."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from hello_helpers.connect.endpoint import Endpoint
from hello_helpers.connect.variables import ENDPOINT_VARIABLES, endpoint_variable
from hello_helpers.errors import InputError

ANSWER_SECONDS = 6.0
"""How long the ArmoniK of a class may take to answer, under whichever of its names."""


def add_endpoint_arguments(parser: argparse.ArgumentParser, otherwise: str) -> None:
    """Declare them; ``otherwise`` says what is taken if neither they nor the environment tell."""
    parser.add_argument(
        "-e",
        "--endpoint",
        help="control plane, for example http://localhost:5001 "
        f"(default: {' or '.join(ENDPOINT_VARIABLES)}, else {otherwise})",
    )
    add_class_argument(parser)
    parser.add_argument("--ca", metavar="FILE", help="TLS: who signed the server's certificate")
    parser.add_argument("--cert", metavar="FILE", help="TLS: your client certificate")
    parser.add_argument("--key", metavar="FILE", help="TLS: the key of your client certificate")


def add_class_argument(parser: argparse.ArgumentParser) -> None:
    """Declare the file that says all of it for one of a class."""
    parser.add_argument(
        "--class",
        dest="class_file",
        type=Path,
        metavar="FILE",
        help="the file that you got for a class: where its ArmoniK is, and who you are there",
    )


def use_class_file(path: Path | None, endpoint: str | None = None) -> Endpoint:
    """Set this process's variables as a class's file says; ArmoniK has answered then.

    Args:
        endpoint: where it is, if that is not one of the addresses in the file.

    Raises:
        InputError: it is no such file, or there is none.
        EndpointError: ArmoniK does not answer, or does not know the caller; it says why.
    """
    from hello_helpers.connect.class_file import ClassFile

    if path is None:
        raise InputError(
            "--endpoint goes with --class FILE.", "Another ArmoniK is named by AK_ENDPOINT."
        )
    file = ClassFile.read(path)
    found = file.find(ANSWER_SECONDS, endpoint)
    os.environ.update(file.environment(found))  # an empty variable counts as none
    return found


def names_endpoint(args: argparse.Namespace) -> bool:
    """Tell whether the options or the environment name an endpoint.

    Raises:
        InputError: TLS files are given, and no endpoint that they are for.
    """
    if args.class_file and (args.ca or args.cert or args.key):
        raise InputError("With --class, the certificates are those of the file.")
    named = bool(args.class_file or args.endpoint or endpoint_variable())
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
    if args.class_file:
        return use_class_file(args.class_file, args.endpoint)
    return Endpoint.find(
        args.endpoint,
        certificate_authority=args.ca,
        client_certificate=args.cert,
        client_key=args.key,
    )
