"""What a learner types, read into numbers, or refused with a sentence. Pure functions."""

from __future__ import annotations

import math
import re

from hello_helpers.errors import InputError

MAX_VALUES = 100_000
"""How many values one hello may carry: a payload of about 1 MB, some 3,000 tasks if it is split."""

NOTED_VALUES = 10
"""How many values a remark repeats."""

_INTEGER = re.compile(r"[+-]?[0-9]+")
_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
_AMBIGUOUS = re.compile(r"[^,]*[0-9],[0-9][^,]*|[^,0-9]?[0-9]{1,3}(,[0-9]{3})+")
"""A word with one comma, as in 1,5, or with commas between thousands."""


def parse_values(text: str) -> list[int | float]:
    """Read numbers that are separated by blanks or commas, for example ``1, 2.5 -3e2``.

    Whole numbers stay whole, so that their sum is 45 and not 45.0.

    Raises:
        InputError: if there is no number, a gap, a word, a number too large, or too many of them.
    """
    parts = [part.split() for part in text.split(",")]
    words = [word for part in parts for word in part]
    if len(words) > MAX_VALUES:
        raise _too_many(len(words))
    if not words:
        raise InputError("There is no number.", "Type some, for example: 1 2 3.5")
    if not all(parts):
        raise InputError(
            "There is a comma without a number on both sides.",
            "Put one comma or some blanks between two numbers, for example: 1, 2, 3.5",
        )
    return [parse_number(word) for word in words]


def comma_note(text: str) -> str:
    """Return a remark if numbers that `parse_values` reads may have been meant in another way.

    In "1,5" and in "1,000" the comma is read as one between two numbers; elsewhere people write it
    before decimals or between thousands. "1,2,3" and "1, 5" can be nothing else than a list.
    """
    words = [word.strip(",") for word in text.split()]
    if not any(map(_AMBIGUOUS.fullmatch, words)):
        return ""
    numbers = text.replace(",", " ").split()
    shown = ", ".join(numbers[:NOTED_VALUES]) + (", ..." if len(numbers) > NOTED_VALUES else "")
    return f"Note: read as {shown}. A comma separates numbers; a decimal is written with a point."


def parse_number(text: str) -> int | float:
    """Read one number; a whole one stays an `int`.

    Raises:
        InputError: if it is no number, or none that JSON and a worker can hold.
    """
    word = text.strip().replace("\N{MINUS SIGN}", "-")  # what word processors make of "-"
    if not _NUMBER.fullmatch(word):
        raise InputError(
            f"{_quote(text)} is not a number.",
            "Write numbers like 7, -2.5 or 1e3, with a point, not a comma, before the decimals.",
        )
    if not math.isfinite(float(word)):
        raise InputError(
            f"{_quote(text)} is too large.", "The largest number that fits is about 1.8e308."
        )
    return int(word) if _INTEGER.fullmatch(word) else float(word)


def parse_count(text: str) -> int:
    """Read n, for the values 0, 1, ..., n-1.

    Raises:
        InputError: if it is no whole number, negative, or too large.
    """
    word = text.strip()
    if not word:
        raise InputError("n is missing.", "Type a whole number, for example: 10")
    if not _INTEGER.fullmatch(word) or len(word) > 20:
        raise InputError(
            f"n must be a whole number, you typed {_quote(text)}.",
            f"Type one from 0 to {MAX_VALUES:,}, for example: 10",
        )
    count = int(word)
    if count < 0:
        raise InputError(f"n must be 0 or more, you typed {count}.")
    if count > MAX_VALUES:
        raise _too_many(count)
    return count


def parse_whole(text: str, name: str, low: int, high: int) -> int:
    """Read a whole number between two limits, both included.

    Args:
        text: what was typed.
        name: how messages call it.
        low, high: the limits.

    Raises:
        InputError: if it is anything else.
    """
    word = text.strip()
    if not _INTEGER.fullmatch(word) or len(word) > 20 or not low <= int(word) <= high:
        typed = _quote(word) if word else "nothing"
        raise InputError(
            f"{name} must be a whole number from {low:,} to {high:,}, you typed {typed}."
        )
    return int(word)


def _too_many(count: int) -> InputError:
    return InputError(
        f"{count:,} numbers are too many: one hello carries at most {MAX_VALUES:,}.",
        "Send fewer, or split them over several tasks.",
    )


def _quote(text: str) -> str:
    """Return `text` in quotes, cut where it is long."""
    return repr(text if len(text) <= 24 else text[:20] + "...")
