"""A text that a cell shows as it is, instead of in quotes."""

from __future__ import annotations


class Note(str):
    """A text; a cell that ends with it shows it without quotes and with its line breaks."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)
