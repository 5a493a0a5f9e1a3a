"""What the running cell waits for, in words, for whoever shows it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_told: list[Callable[[], str]] = []


@contextmanager
def waiting(words: Callable[[], str]) -> Iterator[None]:
    """Tell what is waited for, while the block runs. Only cells tell; threads beside them do not.

    Args:
        words: called now and then, in another thread: "Waiting for 3 of 10 results", say.
    """
    is_cell = threading.current_thread() is threading.main_thread()
    if is_cell:
        _told.append(words)
    try:
        yield
    finally:
        if is_cell:
            _told.remove(words)


def told() -> str:
    """Return what is waited for; "" if nobody says."""
    for words in _told[-1:]:  # a copy: its end may be reached meanwhile, in another thread
        return words()
    return ""
