"""The calls on the wire: which ones a piece of code makes, how long they take, how large they are.

    with on_the_wire(channel) as wire:
        ...  # any code that uses this channel
    wire  # in a notebook: a picture

Only the shape of a call is recorded, never what is in its messages or in its metadata. It is all
seen by the client, so it works with every ArmoniK.

    calls.py     what is known of a call
    record.py    how it gets known, while calls are made, by several threads
    rows.py      calls as rows, in words
    sequence.py  the same as a picture
    watching.py  `on_the_wire`

In here goes what tells of calls. Not in here: the channel that makes them, which knows nothing of
this (see `hello_helpers.connect.channel`), and what the calls are about.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hello_helpers.wire.watching import Wire, on_the_wire

__all__ = ["Wire", "on_the_wire"]


def __getattr__(name: str) -> Any:
    """Import on first use: the picture needs more than the calls."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from hello_helpers.wire import watching

    return getattr(watching, name)
