"""``hello-armonik learners``: who of a class is where, on the ArmoniK that they share."""

from __future__ import annotations

import argparse
import sys
import time
from typing import TYPE_CHECKING

from hello_helpers.cli.endpoints import add_endpoint_arguments, find_endpoint
from hello_helpers.cli.terminal import confirmed, fail, say
from hello_helpers.errors import HelloError, InputError

if TYPE_CHECKING:
    import grpc
    from armonik.common import Session

HELP = "for teachers: show the learners on a shared ArmoniK, where they are, and who needs help"

CHECK_SECONDS = 4.0
"""How long the endpoint may take to answer at all."""

WATCH_SECONDS = 5.0
"""How long one look of --watch is shown."""

CLEAR = "\x1b[H\x1b[2J\x1b[3J"
"""What empties a terminal."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add_endpoint_arguments(parser, "the embedded ArmoniK")
    parser.add_argument(
        "--watch",
        action="store_true",
        help=f"look again every {WATCH_SECONDS:g} seconds, until Ctrl-C",
    )
    parser.add_argument(
        "--reset",
        metavar="NAME",
        help="give one a fresh start: delete all sessions of this learner, with all in them",
    )
    parser.add_argument("--yes", action="store_true", help="do not ask before --reset")


def execute(args: argparse.Namespace) -> int:
    """Print the class, or see to one of it; return the exit status."""
    from hello_helpers.course.class_folder import expected
    from hello_helpers.course.class_view import NOBODY, class_view
    from hello_helpers.course.learners import learners

    try:
        endpoint = find_endpoint(args)
        endpoint.check(CHECK_SECONDS)
        with endpoint.open_channel() as channel:
            if args.reset is not None:
                return _reset(channel, args.reset, sure=args.yes)
            if args.watch:
                return _watch(channel)
            found = learners(channel)
            say(repr(class_view(found, expected())) if found else NOBODY)
    except HelloError as error:
        return fail(error)
    return 0


def _watch(channel: grpc.Channel) -> int:
    """Show it again and again; what goes wrong meanwhile is shown in its place."""
    from hello_helpers.course.class_view import look

    try:
        while True:
            say(f"{CLEAR if sys.stdout.isatty() else ''}{look(channel)!r}\n")
            time.sleep(WATCH_SECONDS)
    except KeyboardInterrupt:
        return 0


def sessions_of_one(channel: grpc.Channel, name: str) -> list[Session]:
    """Return the sessions of a learner, of whom there are some.

    Raises:
        InputError: nobody of this name has any; it says who has.
    """
    from hello_helpers.course.learners import learners, sessions_of
    from hello_helpers.display.tables import one_line

    if found := sessions_of(channel, name):
        return found
    others = ", ".join(one_line(learner.name, 40) for learner in learners(channel))
    raise InputError(
        f"No learner called {name[:60]!r} has a session here.",
        f"These have: {others}." if others else "",
    )


def _reset(channel: grpc.Channel, name: str, *, sure: bool) -> int:
    from hello_helpers.course.learners import end

    found = sessions_of_one(channel, name)
    what = f"all {len(found)} sessions of {name}" if len(found) > 1 else f"the session of {name}"
    if not confirmed(f"Delete {what}, with their tasks and data?", sure=sure):
        return 1
    end(channel, found, forget=True)
    say(f"Deleted. The first cell of a lesson makes a new session for {name}; notebooks and")
    say("progress are on their machine: there, in a terminal of their JupyterLab,")
    say("`hello-armonik progress --reset` forgets it.")
    return 0
