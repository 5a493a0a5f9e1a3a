"""The command line: ``hello-armonik``, or ``python -m hello_helpers``.

Each command is a module of `hello_helpers.cli` with a line of help, its arguments, and what it
does. Only the module of the chosen command is imported, so that ``run`` starts fast.
"""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from hello_helpers.cli import Command

_NAMES = "run serve stop status progress doctor learners cancel class kit lab"
COMMANDS = tuple(_NAMES.split())

INTERRUPTED = 130
"""Exit status after Ctrl-C, as shells have it: 128 and the number of SIGINT."""

BROKEN_PIPE = 141
"""Exit status if nobody reads the output any more: 128 and the number of SIGPIPE."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; return the exit status."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    try:
        command, args = parse(arguments)
        return command.execute(args)
    except KeyboardInterrupt:
        return INTERRUPTED
    except (OSError, RuntimeError) as error:
        problem = _problem(error)
        if problem is None:
            raise
        # Python flushes stdout once more at exit; let that go nowhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if isinstance(error, BrokenPipeError):
            return BROKEN_PIPE
        sys.stderr.write(f"{problem}\n")
        return 1


def _problem(error: OSError | RuntimeError) -> str | None:
    """Say what the system does not give; None if it is another error, for a traceback."""
    if isinstance(error, OSError):
        no_output = error.filename is None  # of a file the commands know, and tell, what it is for
        return f"The output cannot be written: {error.strerror}." if no_output else None
    no_thread = str(error) == "can't start new thread"
    return "No more threads can be started: end other programs." if no_thread else None


def parse(arguments: list[str]) -> tuple[Command, argparse.Namespace]:
    """Return the chosen command with its arguments; exit with status 2 if they are wrong."""
    if arguments and arguments[0] in COMMANDS:
        return _parse_command(arguments[0], arguments[1:])
    parser = argparse.ArgumentParser(
        prog="hello-armonik",
        description="Learn ArmoniK in JupyterLab, with an ArmoniK that comes along.",
        epilog="hello-armonik COMMAND --help says more about a command.",
        allow_abbrev=False,
    )
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    for name in COMMANDS:
        commands.add_parser(name, help=_load(name).HELP)
    parser.parse_args(arguments)
    raise AssertionError("argparse has not exited")  # no command, so it has


def _parse_command(name: str, arguments: list[str]) -> tuple[Command, argparse.Namespace]:
    command = _load(name)
    parser = argparse.ArgumentParser(
        prog=f"hello-armonik {name}", description=command.HELP, allow_abbrev=False
    )
    command.add_arguments(parser)
    if name != "lab":
        return command, parser.parse_args(arguments)
    args, rest = parser.parse_known_args(arguments)
    args.rest = rest  # for jupyter lab
    return command, args


def _load(name: str) -> Command:
    module = {"class": "class_"}.get(name, name)  # a word of Python's own
    return cast("Command", importlib.import_module(f"hello_helpers.cli.{module}"))


if __name__ == "__main__":
    sys.exit(main())
