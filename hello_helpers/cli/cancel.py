"""``hello-armonik cancel --learner NAME``: end what one of a class has running."""

from __future__ import annotations

import argparse

from hello_helpers.cli.endpoints import add_endpoint_arguments, find_endpoint
from hello_helpers.cli.learners import CHECK_SECONDS, sessions_of_one
from hello_helpers.cli.terminal import confirmed, fail, say
from hello_helpers.errors import HelloError

HELP = "for teachers: cancel the sessions of one learner, with their tasks"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--learner", metavar="NAME", required=True, help="whose sessions")
    parser.add_argument("--yes", action="store_true", help="do not ask first")
    add_endpoint_arguments(parser, "the embedded ArmoniK")


def execute(args: argparse.Namespace) -> int:
    """Ask, and cancel; return the exit status."""
    from armonik.common import SessionStatus

    from hello_helpers.course.learners import end

    try:
        endpoint = find_endpoint(args)
        endpoint.check(CHECK_SECONDS)
        with endpoint.open_channel() as channel:
            open_ones = [
                session
                for session in sessions_of_one(channel, args.learner)
                if session.status in (SessionStatus.RUNNING, SessionStatus.PAUSED)
            ]
            if not open_ones:
                say(f"{args.learner} has no session that is open.")
                return 0
            count = len(open_ones)
            what = f"{count} open session{'s' if count > 1 else ''}"
            if not confirmed(f"Cancel {what} of {args.learner}, with all tasks?", sure=args.yes):
                return 1
            end(channel, open_ones)
    except HelloError as error:
        return fail(error)
    say(f"Cancelled. The first cell of a lesson makes a new session for {args.learner}.")
    return 0
