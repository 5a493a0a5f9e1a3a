"""What commands print: results on stdout, all else on stderr."""

from __future__ import annotations

import sys

from hello_helpers.errors import HelloError


def say(line: str) -> None:
    """Print a line for whoever reads along, at once, also through a pipe."""
    print(line, flush=True)  # noqa: T201


def span(seconds: float) -> str:
    """Write a time span in its two largest units."""
    minutes, left = divmod(max(0, int(seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {left} s" if minutes else f"{left} s"


def complain(*lines: str) -> None:
    """Print lines that are no result of the command, on stderr."""
    print(*lines, sep="\n", file=sys.stderr, flush=True)  # noqa: T201


def fail(error: HelloError) -> int:
    """Print what is wrong on stderr; return the exit status."""
    complain(*error.lines())
    return 1


def confirmed(question: str, *, sure: bool = False) -> bool:
    """Ask at the terminal; whoever says nothing, or is not there, says no."""
    if sure:
        return True
    complain(f"{question} [y/N]")
    yes = sys.stdin.readline().strip().lower() in ("y", "yes")
    if not yes:
        complain("Nothing was changed.")
    return yes
