"""``hello-armonik stop``: end the shared embedded ArmoniK of this user."""

from __future__ import annotations

import argparse

from hello_helpers.cli import say

HELP = "end your shared embedded ArmoniK, if one runs"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """There are no options."""


def execute(args: argparse.Namespace) -> int:  # noqa: ARG001
    """End it, and say whether there was one."""
    from hello_helpers.embedded import stop_shared

    if stop_shared():
        say("The embedded ArmoniK has been stopped.")
    else:
        say("No embedded ArmoniK was running.")
    return 0
