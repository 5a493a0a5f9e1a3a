"""Ending a wait from another thread: what a Cancel button needs."""

from __future__ import annotations

import threading
from typing import Any

from hello_helpers.errors import WaitCancelledError


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
