"""A channel for the run of a form; when it is over, the form shows the calls that were made."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import grpc
import ipywidgets as widgets

from hello_helpers.connect.endpoint import Endpoint
from hello_helpers.forms import html
from hello_helpers.wire import on_the_wire

SUMMARY = "The calls that this made, on the wire"


@contextmanager
def channel_with_calls(endpoint: Endpoint, place: widgets.HTML) -> Iterator[grpc.Channel]:
    """Open a channel; at the end put its calls into `place`, failed ones too, and close it."""
    with endpoint.open_channel() as channel, on_the_wire(channel) as wire:
        try:
            yield channel
        finally:
            place.value = html.folded(SUMMARY, wire._repr_html_())
