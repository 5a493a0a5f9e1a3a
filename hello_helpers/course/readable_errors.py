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

import html
import logging
import re
import traceback as tracebacks
import types
from typing import Any

from hello_helpers import labels
from hello_helpers.course.missing_names import closed_hint, hint_of
from hello_helpers.course.mistakes import Call, call_in, mistake_of
from hello_helpers.course.place import Place, place_of
from hello_helpers.errors import EndedError, HelloError, MessageError, RefusedError
from hello_helpers.wait.cancellation import WaitInterrupted

TRACEBACK = "(A cell with %tb shows the whole traceback.)"
NOT_ENDED = (
    "The time to listen is over (DEADLINE_EXCEEDED): no handler has returned True until then.",
    "Does one ever do so? And do the tasks end? tasks.get_task(id).status tells.",
)
OF_PAYLOAD = "These are the bytes of a payload: take the id of the output instead."
logger = logging.getLogger(__name__)

FOLDED = "The whole traceback"

_FOLDER = re.compile(r"""(?<=File ")[^"]*[/\\](?=[^"/\\]*")|(?<=')/[^'\n]*/(?=[^'/\n]+')""")

FROM_THE_START = (NameError, ModuleNotFoundError)


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
        logger.debug("No words were found for an error", exc_info=True)
        lines = []
    if labels.here and issubclass(kind, Exception):
        from hello_helpers.course.record import record

        record(labels.here, error=kind.__name__)
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
    place = place_of(traceback, names)
    if type(error) is NameError:
        name = error.name or ""
        hint = hint_of(name, names, labels.here)
        told = [f"NameError: there is no {name!r} here.", hint, *place.lines()]
        return told if place.is_cell else []
    if isinstance(error, ModuleNotFoundError):
        from hello_helpers.course.working_copy import OutdatedError

        module = error.name or ""
        ours = module.startswith("hello_helpers.")
        return OutdatedError(module)._render_traceback_() if ours else []
    if mistake := mistake_of(error, place.frames, place.text):
        return [*filter(None, mistake), *place.lines(), TRACEBACK]
    if isinstance(error, HelloError | WaitInterrupted):
        more = [*_what_there_is(error, names, place), *filter(None, [place.offer])]
        told = error._render_traceback_()
        if isinstance(error, RefusedError) and isinstance(error.__cause__, ValueError):
            told[1:] = [closed_hint(error.hint, labels.here)]  # the channel of the call was closed
        if isinstance(error, MessageError) and "'subtask_threshold'" in error.message:
            more.insert(0, OF_PAYLOAD)
        return [*told, *more]
    return _of_a_call(error, names, place) or _of_a_library(error, place)


def _of_a_library(error: BaseException, place: Place) -> list[str]:
    """Return the error of a library of the course, in its own words, and the learner's own line.

    So, too, that of any other library, and of a function of the notebook that a library has called.
    """
    if not place.caller and len(place.frames) < 2:
        return []
    return [f"{type(error).__name__}: {error}", *place.lines(), TRACEBACK]


def _what_there_is(error: BaseException, names: dict[str, Any], place: Place) -> list[str]:
    """Return what there is instead of an id that ArmoniK does not know."""
    call: Call | None = call_in(place.frames)
    if call is None or not re.search("NOT_FOUND|not found|knows no such", str(error)):
        return []
    from hello_helpers.course.unknown_ids import instead

    return instead(str(error), call, names)


def _of_a_call(error: BaseException, names: dict[str, Any], place: Place) -> list[str]:
    """Return, in words, what became of a call to ArmoniK; gRPC has been imported by now."""
    import grpc

    from hello_helpers.connect.endpoint import Endpoint
    from hello_helpers.connect.grpc_errors import CLOSED, CLOSED_HINT, explain, is_of_closed_channel
    from hello_helpers.connect.origin import mark

    if isinstance(error, grpc.RpcError) and hasattr(error, "code"):
        if isinstance(endpoint := names.get("endpoint"), Endpoint):
            mark(error, endpoint.origin)  # for a channel that the notebook has opened by itself
        channel = names.get("channel")
        reason = explain(error, channel if isinstance(channel, grpc.Channel) else None)
        call = call_in(place.frames)
        if call and call.name == "get_events" and error.code() == grpc.StatusCode.DEADLINE_EXCEEDED:
            return [*NOT_ENDED, *place.lines(), TRACEBACK]
        name = error.code().name
        said = isinstance(reason, EndedError) or name in reason.message
        first = reason.message if said else f"ArmoniK's answer is {name}. {reason.message}"
        more = _what_there_is(error, names, place)
        return [first, *reason.lines()[1:], *more, *place.lines(), TRACEBACK]
    if isinstance(error, KeyboardInterrupt):
        return ["The cell was interrupted.", *place.lines(), TRACEBACK]
    if isinstance(error, ValueError) and is_of_closed_channel(error):
        return [CLOSED, closed_hint(CLOSED_HINT, labels.here), *place.lines()]
    return []
