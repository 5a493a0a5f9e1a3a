"""What the lessons ask of a private embedded ArmoniK: its start, endpoint, and worker's log."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from weakref import WeakValueDictionary

from hello_helpers.display.notes import Note
from hello_helpers.embedded import EmbeddedArmonik
from hello_helpers.endpoint import Endpoint
from hello_helpers.errors import EndedError

SHOWN_LINES = 12

_FOLDER = re.compile(r'(?<=File ")[^"]*/(?=[^"/]*")')
"""In a traceback, the folder of a file: it belongs to this machine."""

_ERROR = re.compile(r"[A-Za-z_][\w.]*(:|$)")
"""The last line of a traceback: an exception's name, and perhaps what it says."""

_started: WeakValueDictionary[str, EmbeddedArmonik] = WeakValueDictionary()


@dataclass(frozen=True)
class PrivateOrigin:
    """A private embedded ArmoniK, as the origin of an endpoint; see `hello_helpers.origin`."""

    process: subprocess.Popen[str]

    def ended(self) -> EndedError | None:
        """Return an error if its process has ended."""
        if self.process.poll() is None:
            return None
        return EndedError(
            "The private ArmoniK that this was sent to has ended.",
            "Run the cell that starts it again, and the cells after it.",
        )


def start_private(
    name: str, partitions: Mapping[str, Sequence[str] | str], **options: Any
) -> EmbeddedArmonik:
    """Start a private embedded ArmoniK; the former one with this name is closed first.

    So a cell can be run again and again, and only one of them runs at a time.

    Args:
        name: any text.
        partitions: a worker command for each partition.
        options: as `EmbeddedArmonik` takes them.
    """
    if (former := _started.pop(name, None)) is not None:
        former.close()
    armonik = _started[name] = EmbeddedArmonik(partitions, **options)
    return armonik


def endpoint_of(armonik: EmbeddedArmonik) -> Endpoint:
    """Return its endpoint, to open a channel to it."""
    origin = PrivateOrigin(armonik.process)
    return replace(Endpoint.parse(armonik.endpoint), embedded=True, origin=origin)


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


def last_error(armonik: EmbeddedArmonik) -> str:
    """Return the end of the last traceback in its worker's log; "" if there is none.

    It begins with the innermost place, and names files without their folders.
    """
    lines = [line.removeprefix("  ") for line in worker_log(armonik, 1000).splitlines()]
    starts = [number for number, line in enumerate(lines) if line.startswith('  File "')]
    if not starts:
        return ""
    first = starts[-1]
    for number, line in enumerate(lines[first:], first):
        if _ERROR.match(line):
            return "\n".join(lines[first : number + 1])
    return ""


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
