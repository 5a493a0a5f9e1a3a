"""``hello-armonik doctor``: is all there that is needed, and does it work? If not, what to do."""

from __future__ import annotations

import argparse

from hello_helpers.cli import say
from hello_helpers.course.doctor import findings

HELP = "look whether all that is needed is there and works; say what to do if not"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """There are no options."""


def execute(args: argparse.Namespace) -> int:  # noqa: ARG001
    """Print a line for each thing, as it is looked at; return 1 if there is something to mend."""
    bad = []
    for finding in findings():
        say(f"{finding.about:<12}{'Problem: ' if finding.is_bad else ''}{finding.says}")
        if finding.remedy:
            say(f"{'':<12}{finding.remedy}")
        if finding.is_bad:
            bad.append(finding.about)
    say(f"To mend: {', '.join(bad)}" if bad else "All is well.")
    return int(bool(bad))
