"""What the lessons ask of a private embedded ArmoniK: its start, endpoint, and worker's log."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias, TypeGuard
from weakref import WeakValueDictionary

from armonik.client import ArmoniKHealthChecks

from hello_helpers.connect.deadline import with_deadline
from hello_helpers.connect.endpoint import Endpoint
from hello_helpers.connect.grpc_errors import explained
from hello_helpers.connect.origin import Origin
from hello_helpers.course.readable_errors import without_folders
from hello_helpers.course.worker_mistakes import remedy_of
from hello_helpers.display.notes import Note
from hello_helpers.errors import HelloError

if TYPE_CHECKING:
    from hello_helpers.embedded import EmbeddedArmonik

PrivateArmonik: TypeAlias = "EmbeddedArmonik"
"""What `start_private` returns. The class itself is imported on first use: it needs Linux."""

SHOWN_LINES = 12

START_SECONDS = 3.0
"""How long a new ArmoniK is watched, until its workers have started or ended; Python takes one."""

READ_BYTES = 1_000_000
"""How much of a worker's log is read, from its end."""

LOOK_EVERY = 0.05

PRIVATE_ENDED = (
    "The private ArmoniK that this was sent to has ended.",
    "Run the cell that starts it again, and the cells after it.",
)

STARTED = "Worker Started"
"""What ArmoniK's Python library writes into a worker's log when its `run` is called."""

_ERROR = re.compile(r"^[A-Za-z_][\w.]*(:.*)?$", re.MULTILINE)
"""The last line of a traceback: an exception's name, and perhaps what it says."""

_started: WeakValueDictionary[str, PrivateArmonik] = WeakValueDictionary()


class WorkerStartError(HelloError):
    """A worker ends as soon as it is started."""


def start_private(
    name: str, partitions: Mapping[str, Sequence[str] | str], **options: Any
) -> PrivateArmonik:
    """Start a private embedded ArmoniK; the former one with this name is closed first.

    So a cell can be run again and again, and only one of them runs at a time.

    Args:
        name: any text.
        partitions: a worker command for each partition.
        options: as `EmbeddedArmonik` takes them.

    Raises:
        WorkerStartError: a worker ends as soon as it is started. This ArmoniK is closed again.
        StartError: it does not start itself.
    """
    from hello_helpers.embedded import EmbeddedArmonik

    if (former := _started.pop(name, None)) is not None:
        former.close()
    armonik = EmbeddedArmonik(partitions, **options)
    try:
        _wait_for_workers(armonik)
    except BaseException:  # Ctrl-C too: nobody has it yet who could close it
        armonik.close()
        raise
    _started[name] = armonik
    return armonik


def _wait_for_workers(armonik: PrivateArmonik) -> None:
    """Return when each worker has said that it has started, or after some seconds.

    Only workers of ArmoniK's Python library say so; others are watched to the end. On a port none
    are: the logs are found beside a socket.

    Raises:
        WorkerStartError: if one has ended.
    """
    if endpoint_of(armonik).scheme != "unix":
        return
    deadline = time.monotonic() + START_SECONDS
    with endpoint_of(armonik).open_channel() as channel:
        checks = ArmoniKHealthChecks(with_deadline(channel, START_SECONDS))
        while time.monotonic() < deadline:
            with explained(channel):
                reports = [report["message"] for report in checks.check_health().values()]
            if ended := next(filter(None, reports), ""):
                raise _start_error(armonik, ended)
            logs = [_text(file) for file in _log_files(armonik)]
            if logs and all(STARTED in log for log in logs):
                return
            time.sleep(LOOK_EVERY)


def _start_error(armonik: PrivateArmonik, complaint: str) -> WorkerStartError:
    """Tell why, with the last line of the worker's log, and the place in its program."""
    partition = complaint.partition(":")[0]
    lines = [line.strip() for line in worker_log(armonik).splitlines()[1:]]
    last = lines[-1] if lines else "it has said nothing. Does its program call run()?"
    place = next((line for line in last_error(armonik).splitlines() if "<frozen" not in line), "")
    where = f" It happened here: {place.strip()}." if place.lstrip().startswith("File ") else ""
    return WorkerStartError(
        f"The worker of the partition {partition!r} ended as soon as it was started: {last}",
        f"{remedy_of(last) or 'Mend its program.'} Then start it again.{where}",
    )


def is_private_armonik(thing: object) -> TypeGuard[PrivateArmonik]:
    """Tell whether this is what `start_private` returns."""
    from hello_helpers.embedded import EmbeddedArmonik

    return isinstance(thing, EmbeddedArmonik)


def endpoint_of(armonik: PrivateArmonik) -> Endpoint:
    """Return its endpoint, to open a channel to it."""
    process = armonik.process  # and not all of it: it ends when nobody holds it any more
    origin = Origin(lambda: process.poll() is None, PRIVATE_ENDED)
    return replace(Endpoint.parse(armonik.endpoint), embedded=True, origin=origin)


def worker_log(armonik: PrivateArmonik, lines: int = SHOWN_LINES) -> Note:
    """Return what its workers have written, the last lines of each.

    The files are beside its socket, one folder a pod, and go with it. (Other programs find them
    there, too: ``pods/NAME/worker.log``.)
    """
    parts = []
    for file in _log_files(armonik):
        told = list(_readable(_text(file)))
        parts.append("\n".join([f"Worker of pod {file.parent.name}:", *told[-lines:]]))
    return Note("\n".join(parts) or "There is no worker's log: this ArmoniK has ended.")


def last_error(armonik: PrivateArmonik) -> str:
    """Return the end of the last traceback in its worker's log; "" if there is none.

    It begins with the innermost place, and names files without their folders.
    """
    lines = [line.removeprefix("  ") for line in worker_log(armonik, 1000).splitlines()]
    _, place, rest = "\n".join(lines).rpartition('\n  File "')
    end = _ERROR.search(rest)
    return f"{place}{rest[: end.end()]}".removeprefix("\n") if place and end else ""


def _log_files(armonik: PrivateArmonik) -> list[Path]:
    folder = Path(Endpoint.parse(armonik.endpoint).target).parent / "pods"
    return sorted(folder.glob("*/worker.log"))


def _text(file: Path) -> str:
    """Return the end of a log. The beginning of a very long one is dropped, and reads as zeros."""
    with file.open("rb") as log:
        log.seek(max(0, file.stat().st_size - READ_BYTES))
        return log.read().lstrip(b"\0").decode("utf-8", "replace")


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
            yield "  " + without_folders(part)
