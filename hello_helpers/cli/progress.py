"""``hello-armonik progress``: show how far you have come in the course, or start anew."""

from __future__ import annotations

import argparse
import shutil

from hello_helpers.cli.endpoints import add_class_argument
from hello_helpers.cli.terminal import fail, say
from hello_helpers.connect.class_file import ClassFile
from hello_helpers.course.outlook import table
from hello_helpers.course.progress import ProgressError, my_progress
from hello_helpers.errors import HelloError

WIDE = 150
"""Columns that a terminal has, if there is room to say what each lesson is good for."""

NOTHING = "Nothing is recorded yet."

HELP = "show your progress over the lessons; --reset starts anew"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add_class_argument(parser)
    parser.add_argument("--reset", action="store_true", help="forget all of it, without asking")


def execute(args: argparse.Namespace) -> int:
    """Show it, or forget it and say so."""
    try:
        file = ClassFile.read(args.class_file) if args.class_file else None
    except HelloError as error:
        return fail(error)
    progress = my_progress(file.variables.get("HELLO_LEARNER") if file else None)
    path = progress.path
    try:
        if args.reset:
            say(f"Your progress is reset: {path} is removed." if progress.reset() else NOTHING)
            return 0
        progress.read()  # a damaged file is an error here, and no lesson that must go on
    except ProgressError as error:
        where = f"It is in {path.parent}. " if path else ""
        return fail(ProgressError(error.message, f"{where}{error.hint}"))
    wide = shutil.get_terminal_size().columns >= WIDE
    say(repr(table(progress.standing(), wide=wide)))
    say(f"It is kept in {path}" if path and path.exists() else NOTHING)
    return 0
