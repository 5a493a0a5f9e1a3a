"""How a form is shown: to a person as a widget, to whoever reads a notebook later as a table."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

import ipywidgets as widgets
from IPython import get_ipython
from IPython.display import DisplayHandle, display

from hello_helpers.course.busy_cell import somebody_is_here
from hello_helpers.display.tables import Table


class Shown(ABC):
    """Base of what has fields and a button.

    Attributes:
        title: of the table.
        deed: what its button says.
        box: the widget.
    """

    title = ""
    deed = ""
    box: widgets.Widget
    _handle: DisplayHandle | None = None

    @abstractmethod
    def _rows(self) -> list[tuple[str, str]]:
        """Return labels and values for the static table: no path, no port of this machine."""

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {self.title}>"

    def _ipython_display_(self) -> None:
        """Where nobody can fill it in, show it so that it can be kept up to date.

        A person gets what IPython asks for otherwise.
        """
        if somebody_is_here() or get_ipython() is None:
            raise NotImplementedError
        self._handle = display(self._repr_mimebundle_(), raw=True, display_id=True)

    def _show_again(self) -> None:
        """Show what has come out, where nobody can fill it in."""
        if self._handle is not None:
            self._handle.update(self._repr_mimebundle_(), raw=True)

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        """Show the widget, and for static viewers a table; both are in one output."""
        remark = f"In JupyterLab this is a form, with a button: {self.deed}."
        return {
            **self.box._repr_mimebundle_(),
            "text/plain": repr(self),
            "text/html": Table(self.title, ("field", "value"), self._rows(), remark)._repr_html_(),
        }
