"""Ending a wait: from another thread, as a Cancel button does, or by Ctrl-C."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from concurrent.futures import CancelledError, Future, InvalidStateError
from typing import Protocol, TypeVar

from hello_helpers.errors import WaitCancelledError

T = TypeVar("T")

CANCELLED = "It was cancelled."


class Cancellable(Protocol):
    """What a cancellation ends: a wait, or a gRPC call."""

    def cancel(self) -> object:
        """End it, from any thread."""


class Cancellation:
    """Ends a wait from another thread: hand one to the wait, and call `cancel`."""

    def __init__(self) -> None:
        self._requested = threading.Event()
        self._attached: Cancellable | None = None

    @property
    def requested(self) -> bool:
        """True after `cancel`."""
        return self._requested.is_set()

    def cancel(self) -> None:
        """End the wait, at once; it raises `WaitCancelledError`."""
        self._requested.set()
        if (attached := self._attached) is not None:
            attached.cancel()

    def check(self) -> None:
        """Raise `WaitCancelledError` if cancelled."""
        if self.requested:
            raise WaitCancelledError(CANCELLED)

    def outlive(self, work: Callable[[], T]) -> T:
        """Return what `work` returns, or raise what it raises; if cancelled before, at once.

        It is done in a thread, which goes on; nobody listens to it any more.

        Raises:
            WaitCancelledError: if cancelled.
        """
        outcome: Future[T] = Future()

        def do() -> None:
            with contextlib.suppress(InvalidStateError):  # cancelled
                try:
                    outcome.set_result(work())
                except Exception as error:
                    outcome.set_exception(error)

        threading.Thread(target=do, name="to be outlived", daemon=True).start()
        self.attach(outcome)
        try:
            return outcome.result()
        except CancelledError:
            raise WaitCancelledError(CANCELLED) from None

    def attach(self, attached: Cancellable) -> None:
        """Let `cancel` end this, too."""
        self._attached = attached
        if self.requested:  # it came before the line above
            attached.cancel()


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
