"""``hello-armonik learners``: who of a class is where, on the ArmoniK that they share."""

from __future__ import annotations

import argparse
from datetime import datetime, timezone
from typing import TYPE_CHECKING

from hello_helpers.cli.endpoints import add_endpoint_arguments, find_endpoint
from hello_helpers.cli.terminal import fail, say, span
from hello_helpers.errors import HelloError

if TYPE_CHECKING:
    from hello_helpers.course.learners import Learner

HELP = "for teachers: show the learners on a shared ArmoniK, and how their tasks went"

CHECK_SECONDS = 4.0
"""How long the endpoint may take to answer at all."""

LONGEST_NAME, LONGEST_COMPLAINT = 40, 100
"""Characters that are shown of a learner's name, and of an error."""

HEADER = ("learner", "running sessions", "completed", "failed", "unfinished", "newest task")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add_endpoint_arguments(parser, "the embedded ArmoniK")


def execute(args: argparse.Namespace) -> int:
    """Print a table, and below it why somebody's newest task failed."""
    from hello_helpers.course.learners import learners
    from hello_helpers.display.tables import Table, one_line

    try:
        endpoint = find_endpoint(args)
        endpoint.check(CHECK_SECONDS)
        with endpoint.open_channel() as channel:
            found = learners(channel)
    except HelloError as error:
        return fail(error)
    if not found:
        say("No learner has made a session here yet.")
        return 0
    title = f"{len(found)} learner{'s' if len(found) > 1 else ''}, and their tasks"
    say(repr(Table(title, HEADER, [_row(learner) for learner in found])))
    for learner in found:
        if learner.complaint:
            complaint = one_line(learner.complaint, LONGEST_COMPLAINT)
            say(f"{one_line(learner.name, LONGEST_NAME)}: {complaint}")
    return 0


def _row(learner: Learner) -> tuple[str, ...]:
    from hello_helpers.display.tables import one_line

    counts = (learner.sessions, learner.completed, learner.failed, learner.unfinished)
    name = one_line(learner.name, LONGEST_NAME)
    return (name, *(f"{count:,}" for count in counts), _newest(learner))


def _newest(learner: Learner) -> str:
    if learner.last is not None:
        return f"{span((datetime.now(timezone.utc) - learner.last).total_seconds())} ago"
    tasks = learner.completed + learner.failed + learner.unfinished
    return "unknown" if tasks else "none yet"
