"""What all forms have in common: a deed in a thread, progress in words, an error that is not lost.

A handler of a button may run in any thread, at any time, or only after the running cell has ended,
depending on versions. So the handlers here are short: they start a thread and return. The
thread only sets the `value` of HTML widgets, which works at any time from anywhere.
"""

from __future__ import annotations

import logging
import threading
import time
from abc import abstractmethod
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Generic, TypeVar

import grpc
import ipywidgets as widgets

from hello_helpers.connect.endpoint import Endpoint
from hello_helpers.errors import HelloError, WaitCancelledError, WaitTimeoutError
from hello_helpers.forms import html
from hello_helpers.forms.armonik import reason_of, shown_channel
from hello_helpers.forms.buttons import CANCELLING, Buttons
from hello_helpers.forms.field import Field, Fields, Input
from hello_helpers.forms.press import Press
from hello_helpers.forms.shown import Shown
from hello_helpers.wait.cancellation import Cancellation, WaitInterrupted
from hello_helpers.wait.events import HEARTBEAT
from hello_helpers.wait.words import waiting

logger = logging.getLogger(__name__)

T = TypeVar("T")

CANCELLED = "Cancelled."
SESSION_CANCELLED = "Cancelled, and its session with it."
SESSION_LEFT = "Cancelled here; but ArmoniK does not answer, so its session may go on."

NOTHING_SENT = html.progress(["Nothing was sent."])


class Form(Shown, Generic[T]):
    """Base of the forms. `run` starts the deed, `cancel` ends it, `wait` returns its result.

    The form is an ordinary object: ``form.run.click()`` does what a click does, and fields are
    named. It is shown when a cell ends with it; nothing is shown before.

    Attributes:
        run: the button that does it; while it runs it says so, and for how long.
        cancel: the button that ends it.
        result: what came out; None before, and after an error.
        error: what went wrong; None if nothing did.
        session_id: that the run has made, if it makes one; "" before.
        code: the Python that ran, ready to paste; "" before.
        problems: where it is said what is wrong in a field, or worth a remark.
        calls: where the calls of a run are shown, when it is over.
    """

    doing = ""
    """What the button says while it runs: "Sending the numbers" of the deed "Send the numbers"."""
    starts_anew = False
    """True: it needs nothing that an ArmoniK knows already, no session and no result."""

    def __init__(self, endpoint: Endpoint | str | None = None) -> None:
        """Make the form; nothing is shown, and nothing is sent, yet.

        Args:
            endpoint: where it goes; else it is found when it runs, as `Endpoint.find` does.
        """
        self._target = endpoint
        self._press = Press(self._on_press, self._on_run)
        self._buttons = Buttons(self.deed, self.doing, self._press.begin)
        self.run, self.cancel = self._buttons.run, self._buttons.cancel
        self.problems = self._buttons.beside
        self.status = widgets.HTML()
        self.twin = widgets.HTML()
        self.calls = widgets.HTML()
        self.result: T | None = None
        self.error: Exception | None = None
        self.code = self.session_id = ""
        self._lock = threading.Lock()
        self._finished: threading.Event | None = None
        self._cancellation = Cancellation()
        self._lines: list[str] = []
        self._farewell = CANCELLED
        self.run.on_click(self._on_run)
        self.cancel.on_click(self._on_cancel)
        inputs = self._inputs()
        self._all_fields = [part for part in inputs if isinstance(part, Field)]
        shown = [part.input if isinstance(part, Field) else part for part in inputs]
        self._typed = Fields(self._all_fields, self._buttons.beside, self._on_mended)
        for field in self._all_fields:
            field.on_enter = self._press.begin
        self._press.parts = [self.run, self.cancel, *shown]
        self.box = widgets.VBox(
            [*shown, self._buttons.box, self.status, self.twin, self.calls],
            layout=widgets.Layout(border="1px solid var(--jp-border-color1)", padding="10px"),
        )

    # What each form says for itself.

    @abstractmethod
    def _inputs(self) -> list[Input]:
        """Make the fields and other widgets; return them in the order of the tab key."""

    @abstractmethod
    def _prepare(self) -> Callable[[], T]:
        """Read the fields; return what shall run in the thread. Raise `HelloError` if bad."""

    def _clear(self) -> None:
        """Take away what is shown of the run before; a new one begins."""

    # What users of a form call.

    def wait(self, timeout: float = 60.0) -> T:
        """Wait until the deed is done; return its result.

        If nobody has clicked yet, the deed is started with what the fields say, so that a notebook
        also works when all cells are run at once.

        Args:
            timeout: seconds.

        Raises:
            HelloError: what went wrong, also if it was a bad value in a field.
            WaitTimeoutError: it is still running; it goes on.
            WaitInterrupted: on Ctrl-C, or ■ in a notebook; it is cancelled.
        """
        began = time.monotonic()
        try:
            if self._press.take() or self._finished is None:
                self._on_run()
            assert self._finished is not None
            with waiting(lambda: f"Waiting for the form {self.title!r}"):
                while not self._finished.wait(HEARTBEAT):
                    if time.monotonic() > began + timeout:
                        raise WaitTimeoutError(
                            f"It is still running after {timeout:g} seconds.",
                            "Wait again, with a larger timeout, or click Cancel.",
                        )
        except KeyboardInterrupt:
            self._cancellation.cancel()
            last = f" It was here: {self._lines[-1]}" if self._lines else ""
            raise WaitInterrupted(
                f"Interrupted after {time.monotonic() - began:.0f} s while waiting for the form "
                f"{self.title!r}.{last}",
                "It is cancelled, as by its Cancel button; the form shows what comes of that.",
            ) from None
        if self.error is not None:
            raise self.error
        return self.result  # type: ignore[return-value]  # there is one if there is no error

    # How it works.

    def _on_press(self) -> None:
        """Show at once that the press was seen, before all is known that was typed."""
        with self._lock:
            if not self._is_running:
                self._buttons.show_busy()

    def _on_run(self, _button: object = None) -> None:
        with self._lock:
            if self._is_running:
                self._report("It is still running: wait, or click Cancel first.")
                return
            self.result, self.error, self.code, self.session_id = None, None, "", ""
            self.status.value = self.twin.value = self.calls.value = ""
            self._lines = []
            self._farewell = CANCELLED
            self._cancellation = Cancellation()
            self._finished = finished = threading.Event()
        try:
            job = self._read()
        except Exception as error:
            self.error = error
            self._buttons.end(finished)
            if isinstance(error, HelloError):
                return
            raise
        cancellation = self._cancellation
        self._buttons.show_until(finished, lambda: cancellation.requested)
        threading.Thread(
            target=self._work, args=(job, finished), name=f"form: {self.deed}", daemon=True
        ).start()

    @property
    def _is_running(self) -> bool:
        return self._finished is not None and not self._finished.is_set()

    def _read(self) -> Callable[[], T]:
        self._clear()
        try:
            return self._typed.read(self._prepare)
        except HelloError:
            self.status.value = NOTHING_SENT
            raise

    def _on_mended(self) -> None:
        if self.status.value == NOTHING_SENT:
            self.status.value = ""

    def _on_cancel(self, _button: object = None) -> None:
        if not self._is_running:
            self.status.value = html.progress([*self._lines, "Nothing is running."])
            return
        self._report(f"{CANCELLING} ...")
        self._cancellation.cancel()

    def _work(self, job: Callable[[], T], finished: threading.Event) -> None:
        """Run the job in a thread, where an exception would be lost: keep it for `wait`."""
        try:
            self.result = job()
            if self._cancellation.requested:
                self._report("It was over before it could be cancelled.")
        except WaitCancelledError as error:  # no problem: that is what the button is for
            self.error = error
            self._report(self._farewell)
        except HelloError as error:
            self.error = reason_of(error, self._target, self.starts_anew)
            self._show_problem(self.error)
        except Exception as error:  # a mistake of ours
            logger.exception("The form failed")
            self.error = error
            text = f"{type(error).__name__}: {error}"
            self._show_problem(HelloError(text, "This should not happen."))
        self._show_again()
        self._buttons.end(finished)

    def _channel(self, endpoint: Endpoint | None = None) -> AbstractContextManager[grpc.Channel]:
        """Open a channel for a run, whose calls the form shows at the end."""
        return shown_channel(endpoint or self._endpoint(), self.calls)

    def _endpoint(self) -> Endpoint:
        """Return where to go; a text is looked at now, and not before."""
        target = self._target
        return target if isinstance(target, Endpoint) else Endpoint.find(target)

    def _show_problem(self, error: HelloError) -> None:
        self.status.value = html.progress(self._lines) + html.problem(error)

    def _session_was_cancelled(self, done: bool) -> None:
        """Note what has come of it; it is told if that was because of Cancel."""
        self._farewell = SESSION_CANCELLED if done else SESSION_LEFT

    def _report(self, line: str) -> None:
        """Add a line to the progress."""
        if line not in self._lines[-1:]:
            self._lines.append(line)
            self.status.value = html.progress(self._lines)

    def _report_for_now(self, line: str) -> None:
        """Show a line below the progress until there is another one."""
        self.status.value = html.progress([*self._lines, line])

    def _show_code(self, code: str) -> None:
        self.code = code
        self.twin.value = html.code(code)
