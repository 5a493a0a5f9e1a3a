"""What a form says when its ArmoniK does not answer: about its own endpoint, and its own button.

The same errors speak to somebody at a cell elsewhere: of the `endpoint` of the notebook, which may
be another one, and of the notebook's first cell.
"""

from __future__ import annotations

from hello_helpers.connect.endpoint import Endpoint
from hello_helpers.connect.grpc_errors import LOOK_HINT
from hello_helpers.errors import EndedError, EndpointError, HelloError, NoAnswerError

CHECK_SECONDS = 4.0


def reason_of(
    error: HelloError, target: Endpoint | str | None, starts_anew: bool = False
) -> HelloError:
    """Return the error in better words, if there are any.

    Args:
        error: what ended the run of a form.
        target: where the form went; a text is found as `Endpoint.find` does.
        starts_anew: the form can be run again at once, on a new ArmoniK.
    """
    if isinstance(error, EndedError) and starts_anew and _is_started_again(target):
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


def _is_started_again(target: Endpoint | str | None) -> bool:
    return target is None or (isinstance(target, Endpoint) and target.shared)
