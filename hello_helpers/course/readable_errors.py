"""What a notebook of the course shows instead of a long traceback: what happened, and what to do.

Only these are put into words: a name that does not exist (most often because a cell above was not
run), a module of an earlier version of the course, a call that ArmoniK refused, a call on a closed
channel, and the stop button. All others are shown as ever. (An error of the course says by itself
how it is shown.)

The first cell of a lesson installs this. It is also an extension of IPython, for a kernel in which
no cell has run yet: that only knows of names and modules, and imports no gRPC, which would take a
third of a second.
"""

from __future__ import annotations

import difflib
import linecache
import types
from typing import Any

from hello_helpers.errors import EndedError
from hello_helpers.wait.cancellation import WaitInterrupted

RUN_ABOVE = "If a cell above makes it, run that first: menu Run, then Run All Above Selected Cell."
TRACEBACK = "(A cell with %tb shows the whole traceback.)"

FROM_THE_START = (NameError, ModuleNotFoundError)


def load_ipython_extension(shell: Any) -> None:
    """Put missing names and modules into words; IPython calls this when it starts."""
    shell.set_custom_exc(FROM_THE_START, show)


def install() -> None:
    """Put errors into words from now on, if this is a notebook."""
    import grpc
    from IPython import get_ipython

    if (shell := get_ipython()) is not None:
        kinds = (*FROM_THE_START, ValueError, grpc.RpcError, KeyboardInterrupt)
        shell.set_custom_exc(kinds, show)


def show(
    shell: Any,
    kind: type[BaseException],
    error: BaseException,
    traceback: types.TracebackType | None,
    tb_offset: int | None = None,
) -> list[str]:
    """Show an error; IPython calls this with itself as first argument."""
    lines = in_words(error, traceback, shell.user_ns)
    if lines:
        # IPython asks an error for its own traceback, if it has one.
        error._render_traceback_ = lambda: lines  # type: ignore[attr-defined]
    shell.showtraceback((kind, error, traceback), tb_offset=tb_offset, running_compiled_code=True)
    if lines:
        del error._render_traceback_  # type: ignore[attr-defined]  # for %tb
    return lines


def in_words(
    error: BaseException, traceback: types.TracebackType | None, names: dict[str, Any]
) -> list[str]:
    """Return an error as a few lines; none if Python's own way is better.

    Args:
        error: what was raised.
        traceback: from where.
        names: the names of the notebook.
    """
    line, innermost = _line_of_cell(traceback, names)
    where = [f"It happened here: {line}"] if line else []
    if type(error) is NameError:
        name = error.name or ""
        told = [f"NameError: there is no {name!r} here.", _hint(name, names), *where]
        return told if innermost else []
    if isinstance(error, ModuleNotFoundError):
        from hello_helpers.course.working_copy import OutdatedError

        module = error.name or ""
        ours = module.startswith("hello_helpers.")
        return OutdatedError(module)._render_traceback_() if ours else []
    return _of_a_call(error, names, where)


def _of_a_call(error: BaseException, names: dict[str, Any], where: list[str]) -> list[str]:
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
        return [first, *reason.lines()[1:], *where, TRACEBACK]
    if isinstance(error, KeyboardInterrupt) and not isinstance(error, WaitInterrupted):
        return ["The cell was interrupted.", *where, TRACEBACK]
    if isinstance(error, ValueError) and is_of_closed_channel(error):
        return ["The channel is closed.", CLOSED_HINT, *where]
    return []


def _hint(name: str, names: dict[str, Any]) -> str:
    known = [key for key in names if not key.startswith("_")]
    similar = difflib.get_close_matches(name, known, 1, 0.8)
    return f"Did you mean {similar[0]!r}? {RUN_ABOVE}" if similar else RUN_ABOVE


def _line_of_cell(traceback: types.TracebackType | None, names: dict[str, Any]) -> tuple[str, bool]:
    """Return the last line of a cell that a traceback went through, and whether it ended there."""
    line, innermost = "", False
    while traceback is not None:
        frame = traceback.tb_frame
        innermost = frame.f_globals is names
        if innermost:
            line = linecache.getline(frame.f_code.co_filename, traceback.tb_lineno).strip()
        traceback = traceback.tb_next
    return line, innermost
