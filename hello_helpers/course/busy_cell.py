"""A cell that takes its time shows a line that moves: what it waits for, and for how long.

The line is there for a person who sits in front of the notebook, and gone when the cell is over.
Notebooks that a program runs, to test them or to store them, never have it.
"""

from __future__ import annotations

import contextvars
import html
import threading
import time
import uuid

from hello_helpers.wait.words import told

FIRST_SECONDS = 1.0
"""How long a cell may take without a line; until then its ``[*]`` is enough."""

TICK_SECONDS = 1.0

RUNS = "This cell is at work"

HOW_TO_END = "\N{BLACK SQUARE} above the notebook ends it."


class BusyCell:
    """The line of one cell, from its begin to its end."""

    def __init__(self) -> None:
        self._over = threading.Event()
        self._shown = ""
        context = contextvars.copy_context()  # what the thread shows belongs to this cell
        self._thread = threading.Thread(
            target=context.run, args=(self._run,), name="busy cell", daemon=True
        )
        self._thread.start()

    def _run(self) -> None:
        began, pause = time.monotonic(), FIRST_SECONDS
        while not self._over.wait(pause):
            self._show(_line(time.monotonic() - began))
            pause = TICK_SECONDS

    def _show(self, bundle: dict[str, str]) -> None:
        from IPython.display import publish_display_data

        key = self._shown or uuid.uuid4().hex
        transient = {"display_id": key}
        publish_display_data(bundle, transient=transient, update=bool(self._shown))
        self._shown = key

    def end(self) -> None:
        """Take the line away."""
        self._over.set()
        self._thread.join()
        if self._shown:
            self._show({})


def _line(seconds: float) -> dict[str, str]:
    text = f"{told() or RUNS}: {seconds:.0f} s. {HOW_TO_END}"
    # A "timer" is nothing that a screen reader speaks each second.
    return {"text/plain": text, "text/html": f'<div role="timer">{html.escape(text)}</div>'}


_now: BusyCell | None = None
_is_installed = False


def install() -> None:
    """From now on, and for the cell that runs, show such a line; in Jupyter only."""
    global _is_installed
    from IPython import get_ipython

    shell = get_ipython()
    if getattr(shell, "kernel", None) is None or _is_installed:
        return
    _is_installed = True
    shell.events.register("pre_run_cell", _begin)
    shell.events.register("post_run_cell", _end)
    _begin()


def somebody_is_here() -> bool:
    """Tell whether a person runs the present cell: one who could be asked something."""
    from IPython import get_ipython

    kernel = getattr(get_ipython(), "kernel", None)
    request = kernel.get_parent() if kernel is not None else {}
    return bool(request.get("content", {}).get("allow_stdin"))


def _begin(_info: object = None) -> None:
    global _now
    _end()
    if somebody_is_here():
        _now = BusyCell()


def _end(_result: object = None) -> None:
    global _now
    if _now is not None:
        _now.end()
        _now = None
