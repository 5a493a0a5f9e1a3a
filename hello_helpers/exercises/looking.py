"""Looking things up in ArmoniK for a check: an id, or what is wrong with it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import grpc

from hello_helpers.exercises.core import Wrong
from hello_helpers.refusals import explained

T = TypeVar("T")


def look_up(channel: grpc.Channel, get: Callable[[str], T], key: object, kind: str) -> T:
    """Return what ArmoniK has under an id.

    Args:
        channel: to the control plane.
        get: a method of `armonik.client`, for example ``ArmoniKTasks(channel).get_task``.
        key: the learner's answer.
        kind: what it shall be the id of, for example "task".

    Raises:
        Wrong: if it is no id, or ArmoniK does not know it.
        HelloError: if ArmoniK cannot be asked.
    """
    if not isinstance(key, str):
        raise Wrong(
            f"The answer must be the id of a {kind}, which is a text; "
            f"this is an object of the class {type(key).__name__}.",
            "If it is the whole thing or a list, take the id out of it.",
        )
    with explained(channel):
        try:
            return get(key)
        except grpc.RpcError as error:
            if error.code() != grpc.StatusCode.NOT_FOUND:
                raise
            raise Wrong(
                f"ArmoniK knows no {kind} with the id {key[:60]!r}.",
                "Take the id that ArmoniK has returned.",
            ) from error
