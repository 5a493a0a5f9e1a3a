"""The calls on the wire: which ones a piece of code makes, how long they take, how large they are.

    with on_the_wire(channel) as wire:
        ...  # any code that uses this channel
    wire  # in a notebook: a picture

Only the shape of a call is recorded, never what is in its messages or in its metadata. It is all
seen by the client, so it works with every ArmoniK.

    calls.py     what is known of a call
    record.py    how it gets known, while calls are made, by several threads
    channel.py   a channel that can be watched; it costs next to nothing while nobody watches
    methods.py   its methods, which make the calls
    ending.py    how a call that goes on is followed to its end
    watching.py  `on_the_wire`
"""

from __future__ import annotations

from hello_helpers.wire.calls import Call, Messages
from hello_helpers.wire.channel import watchable
from hello_helpers.wire.watching import Wire, on_the_wire

__all__ = ["Call", "Messages", "Wire", "on_the_wire", "watchable"]
