"""The commands of ``hello-armonik``, one module each."""

from __future__ import annotations

import sys

from hello_helpers.errors import HelloError


def say(line: str) -> None:
    """Print a line for whoever reads along, at once, also through a pipe."""
    print(line, flush=True)  # noqa: T201


def fail(error: HelloError) -> int:
    """Print what is wrong on stderr; return the exit status."""
    print(*error.lines(), sep="\n", file=sys.stderr, flush=True)  # noqa: T201
    return 1
