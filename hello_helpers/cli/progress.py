"""``hello-armonik progress``: show how far you have come in the course, or start anew."""

from __future__ import annotations

import argparse

from hello_helpers.cli import fail, say
from hello_helpers.course.progress import my_progress
from hello_helpers.course.progress_file import ProgressError, folder, read
from hello_helpers.display.progress import progress_table

NOTHING = "Nothing is recorded yet."

HELP = "show your progress over the lessons; --reset starts anew"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the only option."""
    parser.add_argument("--reset", action="store_true", help="forget all of it, without asking")


def execute(args: argparse.Namespace) -> int:
    """Show it, or forget it and say so."""
    progress = my_progress()
    try:
        path = progress.path or folder()  # which says why there is none
        if args.reset:
            there = path.exists()
            progress.reset()
            say(f"Your progress is reset: {path} is removed." if there else NOTHING)
            return 0
        read(path)  # a damaged file is an error here, and no lesson that must go on
    except ProgressError as error:
        where = f"It is in {progress.path.parent}. " if progress.path else ""
        return fail(ProgressError(error.message, f"{where}{error.hint}"))
    say(repr(progress_table(progress.standing())))
    say(f"It is kept in {path}" if path.exists() else NOTHING)
    return 0
