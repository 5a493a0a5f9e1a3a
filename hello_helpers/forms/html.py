"""The little HTML that the forms show. All text is escaped here, and nowhere else.

ipywidgets has no live regions, with which a screen reader tells what changes. But its HTML widget
puts in what it is given, and browsers announce an element with role "alert" when it appears, and
mostly one with role "status" too.
"""

from __future__ import annotations

import html
from collections.abc import Iterable

from hello_helpers.errors import HelloError

LONGEST_CODE = 20_000
"""Characters of code that are shown; a browser gets slow with a list of 100,000 numbers."""


CODE_STYLE = (
    "white-space: pre; overflow: auto; max-height: 50em; padding: 0.6em; line-height: 1.4; "
    "width: 0; min-width: 100%; box-sizing: border-box; "  # as wide as the form, not as the code
    "background: var(--jp-cell-editor-background, transparent); "
    "border: 1px solid var(--jp-cell-editor-border-color, currentColor)"
)
"""JupyterLab's own colours of code, in its light and dark themes."""

COPY = (
    '<button type="button" class="jupyter-button" style="width: auto; margin: 4px 0" onclick="'
    "getSelection().selectAllChildren(this.parentNode.querySelector('pre'));"
    "this.nextElementSibling.textContent = document.execCommand('copy')"
    " ? 'Copied.' : 'It is selected: press Ctrl+C.'"
    '">Copy</button> <span role="status"></span>'
)
"""It selects the code, so that whoever is refused the clipboard can copy it by hand.

`execCommand` is old, but `navigator.clipboard` is refused on a page without TLS, as in a class.
"""

TEXT_STYLE = "line-height: 1.6"
"""Lines of a paragraph; ipywidgets would put them as far apart as fields."""


def progress(lines: Iterable[str]) -> str:
    """Return lines of text as a polite live region."""
    text = "<br>".join(map(html.escape, lines))
    return f'<div role="status" aria-live="polite" style="{TEXT_STYLE}">{text}</div>'


def problem(error: HelloError, label: str = "") -> str:
    """Return an error as a live region that is read out at once; `label` is that of a field."""
    where = (
        f" with \N{LEFT DOUBLE QUOTATION MARK}{label}\N{RIGHT DOUBLE QUOTATION MARK}"
        if label
        else ""
    )
    text = "<br>".join(map(html.escape, error.lines()))
    return (
        f'<div role="alert" style="{TEXT_STYLE}"><b>Problem{html.escape(where)}:</b> {text}</div>'
    )


def code(text: str) -> str:
    """Return Python code, with a button that copies it, if all of it is shown."""
    copy = COPY if len(text) <= LONGEST_CODE else ""
    return (
        f"<details open><summary>The Python that this ran, to copy into a cell</summary>{copy}"
        f"{_pre(text)}</details>"
    )


def stored_code(text: str) -> str:
    """Return Python code to be read where nothing runs, in a notebook that is stored."""
    return folded("The Python that this ran", _pre(text))


def _pre(text: str) -> str:
    if len(text) > LONGEST_CODE:
        text = text[:LONGEST_CODE] + "\n... (cut here; the form's attribute `code` holds all of it)"
    return f'<pre tabindex="0" style="{CODE_STYLE}">{html.escape(text)}</pre>'


def folded(summary: str, shown: str) -> str:
    """Return what is shown when its summary is clicked; `shown` is HTML already."""
    return f"<details><summary>{html.escape(summary)}</summary>{shown}</details>"
