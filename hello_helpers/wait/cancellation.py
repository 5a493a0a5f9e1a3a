"""Ending a wait: from another thread, as a Cancel button does, or by Ctrl-C."""

from __future__ import annotations

import contextlib
import queue
import threading
from collections.abc import Callable
from typing import Any

from hello_helpers.errors import WaitCancelledError

HEARTBEAT = 0.2
"""Seconds after which a wait wakes up; Windows delivers no Ctrl-C to a sleeper."""


class Cancellation:
    """Ends a wait from another thread: hand one to the wait, and call `cancel`."""

    def __init__(self) -> None:
        self._requested = threading.Event()
        self._call: Any = None

    @property
    def requested(self) -> bool:
        """True after `cancel`."""
        return self._requested.is_set()

    def cancel(self) -> None:
        """End the wait, at once; it raises `WaitCancelledError`."""
        self._requested.set()
        if (call := self._call) is not None:
            call.cancel()

    def check(self) -> None:
        """Raise `WaitCancelledError` if cancelled."""
        if self.requested:
            raise WaitCancelledError("It was cancelled.")

    def attach(self, call: Any) -> None:
        """Let `cancel` end this gRPC call too."""
        self._call = call
        if self.requested:  # it came before the line above
            call.cancel()

    def sleep(self, seconds: float) -> None:
        """Sleep, unless cancelled."""
        self._requested.wait(seconds)


class WaitInterrupted(KeyboardInterrupt):
    """Ctrl-C during a wait of the course; to programs, a KeyboardInterrupt as any other.

    Attributes:
        message: what was waited for, and how long.
        hint: what goes on, and how to wait again.
    """

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def _render_traceback_(self) -> list[str]:
        """Show one or two lines in a notebook; IPython asks for this method."""
        return [self.message, self.hint] if self.hint else [self.message]


def in_a_thread(
    work: Callable[[], None],
    cancellation: Cancellation,
    interrupted: Callable[[], WaitInterrupted],
) -> None:
    """Do something that takes long, and return when it is done; Ctrl-C cancels it.

    In a thread, because Ctrl-C interrupts the main thread wherever it is: in the middle of gRPC's
    own work it would leave a channel that cannot be closed.

    Args:
        work: what takes long; it heeds the cancellation.
        cancellation: used on Ctrl-C.
        interrupted: returns what to raise then.
    """
    outcome: queue.SimpleQueue[Exception | None] = queue.SimpleQueue()

    def run() -> None:
        try:
            work()
            outcome.put(None)
        except Exception as error:
            outcome.put(error)

    thread = threading.Thread(target=run, name="wait for results", daemon=True)
    try:
        thread.start()
        if (error := _get(outcome)) is not None:
            raise error
    except KeyboardInterrupt:
        cancellation.cancel()
        raise interrupted() from None


def _get(outcome: queue.SimpleQueue[Exception | None]) -> Exception | None:
    while True:
        with contextlib.suppress(queue.Empty):
            return outcome.get(timeout=HEARTBEAT)
