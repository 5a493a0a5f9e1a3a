"""The commands of ``hello-armonik``, one module each, found by `hello_helpers.__main__`.

In here goes what a command asks for, does and prints, with what commands share (terminal,
endpoints, jupyter, lesson_kernels, layout; laptops and wheels are kit's), and hub for JupyterHub.
Lesson 00 shows a part of doctor. Not in here: what the lessons are framed with, which is
`course`'s, and the embedded ArmoniK; only serve, class, status and stop know it.
"""

from __future__ import annotations

import argparse
from typing import Protocol


class Command(Protocol):
    """What a module of `hello_helpers.cli` offers."""

    HELP: str

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare the command's arguments."""

    def execute(self, args: argparse.Namespace) -> int:
        """Do it; return the exit status."""
