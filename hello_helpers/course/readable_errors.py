"""What a notebook of the course shows instead of a long traceback: what happened, and what to do.

These are put into words: a name that does not exist (most often because a cell above was not run),
a module of an earlier version of the course, a mistake in a call (see mistakes.py), a call that
ArmoniK refused, a call on a closed channel, and the stop button. Any other error out of a library
of the course is told with the learner's own line, and its traceback is folded away. What Python
itself says best, an error in a line of the cell, is shown as ever. (An error of the course says by
itself how it is shown.)

The first cell of a lesson installs this. It is also an extension of IPython, for a kernel in which
no cell has run yet: that only knows of names and modules, and imports no gRPC, which would take a
third of a second.
"""

from __future__ import annotations

import difflib
import html
import linecache
import logging
import re
import traceback as tracebacks
import types
from typing import Any, NamedTuple

from hello_helpers.course.mistakes import is_ours, mistake_of
from hello_helpers.errors import EndedError, HelloError
from hello_helpers.wait.cancellation import WaitInterrupted

RUN_ABOVE = "If a cell above makes it, run that first: menu Run, then Run All Above Selected Cell."
TRACEBACK = "(A cell with %tb shows the whole traceback.)"
logger = logging.getLogger(__name__)

FOLDED = "The whole traceback"

_FOLDER = re.compile(r'(?<=File ")[^"]*/(?=[^"/]*")')

FROM_THE_START = (NameError, ModuleNotFoundError)


class Place(NamedTuple):
    """Where in the notebook an error has come up.

    Attributes:
        line: of the cell; "" if it went through none.
        frames: that the error went through, from that of the cell on.
        offer: hints and solution, if it is the cell of an exercise.
    """

    line: str = ""
    frames: tuple[types.FrameType, ...] = ()
    offer: str = ""

    @property
    def is_cell(self) -> bool:
        """True if the error was raised by the cell itself."""
        return len(self.frames) == 1

    def lines(self) -> list[str]:
        """Return what is told of it."""
        return list(filter(None, (self.line and f"It happened here: {self.line}", self.offer)))


def load_ipython_extension(shell: Any) -> None:
    """Put missing names and modules into words; IPython calls this when it starts."""
    shell.set_custom_exc(FROM_THE_START, show)


def install() -> None:
    """Put errors into words from now on, if this is a notebook."""
    from IPython import get_ipython

    if (shell := get_ipython()) is not None:
        shell.set_custom_exc((Exception, KeyboardInterrupt), show)


def show(
    shell: Any,
    kind: type[BaseException],
    error: BaseException,
    traceback: types.TracebackType | None,
    tb_offset: int | None = None,
) -> list[str]:
    """Show an error; IPython calls this with itself as first argument."""
    try:
        lines = in_words(error, traceback, shell.user_ns)
    except Exception:  # IPython would never ask again
        logger.exception("No words were found for an error")
        lines = []
    if lines:
        # IPython asks an error for its own traceback, if it has one.
        error._render_traceback_ = lambda: lines  # type: ignore[attr-defined]
    shell.showtraceback((kind, error, traceback), tb_offset=tb_offset, running_compiled_code=True)
    if lines:
        del error._render_traceback_  # type: ignore[attr-defined]  # for %tb
        if TRACEBACK in lines:
            _fold_away(kind, error, traceback)
    return lines


def _fold_away(
    kind: type[BaseException], error: BaseException, traceback: types.TracebackType | None
) -> None:
    """Show the traceback to whoever clicks for it; a reader of text is told of %tb."""
    from IPython.display import display

    told = "".join(tracebacks.format_exception(kind, error, traceback))
    text = html.escape(without_folders(told))
    page = f"<details><summary>{FOLDED}</summary><pre>{text}</pre></details>"
    display({"text/html": page, "text/plain": ""}, raw=True)


def without_folders(traceback: str) -> str:
    """Return a traceback that names files without their folders: these belong to this machine."""
    return _FOLDER.sub("", traceback)


def in_words(
    error: BaseException, traceback: types.TracebackType | None, names: dict[str, Any]
) -> list[str]:
    """Return an error as a few lines; none if Python's own way is better.

    Args:
        error: what was raised.
        traceback: from where.
        names: the names of the notebook.
    """
    place = _place_of(traceback, names)
    if type(error) is NameError:
        name = error.name or ""
        told = [f"NameError: there is no {name!r} here.", _hint(name, names), *place.lines()]
        return told if place.is_cell else []
    if isinstance(error, ModuleNotFoundError):
        from hello_helpers.course.working_copy import OutdatedError

        module = error.name or ""
        ours = module.startswith("hello_helpers.")
        return OutdatedError(module)._render_traceback_() if ours else []
    if mistake := mistake_of(error, place.frames):
        return [*filter(None, mistake), *place.lines(), TRACEBACK]
    if isinstance(error, HelloError | WaitInterrupted):
        return [*error._render_traceback_(), *filter(None, [place.offer])]
    return _of_a_call(error, names, place) or _of_a_library(error, place)


def _of_a_library(error: BaseException, place: Place) -> list[str]:
    """Return the error of a library of the course, in its own words, and the learner's own line."""
    if len(place.frames) < 2 or not is_ours(place.frames[1]):
        return []
    return [f"{type(error).__name__}: {error}", *place.lines(), TRACEBACK]


def _of_a_call(error: BaseException, names: dict[str, Any], place: Place) -> list[str]:
    """Return, in words, what became of a call to ArmoniK; gRPC has been imported by now."""
    import grpc

    from hello_helpers.connect.endpoint import Endpoint
    from hello_helpers.connect.grpc_errors import CLOSED_HINT, explain, is_of_closed_channel
    from hello_helpers.connect.origin import mark

    if isinstance(error, grpc.RpcError) and hasattr(error, "code"):
        if isinstance(endpoint := names.get("endpoint"), Endpoint):
            mark(error, endpoint.origin)  # for a channel that the notebook has opened by itself
        channel = names.get("channel")
        reason = explain(error, channel if isinstance(channel, grpc.Channel) else None)
        name = error.code().name
        said = isinstance(reason, EndedError) or name in reason.message
        first = reason.message if said else f"ArmoniK's answer is {name}. {reason.message}"
        return [first, *reason.lines()[1:], *place.lines(), TRACEBACK]
    if isinstance(error, KeyboardInterrupt):
        return ["The cell was interrupted.", *place.lines(), TRACEBACK]
    if isinstance(error, ValueError) and is_of_closed_channel(error):
        return ["The channel is closed.", CLOSED_HINT, *place.lines()]
    return []


def _hint(name: str, names: dict[str, Any]) -> str:
    known = [key for key in names if not key.startswith("_")]
    similar = difflib.get_close_matches(name, known, 1, 0.8)
    return f"Did you mean {similar[0]!r}? {RUN_ABOVE}" if similar else RUN_ABOVE


def _place_of(traceback: types.TracebackType | None, names: dict[str, Any]) -> Place:
    """Return the last line of a cell that a traceback went through, and all after it."""
    line, offer = "", ""
    frames: list[types.FrameType] = []
    while traceback is not None:
        frame = traceback.tb_frame
        if frame.f_globals is names:
            frames = []
            file = frame.f_code.co_filename
            line = linecache.getline(file, traceback.tb_lineno).strip()
            offer = _offer("".join(linecache.getlines(file)), names)
        frames.append(frame)
        traceback = traceback.tb_next
    return Place(line, tuple(frames), offer) if line else Place()


def _offer(cell: str, names: dict[str, Any]) -> str:
    """Return what the exercise of a cell offers: the error came before its check."""
    named = (names.get(name) for name in re.findall(r"exercise_\w+", cell))
    return next((str(offer) for each in named if (offer := getattr(each, "offer", ""))), "")
