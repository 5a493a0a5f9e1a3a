"""Watch a channel for the length of a block; the result is a picture of its calls."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import grpc

from hello_helpers.connect.channel import Channel
from hello_helpers.errors import InputError
from hello_helpers.wire.calls import Call
from hello_helpers.wire.record import Record
from hello_helpers.wire.sequence import CallSequence, sequence


class Wire:
    """The calls of a block; a cell that ends with it shows them as a picture and as a table."""

    def __init__(self, record: Record) -> None:
        self._record = record

    @property
    def calls(self) -> tuple[Call, ...]:
        """What is known now, in the order in which the calls began."""
        return self._record.calls()

    def _shown(self) -> CallSequence:
        return sequence(self.calls, self._record.left_out)

    def _repr_html_(self) -> str:
        return self._shown()._repr_html_()

    def __repr__(self) -> str:
        return repr(self._shown())


@contextmanager
def on_the_wire(channel: grpc.Channel) -> Iterator[Wire]:
    """Record the calls that are made on a channel inside the block, by whatever code and thread.

    Streams that are still open at its end are followed further; new calls are not.

    Args:
        channel: from ``endpoint.open_channel()``; any other one after
            ``channel = with_deadline(channel)``, before it is given to anyone.

    Raises:
        InputError: if the channel cannot be watched.
    """
    if not isinstance(channel, Channel):
        raise InputError(
            f"The calls of this {type(channel).__name__} cannot be watched.",
            "Take the channel that endpoint.open_channel() gives; or wrap any other one, before "
            "you use it: channel = hello_helpers.connect.deadline.with_deadline(channel).",
        )
    record = Record()
    channel.recorders.append(record)
    try:
        yield Wire(record)
    finally:
        channel.recorders.remove(record)
