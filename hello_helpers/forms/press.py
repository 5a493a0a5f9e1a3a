"""A press on a button counts when all that was typed before it has come here.

A browser sends what was typed, and then the press. But it keeps an edit back while the one before
is not answered yet; of the Enter key it tells first, and then the text; and a kernel may handle the
messages of two widgets in two threads. So after a press the browser is asked for one answer more,
which it sends after all that it had to send before. That takes some milliseconds.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any

import ipywidgets as widgets

ANSWER_SECONDS = 1.0
"""How long to wait for the browser; if it does not answer, the press counts as it is."""


class Press:
    """The presses of a form: `begin` one, and `then` is called when all before it is known.

    Args:
        seen: called at once, in the thread of the message.
        then: called when it counts, in another thread.
    """

    def __init__(self, seen: Callable[[], None], then: Callable[[], None]) -> None:
        self._seen, self._then = seen, then
        self._lock = threading.Lock()
        self._number = 0
        self._waits = False
        # Two models without a view. The browser sets the second to what the first becomes.
        self._question, self.answer = widgets.IntText(), widgets.IntText()
        self._link = widgets.jsdlink((self._question, "value"), (self.answer, "value"))
        self.answer.observe(self._on_answer, "value")

    def begin(self) -> None:
        """Take a press, as the browser tells it."""
        with self._lock:
            self._number += 1
            number, self._waits = self._number, True
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
        self._end(change["new"])

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


def keep_together(parts: Sequence[widgets.Widget]) -> None:
    """Let the kernel handle the messages of these widgets one after the other, in one thread.

    ipykernel handles those of a widget in the thread in which it has last sent something of it; and
    JupyterLab has widgets handled in another one than cells, so a button works beside a busy cell.
    """
    for part in parts:
        part.send_state("_view_name")  # which the browser knows already
