"""What the lessons ask of a private embedded ArmoniK: its endpoint, and the log of its workers."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from hello_helpers.display.notes import Note
from hello_helpers.endpoint import Endpoint

if TYPE_CHECKING:
    from hello_helpers.embedded import EmbeddedArmonik

SHOWN_LINES = 12

_FOLDER = re.compile(r'(?<=File ")[^"]*/(?=[^"/]*")')
"""In a traceback, the folder of a file: it belongs to this machine."""


def endpoint_of(armonik: EmbeddedArmonik) -> Endpoint:
    """Return its endpoint, to open a channel to it."""
    return replace(Endpoint.parse(armonik.endpoint), embedded=True)


def worker_log(armonik: EmbeddedArmonik, lines: int = SHOWN_LINES) -> Note:
    """Return what its workers have written, the last lines of each.

    The files are beside its socket, one folder a pod, and go with it. (Other programs find them
    there, too: ``pods/NAME/worker.log``.)
    """
    folder = Path(Endpoint.parse(armonik.endpoint).target).parent / "pods"
    parts = []
    for file in sorted(folder.glob("*/worker.log")):
        told = list(_readable(file.read_text("utf-8", "replace")))
        parts.append("\n".join([f"Worker of pod {file.parent.name}:", *told[-lines:]]))
    return Note("\n".join(parts) or "There is no worker's log: this ArmoniK has ended.")


def _readable(text: str) -> Iterator[str]:
    """Yield the lines; those of ArmoniK's logger are JSON objects, and are told in short."""
    for line in text.splitlines():
        try:
            entry = json.loads(line)
        except ValueError:
            entry = None
        if isinstance(entry, dict) and "@mt" in entry:
            line = f"[{entry.get('@l', 'Information')}] {entry['@mt']}".rstrip()
        for part in line.splitlines():
            yield "  " + _FOLDER.sub("", part)
