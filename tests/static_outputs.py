"""Outputs as whoever reads a stored notebook sees them: on a code host, in an editor, as a page.

None of them runs JupyterLab, and most keep only some HTML of what they are shown: no SVG, and no
data as the source of an image. So each picture becomes an output of its own, above its words.
"""

import base64
import html
import re
from collections.abc import Iterator

from nbformat import NotebookNode, v4

SVG = re.compile(r"<svg\b.*?</svg>", re.DOTALL)
PNG = re.compile(r'<img src="data:image/png;base64,([^"]*)" alt="([^"]*)"[^>]*>')

INK, PAPER = "#1f2328", "#ffffff"
"""An image knows nothing of the theme of the page that shows it."""

EMPTY = re.compile(r'<div tabindex="0" role="group"[^>]*>\s*</div>')
"""What a picture has left behind."""


def static(output: NotebookNode) -> list[NotebookNode]:
    """Return the output as one or several that need nothing but a viewer of notebooks."""
    shown = output.get("data", {}).get("text/html", "")
    pictures = [*_drawings(shown), *_images(shown)]
    if pictures:
        output.data["text/html"] = EMPTY.sub("", PNG.sub("", SVG.sub("", shown)))
    return [*pictures, output]


def _drawings(shown: str) -> Iterator[NotebookNode]:
    for drawing in SVG.findall(shown):
        width, height = re.findall(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', drawing)[0]
        size = f'width="{width}" height="{height}" color="{INK}" style="background: {PAPER}"'
        start = re.sub(r' (width|height|style)="[^"]*"', "", drawing[: drawing.index(">")])
        title = re.findall(r"<title>(.*?)</title>", drawing)[0]  # those of its parts come later
        image = f"{start} {size}{drawing[drawing.index('>') :]}"
        yield _picture("image/svg+xml", image, html.unescape(title))


def _images(shown: str) -> Iterator[NotebookNode]:
    for data, alternative in PNG.findall(shown):
        base64.b64decode(data, validate=True)
        yield _picture("image/png", data, html.unescape(alternative))


def _picture(kind: str, data: str, title: str) -> NotebookNode:
    shown = {kind: data, "text/plain": f"Picture: {title}"}
    return v4.new_output("display_data", shown, metadata={kind: {"alt": title}})
