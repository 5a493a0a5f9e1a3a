"""Learn ArmoniK in JupyterLab: the course wing (forms, steps) and an embedded ArmoniK.

What the notebooks use is imported on first use, so that ``import hello_helpers`` costs nothing::

    from hello_helpers import Endpoint, Payload, open_channel
"""

from __future__ import annotations

import importlib
import os
from typing import TYPE_CHECKING, Any

from hello_helpers.connect import starting

if TYPE_CHECKING:
    from hello_helpers.connect.endpoint import Endpoint
    from hello_helpers.course.sessions import pick_up_session
    from hello_helpers.display import journey
    from hello_helpers.errors import HelloError
    from hello_helpers.forms import EndpointForm, ValuesForm
    from hello_helpers.messages import Payload, Result
    from hello_helpers.steps import (
        create_payload,
        create_session,
        default_task_options,
        open_channel,
        submit_task,
        wait_for_result,
    )
    from hello_helpers.wait.cancellation import Cancellation
    from hello_helpers.wait.waiting import wait_for_results

__all__ = [
    "Cancellation",
    "Endpoint",
    "EndpointForm",
    "HelloError",
    "Payload",
    "Result",
    "ValuesForm",
    "create_payload",
    "create_session",
    "default_task_options",
    "journey",
    "open_channel",
    "pick_up_session",
    "submit_task",
    "wait_for_result",
    "wait_for_results",
]

_MODULES = {
    "Cancellation": "wait.cancellation",
    "Endpoint": "connect.endpoint",
    "EndpointForm": "forms",
    "HelloError": "errors",
    "Payload": "messages",
    "Result": "messages",
    "ValuesForm": "forms",
    "create_payload": "steps",
    "create_session": "steps",
    "default_task_options": "steps",
    "journey": "display",
    "open_channel": "steps",
    "pick_up_session": "course.sessions",
    "submit_task": "steps",
    "wait_for_result": "steps",
    "wait_for_results": "wait.waiting",
}

# gRPC writes what it thinks of a failed handshake, or of a fork, into the notebook, in red. What
# matters of it comes back as an exception. It reads this variable when it is imported.
os.environ.setdefault("GRPC_VERBOSITY", "NONE")


def _start_embedded() -> Endpoint:
    """What `connect` is handed: only a lesson knows the embedded ArmoniK."""
    from hello_helpers.course.local_armonik import start_shared

    return start_shared()


starting.starter = _start_embedded


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_MODULES[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
