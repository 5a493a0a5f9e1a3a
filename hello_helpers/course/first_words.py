"""An extension of IPython, for a kernel in which no cell of a lesson has run yet.

It puts one error into words: a name that does not exist, since the first cell has not run. That
cell installs `course.readable_errors` in its place. To import that takes a third of a second, so
this module does it only when there is something to explain.
"""

from __future__ import annotations

import types
from typing import Any


def load_ipython_extension(shell: Any) -> None:
    """Listen; IPython calls this when it starts."""
    shell.set_custom_exc((NameError,), _show)


def _show(
    shell: Any,
    kind: type[BaseException],
    error: BaseException,
    traceback: types.TracebackType | None,
    tb_offset: int | None = None,
) -> list[str]:
    from hello_helpers.course.readable_errors import show

    return show(shell, kind, error, traceback, tb_offset)
