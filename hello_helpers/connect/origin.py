"""Which embedded ArmoniK has answered at an endpoint, and whether that one still runs.

The shared embedded ArmoniK always listens at the same place. But after ``hello-armonik stop`` it is
another process that listens there, which knows nothing of the sessions before. Each start has an id
of its own, its *instance*, and tells it with each answer. All channels of an endpoint keep what
they have heard in its origin, and mark each call with it: a call that fails can then be told in the
right words, wherever its error is caught.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from hello_helpers.errors import EndedError

if TYPE_CHECKING:
    import grpc

INSTANCE = "hello-armonik-instance"
"""Key in the trailing metadata of each answer of an embedded ArmoniK, and of no other one."""

SILENCE = ("UNAVAILABLE", "CANCELLED", "DEADLINE_EXCEEDED")
"""Codes with which a call may fail because its ArmoniK has ended.

By name: to read an address, as the command line does first, takes no gRPC.
"""

_ATTRIBUTE = "hello_origin"


class Origin:
    """The ArmoniK at an endpoint, as far as it is known.

    Attributes:
        instances: of the embedded ones that have answered, in the order in which they were first
            heard of; none for any other ArmoniK.
    """

    def __init__(
        self, runs: Callable[[], bool] | None = None, farewell: tuple[str, str] | None = None
    ) -> None:
        """Begin to know it.

        Args:
            runs: tells whether it runs; None if nobody here can know.
            farewell: message and hint to tell when it has ended; None for those of the shared one.
        """
        self.instances: list[str] = []
        self._runs = runs
        self._farewell = farewell

    @property
    def instance(self) -> str | None:
        """The embedded ArmoniK that answers now; None if it is another ArmoniK, or has not yet."""
        return self.instances[-1] if self.instances else None

    def hear(self, call: grpc.Call | grpc.RpcError) -> None:
        """Keep the instance that the answer to a call tells; the call must be over."""
        told = getattr(call, "trailing_metadata", None)  # a bare RpcError has none
        for key, value in (told and told()) or ():
            if key == INSTANCE and value not in self.instances:
                self.instances.append(value)

    def ended(self, code: grpc.StatusCode) -> EndedError | None:
        """Return an error in words if this is why a call has failed with `code`."""
        if code.name in SILENCE and self._runs is not None and not self._runs():
            return EndedError(*(self._farewell or _farewell(replaced=False)))
        if code.name == "NOT_FOUND" and len(self.instances) > 1:
            return EndedError(*_farewell(replaced=True))
        return None


def mark(call: Any, origin: Origin) -> None:
    """Write the origin onto a call or its error, unless it has one.

    In gRPC's Python a stream or a future that fails is the error that is raised, too.
    """
    if not hasattr(call, _ATTRIBUTE):
        with contextlib.suppress(AttributeError):
            setattr(call, _ATTRIBUTE, origin)


def end_of(error: grpc.RpcError) -> EndedError | None:
    """Return an error in words if a call failed because its embedded ArmoniK has ended."""
    origin: Origin | None = getattr(error, _ATTRIBUTE, None)
    if origin is None:
        return None
    origin.hear(error)
    return origin.ended(error.code())


def _farewell(replaced: bool) -> tuple[str, str]:
    """Return what to tell when the shared one has ended: to a notebook, or to a program."""
    end = "has been stopped"
    if replaced:
        end += "; another runs now, without the old sessions and results"
    start = "" if replaced else " This starts a new one, without the old sessions and results."
    if _in_notebook():
        return (
            f"The embedded ArmoniK that this notebook used {end}: run the first cell again.",
            f"Then run the cells after it.{start}",
        )
    return (
        f"The embedded ArmoniK that this program used {end}.",
        f"Run the program again.{start}",
    )


def _in_notebook() -> bool:
    """Tell whether a notebook runs this; IPython is not imported for the question."""
    return "IPython" in sys.modules and sys.modules["IPython"].get_ipython() is not None
