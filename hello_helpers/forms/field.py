"""The text inputs of a form: their labels, the texts as values, and what is wrong with them."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, Generic, TypeAlias, TypeVar

import ipywidgets as widgets

from hello_helpers.errors import HelloError
from hello_helpers.forms import html

T = TypeVar("T")

Input: TypeAlias = "Field[Any] | widgets.Widget"
"""What a form is put together of."""

LABEL = {"description_width": "max-content"}
"""Style: a label takes the room that it needs, instead of being cut."""

GOOD, BAD = "3px solid transparent", "3px solid var(--jp-error-color1, red)"
"""The left edge of a field, which helps the eye; the words are below the buttons."""


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
    """A text input with its label.

    What there is to say of its text is said below the buttons of the form: a sentence that came or
    went above them would move them away under the pointer, and a press would miss them.

    Args:
        label: never empty; it is all that a screen reader has.
        parse: turns the text into a value, or raises `HelloError`.
        value: the text at the beginning.
        placeholder: an example.
        lines: height; with more than one, pasted line breaks are kept.
        note: what is worth a remark in a text that is good; "" for nothing.

    Attributes:
        input: the widget that is typed into.
        says: what is wrong with the text, or worth a remark, as HTML; "" for nothing.
        on_enter: called after the Enter key was pressed in a field of one line.
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
        self._is_bad = False
        self.says = ""
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
        self.input.layout.border_left = GOOD
        self.input.layout.margin = "2px 2px 2px -1px"  # in line with what has no such edge
        self.input.on_msg(self._on_message)

    @property
    def is_bad(self) -> bool:
        """True while the text is bad, as far as was looked."""
        return self._is_bad

    def read(self, parse: Callable[[str], T] | None = None) -> T:
        """Return the value; if it is bad, keep what to say of it, and raise the error."""
        text = self.input.value
        try:
            value = (parse or self._parse)(text)
        except HelloError as error:
            self._say(html.problem(error, self.input.description.partition(" (")[0]), is_bad=True)
            raise
        note = self._note(text)
        self._say(html.progress([note]) if note else "")
        return value

    def look(self) -> None:
        """Look what is wrong with the text, if anything is; a remark comes with the run."""
        with contextlib.suppress(HelloError):
            self.read()
            self.forget()

    def forget(self) -> None:
        """Say nothing."""
        self._say("")

    def _say(self, says: str, is_bad: bool = False) -> None:
        self.says, self._is_bad = says, is_bad
        self.input.layout.border_left = BAD if is_bad else GOOD

    def _on_message(self, _widget: object, content: dict[str, Any], _buffers: object) -> None:
        """Hear the Enter key; `Text.on_submit`, which would do, is deprecated."""
        if content.get("event") == "submit":
            self.on_enter()


class Fields:
    """The fields of a form: one thread at a time looks at them and says what is wrong.

    Args:
        fields: all of them.
        said: where it is said.
        on_mended: called when nothing is wrong with any of them.
    """

    def __init__(
        self, fields: Iterable[Field[Any]], said: widgets.HTML, on_mended: Callable[[], None]
    ) -> None:
        self._fields = list(fields)
        self._said = said
        self._on_mended = on_mended
        self._lock = threading.RLock()
        for field in self._fields:
            field.input.observe(partial(self._on_edit, field), "value")

    def read(self, prepare: Callable[[], T]) -> T:
        """Return what `prepare` makes of them; meanwhile they may be edited, in another thread."""
        with self._lock:
            for field in self._fields:
                field.forget()
            try:
                return prepare()
            finally:
                self._say()

    def forget(self, fields: Iterable[Field[Any]]) -> None:
        """Say nothing of these: what is wrong with them is of no interest now."""
        with self._lock:
            for field in fields:
                field.forget()
            self._say()

    def _on_edit(self, edited: Field[Any], _change: object) -> None:
        """Look at what was edited, and at what is bad: a problem may be about two fields."""
        with self._lock:
            for field in self._fields:
                if field is edited or field.is_bad:
                    field.look()
            self._say()

    def _say(self) -> None:
        self._said.value = "".join(field.says for field in self._fields)
        if not any(field.is_bad for field in self._fields):
            self._on_mended()
