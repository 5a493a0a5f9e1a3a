"""A form and its ArmoniK: the channel of a run, and what is said if that ArmoniK does not answer.

The same errors speak to somebody at a cell elsewhere: of the `endpoint` of the notebook, which may
be another one, and of the notebook's first cell. A form speaks of its own endpoint and its button.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import grpc
import ipywidgets as widgets

from hello_helpers.connect.endpoint import Endpoint
from hello_helpers.connect.grpc_errors import LOOK_HINT, explained
from hello_helpers.errors import EndedError, EndpointError, HelloError, NoAnswerError
from hello_helpers.forms import html
from hello_helpers.wire import on_the_wire

CALLS = "The calls that this made, on the wire"

CHECK_SECONDS = 4.0


@contextmanager
def shown_channel(endpoint: Endpoint, place: widgets.HTML) -> Iterator[grpc.Channel]:
    """Open a channel, and close it; errors become sentences.

    At the end its calls, failed ones too, are put into `place`.
    """
    with endpoint.open_channel() as channel, on_the_wire(channel) as wire:
        try:
            with explained(channel):
                yield channel
        finally:
            place.value = html.folded(CALLS, wire._repr_html_())


def reason_of(
    error: HelloError, target: Endpoint | str | None, starts_anew: bool = False
) -> HelloError:
    """Return the error in better words, if there are any.

    Args:
        error: what ended the run of a form.
        target: where the form went; a text is found as `Endpoint.find` does.
        starts_anew: the form can be run again at once, on a new ArmoniK.
    """
    is_shared = target is None or (isinstance(target, Endpoint) and target.shared)
    if isinstance(error, EndedError) and starts_anew and is_shared:  # it is started again
        return EndedError(
            "The embedded ArmoniK has been stopped while this form was running.",
            "Click the button again: it starts a new one. (For the cells, run the first one.)",
        )
    if not isinstance(error, NoAnswerError) or error.hint != LOOK_HINT or target is None:
        return error
    try:
        (Endpoint.find(target) if isinstance(target, str) else target).check(CHECK_SECONDS)
    except EndpointError as reason:
        return reason
    return NoAnswerError(error.message, "It answers by now: click the button again.")
