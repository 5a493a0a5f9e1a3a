"""What the end of a Process call means for the task, and ends on order: no worker, no table."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from enum import Enum

import grpc
from armonik.protogen.common.worker_common_pb2 import ProcessReply

LONGEST_ERROR = 256 * 1024
"""Characters of an error that are kept: every task that depended on this one gets a copy."""

NO_REPLY = "Failed to serialize response!"
"""What gRPC's Python server says if a method returns None, as armonik's does after an exception."""

NO_OUTPUT = re.compile(r"AttributeError: '(?P<type>\w+)' object has no attribute 'to_message'")
"""The exception of armonik's library at a function that returns something else than an Output."""


class Verdict(Enum):
    """How an attempt ended."""

    SUCCESS = "success"
    ERROR = "error"  # the worker said so: final
    TIMEOUT = "timeout"  # max_duration is over: final
    CRASH = "crash"  # exception, death, nonsense: retried


@dataclass(frozen=True)
class Outcome:
    """A verdict with the text that goes into the task's output.

    A worker may say anything: what no encoding knows is escaped, what is too long is cut.
    """

    verdict: Verdict
    error: str = ""

    def __post_init__(self) -> None:
        text = self.error
        if len(text) > LONGEST_ERROR:
            text = f"{text[:LONGEST_ERROR]}… ({len(text) - LONGEST_ERROR:,} characters are cut)"
        text = text.encode("utf-8", "backslashreplace").decode("utf-8")
        object.__setattr__(self, "error", text)


def of_reply(reply: ProcessReply) -> Outcome:
    """Read the reply of a worker."""
    kind = reply.output.WhichOneof("type")
    if kind == "ok":
        return Outcome(Verdict.SUCCESS)
    if kind == "error":
        return Outcome(Verdict.ERROR, reply.output.error.details)
    return Outcome(Verdict.CRASH, "The worker's reply says neither ok nor error")


def of_failure(
    code: grpc.StatusCode, details: str = "", found: str = "", *, died: bool = False
) -> Outcome:
    """Read a failed call.

    Args:
        found: what there is to know besides: the exception in the worker's log, or how the worker
            ended.
        died: whether it did.
    """
    if code is grpc.StatusCode.DEADLINE_EXCEEDED:
        return Outcome(Verdict.TIMEOUT, "Deadline Exceeded")
    if found and (died or details == NO_REPLY):
        details = ""  # it would say less
    name = code.name.title().replace("_", "")
    text = "\n".join(text for text in (details, _explained(found)) if text)
    return of_exception(name, text, died=died)


def of_exception(name: str, text: str, *, died: bool = False) -> Outcome:
    """Say, in ArmoniK's words, that a worker failed; ``name`` is a status as C# writes it."""
    happened = "Worker went down with" if died else "Worker returned"
    return Outcome(Verdict.CRASH, f"{happened} error {name}:\n{text}")


def _explained(exception: str) -> str:
    """Return what an exception means, if it is the library's at a function that gives no Output."""
    if not (no_output := NO_OUTPUT.fullmatch(exception)):
        return exception
    returned = no_output["type"].replace("NoneType", "None")
    return (
        f"The worker's function returned {returned} where an Output is due.\n"
        "Write at its end: return Output()"
    )


class FaultKind(str, Enum):
    """What happens to a task instead of being run."""

    ERROR = "error"  # as if the worker returned an Output with an error: final
    CRASH = "crash"  # as if the worker's function raised an exception: retried
    HANG = "hang"  # as if the worker never came back: times out


@dataclass
class Fault:
    """An order. ``left`` counts the tasks that it still applies to; None: every task."""

    kind: FaultKind
    text: str
    left: int | None

    async def happen(self, max_duration: float) -> Outcome:
        """Be the outcome of a task that may take ``max_duration`` seconds."""
        if self.kind is FaultKind.ERROR:
            return Outcome(Verdict.ERROR, self.text)
        if self.kind is FaultKind.CRASH:
            return of_exception("Internal", self.text)
        await asyncio.sleep(max_duration)
        return Outcome(Verdict.TIMEOUT, "Deadline Exceeded")


class Faults:
    """The orders of all partitions, one each."""

    def __init__(self) -> None:
        self._orders: dict[str, Fault] = {}

    def order(self, partition_id: str, fault: Fault) -> None:
        """Have the next tasks of a partition fail; a former order is replaced."""
        self._orders[partition_id] = fault

    def clear(self) -> None:
        """Take all orders back."""
        self._orders.clear()

    def take(self, partition_id: str) -> Fault | None:
        """Return what shall happen to the next task of a partition, if anything."""
        fault = self._orders.get(partition_id)
        if fault is not None and fault.left is not None:
            fault.left -= 1
            if fault.left <= 0:
                del self._orders[partition_id]
        return fault
