"""``hello-armonik stop``: end the shared embedded ArmoniK of this user."""

from __future__ import annotations

import argparse

from hello_helpers.cli.terminal import fail, say
from hello_helpers.errors import HelloError

HELP = "end your shared embedded ArmoniK, if one runs"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """There are no options."""


def execute(args: argparse.Namespace) -> int:  # noqa: ARG001
    """End it, and say whether there was one."""
    from hello_helpers.embedded import StartError, stop_shared

    try:
        stopped = stop_shared()
    except StartError as error:
        return fail(HelloError(error.message, error.hint))
    if stopped:
        say("The embedded ArmoniK has been stopped.")
    else:
        say("No embedded ArmoniK was running.")
    return 0
