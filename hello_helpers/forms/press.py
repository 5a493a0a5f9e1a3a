"""A press on a button counts when all that was typed before it has come here.

A browser sends what was typed, and then the press. But it keeps an edit back while the one before
is not answered yet; of the Enter key it tells first, and then the text; and a kernel may handle the
messages of two widgets in two threads. So after a press the browser is asked for one answer more,
which it sends after all that it had to send before. That takes some milliseconds.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import ipywidgets as widgets

FIRST, SECOND = 1, 2
"""What the browser answers by itself as soon as it has the form, and when it is asked again: by
then JupyterLab has a thread for widgets."""

ANSWER_SECONDS = 1.0
"""How long to wait for the browser; if it does not answer, the press counts as it is."""


class Press:
    """The presses of a form: `begin` one, and `then` is called when all before it is known.

    Args:
        seen: called at once, in the thread of the message.
        then: called when it counts, in another thread.

    Attributes:
        parts: all widgets of the form of which a browser may send something.
    """

    def __init__(self, seen: Callable[[], None], then: Callable[[], None]) -> None:
        self._seen, self._then = seen, then
        self.parts: list[widgets.Widget] = []
        self._lock = threading.Lock()
        self._number = SECOND
        self._waits = False
        # Two models without a view. The browser sets the second to what the first is.
        self._question, self._answer = widgets.IntText(FIRST), widgets.IntText()
        self._link = widgets.jsdlink((self._question, "value"), (self._answer, "value"))
        self._answer.observe(self._on_answer, "value")

    def begin(self) -> None:
        """Take a press, as the browser tells it."""
        with self._lock:
            self._number += 1
            number, self._waits = self._number, True
        self._keep_together()
        self._seen()
        late = threading.Timer(ANSWER_SECONDS, self._end, (number,))
        late.daemon = True
        late.start()
        self._question.value = number

    def take(self) -> bool:
        """Return whether a press waits to count; it counts now, by whoever asks."""
        with self._lock:
            waits, self._waits = self._waits, False
        return waits

    def _on_answer(self, change: Any) -> None:
        if change["new"] == FIRST:
            self._question.value = SECOND
        elif change["new"] == SECOND:
            self._keep_together()
        else:
            self._end(change["new"])

    def _keep_together(self) -> None:
        """Let the kernel handle all that the browser sends in one thread, one after the other.

        ipykernel handles what comes of a widget in the thread in whose name it has last sent
        something of it. JupyterLab names another one than that of cells, so from the first message
        on buttons work beside a busy cell, too.
        """
        for part in (*self.parts, self._answer):
            part.send_state("_view_name")  # which the browser knows already

    def _end(self, number: int) -> None:
        if number == self._number and self.take():
            threading.Thread(target=self._then, name="form: press", daemon=True).start()


class PressButton(widgets.Button):  # type: ignore[misc]  # it has no types
    """A button whose presses in a browser are told apart from ``click()`` in Python.

    Attributes:
        on_press: called at a press.
    """

    def __init__(self, on_press: Callable[[], None], **more: Any) -> None:
        self.on_press = on_press
        super().__init__(**more)

    def _handle_button_msg(self, _widget: object, content: dict[str, Any], _more: object) -> None:
        if content.get("event") == "click":
            self.on_press()
