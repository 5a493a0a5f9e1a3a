"""The buttons of a form: one does the deed, and says so while it runs; one cancels it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import ipywidgets as widgets

from hello_helpers.forms.press import PressButton

CANCELLING = "Cancelling"

TICK_SECONDS = 1.0
"""How often the button tells for how long the deed has been running."""

SECONDS = ": {:.0f} s"
"""What is behind the words of a deed that runs."""


class Buttons:
    """Two buttons, which stay where they are whatever is said on them and beside them.

    Args:
        deed: what the first one says: "Send the numbers".
        doing: what it says while that runs: "Sending the numbers".
        on_press: called at a press on the first one in a browser.

    Attributes:
        run, cancel: the buttons.
        beside: what there is to say of the fields.
        box: all three.
    """

    def __init__(self, deed: str, doing: str, on_press: Callable[[], None]) -> None:
        self._deed, self._doing = deed, doing
        self._lock = threading.Lock()
        longest = max(len(deed), *(len(text + SECONDS.format(999)) for text in (doing, CANCELLING)))
        self.run = PressButton(
            on_press, description=deed, layout=_fixed(f"calc({longest}ch + 1em)")
        )
        self.cancel = widgets.Button(description="Cancel", layout=_fixed("auto"))
        self.beside = widgets.HTML(layout=widgets.Layout(flex="1 1 20em", margin="2px 2px 2px 1em"))
        self.box = widgets.HBox(
            [self.run, self.cancel, self.beside],
            layout=widgets.Layout(
                flex_flow="row wrap", align_items="flex-start", min_height="4em", margin="6px 0 0"
            ),
        )
        self.show_idle()

    def show_idle(self) -> None:
        """Show that nothing runs."""
        self.run.description, self.run.button_style = self._deed, "primary"

    def show_busy(self, seconds: float = 0.0, is_cancelled: bool = False) -> None:
        """Show that it runs, and for how long."""
        doing = CANCELLING if is_cancelled else self._doing
        self.run.description, self.run.button_style = doing + SECONDS.format(seconds), ""

    def show_until(self, finished: threading.Event, is_cancelled: Callable[[], bool]) -> None:
        """Show that it runs, in a thread, until `end`."""
        self.show_busy()
        threading.Thread(
            target=self._tick, args=(finished, is_cancelled), name="form: seconds", daemon=True
        ).start()

    def _tick(self, finished: threading.Event, is_cancelled: Callable[[], bool]) -> None:
        began = time.monotonic()
        while not finished.wait(TICK_SECONDS):
            with self._lock:
                if not finished.is_set():
                    self.show_busy(time.monotonic() - began, is_cancelled())

    def end(self, finished: threading.Event) -> None:
        """Show that nothing runs any more, and then set the event."""
        with self._lock:
            self.show_idle()
            finished.set()


def _fixed(width: str) -> widgets.Layout:
    return widgets.Layout(width=width, flex="0 0 auto", max_width="100%")
