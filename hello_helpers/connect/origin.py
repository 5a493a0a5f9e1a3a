"""Which embedded ArmoniK an endpoint was found at, and whether that one still runs.

The shared embedded ArmoniK always listens at the same place. But after ``hello-armonik stop`` it is
another process that listens there, which knows nothing of the sessions before. So an endpoint
remembers its origin, and a channel writes it onto each call: a call that fails can then be told in
the right words, wherever its error is caught.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import grpc

from hello_helpers.errors import EndedError

SIGNS = (
    grpc.StatusCode.UNAVAILABLE,
    grpc.StatusCode.CANCELLED,
    grpc.StatusCode.DEADLINE_EXCEEDED,
    grpc.StatusCode.NOT_FOUND,
)
"""Codes with which a call may fail because its ArmoniK has ended; the last: another one runs."""

_ATTRIBUTE = "hello_origin"


class Origin(Protocol):
    """An embedded ArmoniK, as it ran when its endpoint was found."""

    def ended(self) -> EndedError | None:
        """Return an error that says so if it does not run any more."""


@dataclass(frozen=True)
class SharedOrigin:
    """The shared embedded ArmoniK: a process, told apart from those before and after it.

    Attributes:
        pid: of its process; 0 if it had ended before it could be looked at.
        started: when that was started, in seconds since 1970.
    """

    pid: int = 0
    started: float = 0.0

    @classmethod
    def now(cls) -> SharedOrigin:
        """Return the one that runs now."""
        from hello_helpers.embedded import StartError, find_shared

        with contextlib.suppress(StartError):
            found = find_shared()
            if found is not None and not found.ending:
                return cls(found.pid, found.started)
        return cls()

    def ended(self) -> EndedError | None:
        """Return an error if it has ended, also if another one runs in its place."""
        if self.pid and SharedOrigin.now() == self:
            return None
        if _in_notebook():
            return EndedError(
                "The embedded ArmoniK that this notebook used has been stopped: "
                "run the first cell again.",
                "It starts a new one, without the old sessions and results. "
                "Then run the cells after it.",
            )
        return EndedError(
            "The embedded ArmoniK that this program used has been stopped.",
            "Run the program again: it starts a new one, without the old sessions and results.",
        )


def remembering(channel: grpc.Channel, origin: Origin | None) -> grpc.Channel:
    """Return the same channel, whose failing calls remember where they went."""
    return grpc.intercept_channel(channel, _Marker(origin)) if origin is not None else channel


def mark(call: Any, origin: Origin | None) -> None:
    """Write the origin onto a call or its error, unless it has one."""
    if origin is not None and not hasattr(call, _ATTRIBUTE):
        with contextlib.suppress(AttributeError):
            setattr(call, _ATTRIBUTE, origin)


def end_of(error: grpc.RpcError) -> EndedError | None:
    """Return an error in words if a call failed because its embedded ArmoniK has ended."""
    origin: Origin | None = getattr(error, _ATTRIBUTE, None)
    return origin.ended() if origin is not None and error.code() in SIGNS else None


def _in_notebook() -> bool:
    """Tell whether a notebook runs this; IPython is not imported for the question."""
    return "IPython" in sys.modules and sys.modules["IPython"].get_ipython() is not None


class _Marker(
    grpc.UnaryUnaryClientInterceptor,
    grpc.UnaryStreamClientInterceptor,
    grpc.StreamUnaryClientInterceptor,
):
    """Marks each call. In gRPC's Python a call that fails is the error that is raised, too."""

    def __init__(self, origin: Origin) -> None:
        self._origin = origin

    def intercept_unary_unary(
        self, continuation: Callable[..., Any], details: Any, request: Any
    ) -> Any:
        return self._marked(continuation(details, request))

    def intercept_unary_stream(
        self, continuation: Callable[..., Any], details: Any, request: Any
    ) -> Any:
        return self._marked(continuation(details, request))

    def intercept_stream_unary(
        self, continuation: Callable[..., Any], details: Any, requests: Any
    ) -> Any:
        return self._marked(continuation(details, requests))

    def _marked(self, call: Any) -> Any:
        mark(call, self._origin)
        return call
