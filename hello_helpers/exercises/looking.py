"""Looking things up in ArmoniK for a check: an id, or what is wrong with it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import grpc
from armonik.client import ArmoniKResults
from armonik.common import Task

from hello_helpers.connect.grpc_errors import explained
from hello_helpers.course.private_armonik import PrivateArmonik, is_private_armonik
from hello_helpers.exercises.core import Wrong, wrong_if
from hello_helpers.messages import Result

T = TypeVar("T")

UNREADABLE = "nothing that can be read"
"""Said of a result that another worker than the hello worker has made."""

ANSWER_SECONDS = 5.0
"""How long ArmoniK may take to answer through the channel of a learner."""


def look_up(get: Callable[[str], T], key: Any, kind: str) -> T:
    """Return what ArmoniK has under an id.

    Args:
        get: a method of `armonik.client`, for example ``ArmoniKTasks(channel).get_task``.
        key: the learner's answer.
        kind: what it shall be the id of, for example "task".

    Raises:
        Wrong: if it is no id, or ArmoniK does not know it.
        grpc.RpcError: if ArmoniK cannot be asked.
    """
    wrong_if(
        not isinstance(key, str),
        f"The answer must be the id of a {kind}, which is a text; "
        f"this is an object of the class {type(key).__name__}.",
        "If it is the whole thing or a list, take the id out of it.",
    )
    wrong_if(
        len(key.split()) > 1,
        f"The answer must be the id of a {kind}; this is more than an id: {key[:60]!r}.",
        "Take the id out of it: text.split() makes a list of the words in it.",
    )
    try:
        return get(key)
    except grpc.RpcError as error:
        if error.code() != grpc.StatusCode.NOT_FOUND:
            raise
        raise Wrong(
            f"ArmoniK knows no {kind} with the id {key[:60]!r}.",
            "Take the id that ArmoniK has returned.",
        ) from error


def stored(channel: grpc.Channel, result_id: str, session_id: str) -> int | float:
    """Return the value that the hello worker has stored as a result.

    Raises:
        RefusedError: if there is none.
        MessageError: if it is no value of that worker.
    """
    with explained(channel):
        data = ArmoniKResults(channel).download_result_data(result_id, session_id)
    return Result.deserialize(data).value


def error_of(task: Task) -> str:
    """Return what went wrong with a task; "" if nothing did."""
    return (task.output.error or "") if task.output else ""


def not_a_whole_task(answer: object) -> None:
    """Raise `Wrong` if the answer is a task where its id is asked for."""
    wrong_if(isinstance(answer, Task), "This is the whole task.", "Its id is its attribute id.")


def channel_of(answer: object) -> grpc.Channel:
    """Return the learner's answer, if it is a channel.

    Raises:
        Wrong: if it is something else.
    """
    wrong_if(
        isinstance(answer, str),
        "This is a text, and no channel.",
        "create_channel(...) makes a channel of an endpoint.",
    )
    if not isinstance(answer, grpc.Channel):
        raise Wrong(
            f"This is an object of the class {type(answer).__name__}, and no channel.",
            "create_channel(...) returns a channel.",
        )
    return answer


def running(answer: object, make: str) -> PrivateArmonik:
    """Return the learner's answer, if it is a private ArmoniK that runs.

    Args:
        answer: anything.
        make: the code that makes one.

    Raises:
        Wrong: if it is something else, or has ended.
    """
    if not is_private_armonik(answer):
        raise Wrong(
            f"This is an object of the class {type(answer).__name__}.",
            f"{make} returns what is asked for.",
        )
    wrong_if(
        answer.process.poll() is not None, "This ArmoniK has ended.", f"Start it again: {make}."
    )
    return answer


def ask(call: Callable[[], T], todo: str) -> T:
    """Return what ArmoniK answers to a call through the channel of a learner.

    Args:
        call: makes it.
        todo: what to do if nobody answers.

    Raises:
        Wrong: if the channel is closed, or nobody answers.
    """
    try:
        return call()
    except ValueError:
        raise Wrong(
            "This channel is closed already.", "Open it again, and close it later."
        ) from None
    except grpc.RpcError as error:
        raise Wrong(
            f"Through this channel, no ArmoniK answers: {error.code().name}.", todo
        ) from error
