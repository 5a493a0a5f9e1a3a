"""How a call that goes on is followed to its end.

gRPC cancels a call when nobody holds its object any more, and programs rely on that: the loop of
`ArmoniKEvents.get_events` simply ends. So whoever follows a call must not hold it. For this reason
`add_done_callback` will not do: it holds the call until the end.
"""

from __future__ import annotations

import functools
import weakref
from typing import Any

import grpc

from hello_helpers.wire.calls import BY_CLIENT
from hello_helpers.wire.record import OpenCall


def follow(call: Any, entry: OpenCall) -> None:
    """Write into `entry` how `call` ends, whenever that is; `call` is what gRPC has returned."""
    # Alive, the call says how it has ended. When it is gone, this part of it can still tell.
    state = getattr(call, "_state", None)
    alive = weakref.ref(call, lambda _: entry.drop())
    # As a partial, because gRPC reads its `func` if it fails, and dies if there is none.
    if not call.add_callback(functools.partial(_note_end, alive, state, entry)):
        note_status(call, entry)  # it is over already


def _note_end(alive: weakref.ref[Any], state: Any, entry: OpenCall) -> None:
    call = alive()
    if call is not None:
        note_status(call, entry)
    elif (code := getattr(state, "code", None)) is not None:
        stopped = getattr(state, "cancelled", False)
        entry.end(_name(code), BY_CLIENT if stopped else _text(getattr(state, "details", "")))
    else:
        entry.drop()


def note_status(call: Any, entry: OpenCall) -> None:
    """Write into `entry` the status of a call, or of a `grpc.RpcError`, that is over."""
    code = getattr(call, "code", None)  # a bare RpcError has none
    if code is None:
        entry.end(type(call).__name__)
    else:
        stopped = isinstance(call, grpc.Future) and call.cancelled()
        entry.end(_name(code()), BY_CLIENT if stopped else _text(call.details()))


def _name(code: Any) -> str:
    return str(getattr(code, "name", code))


def _text(details: Any) -> str:
    return details.decode("utf-8", "replace") if isinstance(details, bytes) else str(details or "")
