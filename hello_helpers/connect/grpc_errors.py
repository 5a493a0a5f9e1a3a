"""What gRPC raises, in words: which call was refused, why, and what to do."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

import grpc
from armonik.client import ArmoniKPartitions

from hello_helpers.connect.deadline import with_deadline
from hello_helpers.connect.origin import end_of
from hello_helpers.errors import (
    AccessDeniedError,
    HelloError,
    NoAnswerError,
    PartitionError,
    RefusedError,
)

HOPELESS = (
    grpc.StatusCode.INVALID_ARGUMENT,
    grpc.StatusCode.PERMISSION_DENIED,
    grpc.StatusCode.UNAUTHENTICATED,
    grpc.StatusCode.UNIMPLEMENTED,
)
"""Codes that come back however often one tries."""

LOOK_HINT = "endpoint.check(), or `hello-armonik status` in a terminal, looks for the reason."

CLOSED = "The channel is closed."

CLOSED_HINT = (
    "Open a new one. (In a lesson: menu Run, Run All Above Selected Cell; the last cell closes it.)"
)


@contextmanager
def explained(channel: grpc.Channel | None) -> Iterator[None]:
    """Turn an `RpcError` raised inside into a `HelloError`; `channel`, if any, is asked more."""
    try:
        yield
    except grpc.RpcError as error:
        raise explain(error, channel) from error
    except ValueError as error:
        if not is_of_closed_channel(error):
            raise
        raise RefusedError(CLOSED, CLOSED_HINT) from error


def is_of_closed_channel(error: ValueError) -> bool:
    """Tell whether gRPC raised this because the channel of the call was closed.

    Its words are "Cannot invoke RPC on closed channel!" for a call with one answer, and "Cannot
    invoke RPC: Channel closed!" for a stream of answers: a download, the events.
    """
    text = str(error).lower()
    return "cannot invoke rpc" in text and "closed" in text


def explain(error: grpc.RpcError, channel: grpc.Channel | None) -> HelloError:
    """Return what `error` means for the caller; `channel` is asked for details, if there is one."""
    code, details = error.code(), error.details() or ""
    if code == grpc.StatusCode.NOT_FOUND and "partition" in details.lower():
        return PartitionError(details, _partitions_hint(channel, details))
    if (ended := end_of(error)) is not None:
        return ended
    if code == grpc.StatusCode.NOT_FOUND and "session" in details.lower():
        return RefusedError(details, "Create a new session.")
    stranger = AccessDeniedError(
        f"ArmoniK refuses this caller: {details}", "Ask for the right, or for a certificate."
    )
    in_words: dict[grpc.StatusCode, HelloError] = {
        grpc.StatusCode.UNAVAILABLE: NoAnswerError(
            f"ArmoniK cannot be reached: {details}", LOOK_HINT
        ),
        grpc.StatusCode.CANCELLED: NoAnswerError(
            "The call was broken off: ArmoniK may be ending.", LOOK_HINT
        ),
        grpc.StatusCode.DEADLINE_EXCEEDED: NoAnswerError(
            "ArmoniK did not answer in time.", LOOK_HINT
        ),
        grpc.StatusCode.UNAUTHENTICATED: stranger,
        grpc.StatusCode.PERMISSION_DENIED: stranger,
        grpc.StatusCode.FAILED_PRECONDITION: RefusedError(
            f"ArmoniK refused the call in the present state: {details}",
            "If the session was closed or cancelled, create a new one.",
        ),
    }
    refused = RefusedError(f"ArmoniK refused the call with {code.name}: {details}", _limit(details))
    return in_words.get(code, refused)


def _limit(details: str) -> str:
    """Return what to do about a limit that the call went beyond; "" if it is not about one."""
    if "larger than max" in details and "CLIENT" not in details:  # gRPC's own words
        return (
            "Send less in one message: data goes in a stream (upload_result_data), as much as you"
            " like. Or serve with a larger --max-message."
        )
    limit = re.search(r"max priority is (\d+)", details, re.IGNORECASE)
    return f"Choose a priority from 1 to {limit[1]}." if limit else ""


def _partitions_hint(channel: grpc.Channel | None, details: str) -> str:
    if channel is None or "These exist" in details:  # the embedded ArmoniK tells it itself
        return ""
    try:
        _, partitions = ArmoniKPartitions(with_deadline(channel, 3.0)).list_partitions()
    except (grpc.RpcError, ValueError):  # ValueError: the channel is closed
        return "The list of partitions cannot be read either."
    names = sorted(partition.id for partition in partitions)
    return f"These exist: {', '.join(names)}." if names else "There is no partition at all."
