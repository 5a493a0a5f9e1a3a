"""A text input of a form: its label, the text as a value, and a sentence below it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, Generic, TypeAlias, TypeVar

import ipywidgets as widgets

from hello_helpers.errors import HelloError
from hello_helpers.forms import html

T = TypeVar("T")

Input: TypeAlias = "Field[Any] | widgets.Widget"
"""What a form is put together of."""

ENTER_SECONDS = 0.3
"""How long after the Enter key the browser may take to send the text, which it sends second."""

TELL_SECONDS = 0.5
"""How long after a field was left a problem is told, if there is no room for it yet. A press on a
button takes less, and the button must not move away under it."""

LABEL = {"description_width": "max-content"}
"""Style: a label takes the room that it needs, instead of being cut."""


def label_above() -> widgets.Layout:
    """Return a layout with the label above the input, so that all inputs are in one line."""
    return widgets.Layout(width="auto", flex_flow="column", align_items="stretch")


def radio_buttons(label: str, options: list[tuple[str, Any]], **more: Any) -> widgets.RadioButtons:
    """Return radio buttons; an option is what is shown, and its value."""
    layout = widgets.Layout(width="auto")
    return widgets.RadioButtons(
        options=options, description=label, style=LABEL, layout=layout, **more
    )


class Field(Generic[T]):
    """A text input with its label, and room for a sentence below it.

    Args:
        label: never empty; it is all that a screen reader has.
        parse: turns the text into a value, or raises `HelloError`.
        value: the text at the beginning.
        placeholder: an example.
        lines: height; with more than one, pasted line breaks are kept.
        note: what is worth a remark in a text that is good; "" for nothing.

    Attributes:
        input: the widget that is typed into.
        problem: where it is said what is wrong, or worth a remark.
        is_bad: True while the text is bad, as far as was looked.
        box: all of it, as a form shows it.
        on_enter: called, in a thread, after the Enter key was pressed in a field of one line.
    """

    def __init__(
        self,
        label: str,
        parse: Callable[[str], T],
        value: str = "",
        placeholder: str = "",
        lines: int = 1,
        note: Callable[[str], str] = lambda _: "",
    ) -> None:
        self._parse = parse
        self._note = note
        self._told = threading.Event()
        self._reading = threading.RLock()
        """What is said is about the text as it was read: no other thread comes in between."""
        self._telling = threading.Timer(0, lambda: None)
        self.on_enter: Callable[[], None] = lambda: None
        kind, extra = (widgets.Textarea, {"rows": lines}) if lines > 1 else (widgets.Text, {})
        self.input = kind(
            value=value,
            description=label,
            placeholder=placeholder,
            continuous_update=False,  # tell when the field is left, not at each key
            style=LABEL,
            layout=label_above(),
            **extra,
        )
        self.problem = widgets.HTML()
        self._said = ""
        self.is_bad = False
        self.box = widgets.VBox([self.input, self.problem])
        self.input.observe(self._on_change, "value")
        self.input.on_msg(self._on_message)

    def read(self, parse: Callable[[str], T] | None = None) -> T:
        """Return the value; if it is bad, say so below the field, and raise the error."""
        with self._reading:
            self._telling.cancel()
            try:
                value = (parse or self._parse)(self.input.value)
            except HelloError as error:
                self.is_bad = True
                self._say(html.problem(error))
                raise
            self.is_bad = False
            note = self._note(self.input.value)
            self._say(html.progress([note]) if note else "")
            return value

    def _say(self, said: str) -> None:
        self._said = self.problem.value = said

    def forget(self) -> None:
        """Say nothing below the field."""
        with self._reading:
            self._telling.cancel()
            self.is_bad = False
            self._say("")

    def read_again(self) -> None:
        """The field was left: say below it what is wrong now, if anything is.

        Often it is left by a press on the form's button. If something came below the field, or
        went, the button would move away under the pointer, and the click would miss it. So what
        has been mended leaves its room behind, a problem comes a moment later, and a remark comes
        with the run.
        """
        with self._reading:
            self._telling.cancel()
            try:
                self._parse(self.input.value)
            except HelloError as error:
                self.is_bad = True
                self._tell(html.problem(error))
            else:
                self.is_bad = False
                self.problem.value = html.unseen(self._said)

    def _tell(self, problem: str) -> None:
        """Say it where there is room for it, else in a moment, unless something else happens."""
        if self._said:
            self._say(problem)
            return
        self._telling = threading.Timer(TELL_SECONDS, self._tell_now, (problem, self.input.value))
        self._telling.daemon = True
        self._telling.start()

    def _tell_now(self, problem: str, text: str) -> None:
        with self._reading:
            if self.is_bad and self.input.value == text and not self._said:
                self._say(problem)

    def _on_change(self, _change: object) -> None:
        self.read_again()  # an error that came out of here would hit the assignment
        self._told.set()

    def _on_message(self, _widget: object, content: dict[str, Any], _buffers: object) -> None:
        """Hear the Enter key; `Text.on_submit`, which would do, is deprecated."""
        if content.get("event") == "submit":
            self._told.clear()
            threading.Thread(target=self._enter, name="form: Enter", daemon=True).start()

    def _enter(self) -> None:
        self._told.wait(ENTER_SECONDS)  # not set if the text is as it was
        self.on_enter()
