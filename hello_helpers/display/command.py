"""A command to copy into a terminal.

It holds paths of this machine, so it is shown by a widget, which is not stored with a notebook. In
its place a static copy has the command as one would write it on any machine.
"""

from __future__ import annotations

import html
import shlex
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ipywidgets as widgets

from hello_helpers.connect.endpoint import Endpoint

STYLE = (
    "white-space: pre-wrap; overflow-wrap: anywhere; padding: 0.6em; line-height: 1.4; "
    "width: 0; min-width: 100%; box-sizing: border-box; "  # as wide as the output, not as the text
    "background: var(--jp-cell-editor-background, transparent); "
    "border: 1px solid var(--jp-cell-editor-border-color, currentColor)"
)


@dataclass(frozen=True)
class Command:
    """A Python program of this folder, as it is started in a terminal; a cell can end with it.

    Attributes:
        program: its file, in the folder of the notebook.
        endpoint: what comes after ``-e``.
        arguments: all the others.
    """

    program: str
    endpoint: Endpoint
    arguments: tuple[str, ...]

    @property
    def here(self) -> str:
        """The command as it runs on this machine, from any folder."""
        command = [sys.executable, self.program, "-e", self.endpoint.url, *self.arguments]
        return f"cd {shlex.quote(str(Path.cwd()))}\n{shlex.join(command)}"

    @property
    def anywhere(self) -> str:
        """The command without what belongs to this machine."""
        return f"python {self.program} -e ENDPOINT {shlex.join(self.arguments)}".rstrip()

    def __repr__(self) -> str:
        return self.anywhere

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        return {
            **widgets.HTML(_pre(self.here))._repr_mimebundle_(),
            "text/plain": repr(self),
            "text/html": _pre(self.anywhere),
        }


def terminal_command(program: str, endpoint: Endpoint, *arguments: str) -> Command:
    """Show how to start a program of this folder in a terminal: ``-e`` and the arguments."""
    return Command(program, endpoint, arguments)


def _pre(text: str) -> str:
    return f'<pre tabindex="0" style="{STYLE}">{html.escape(text)}</pre>'
