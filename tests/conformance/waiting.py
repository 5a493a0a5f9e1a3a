"""Waiting, always with an end: for a state, for a call, for an event."""

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import grpc
import pytest
from armonik.common import TaskStatus
from grpc import StatusCode

T = TypeVar("T")

MILLISECOND = 1_000_000  # nanoseconds: the finest that every storage of ArmoniK keeps

PATIENCE = 20.0  # seconds: no task of these tests takes longer to get where it should


def eventually(look: Callable[[], T], good: Callable[[T], object], within: float = PATIENCE) -> T:
    """Looks every 20 ms until what it sees is good, and returns that.

    Fails with what it saw last when `within` seconds have gone by.
    """
    deadline = time.monotonic() + within
    while True:
        seen = look()
        if good(seen):
            return seen
        if time.monotonic() > deadline:
            pytest.fail(f"after {within:g} s still seen: {seen!r}")
        time.sleep(0.02)


@contextlib.contextmanager
def fails_with(*codes: StatusCode, saying: str = "") -> Iterator[None]:
    """The calls inside must be refused with one of these gRPC codes, and a text that says so."""
    with pytest.raises(grpc.RpcError) as caught:
        yield
    error = caught.value
    assert error.code() in codes, f"refused with {error.code()}: {error.details()}"
    assert saying in (error.details() or ""), error.details()


def shows(message: Any, **wanted: Any) -> None:
    """The fields of a message must be so; ``...`` stands for any that is set, None for unset."""

    def shown(name: str) -> Any:
        if wanted[name] is None or wanted[name] is ...:
            return ... if message.HasField(name) else None
        value = getattr(message, name)
        return list(value) if isinstance(wanted[name], list) else value

    seen = {name: shown(name) for name in wanted}
    assert seen == wanted, f"{seen} is not {wanted}"


class Subscription:
    """The messages of one event stream, read in a thread so that a test can also wait for none."""

    def __init__(self, call: Any):
        self.seen: list[Any] = []  # every message so far, in order
        self.ended = False
        self._call = call
        self._news = threading.Condition()
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        with contextlib.suppress(grpc.RpcError):
            for message in self._call:
                with self._news:
                    self.seen.append(message)
                    self._news.notify_all()
        with self._news:
            self.ended = True
            self._news.notify_all()

    def until(self, wanted: Callable[[Any], object], within: float = PATIENCE) -> list[Any]:
        """Waits for a message that is wanted; returns all messages so far."""
        with self._news:
            if not self._news.wait_for(
                lambda: any(wanted(message) for message in self.seen) or self.ended, within
            ):
                pytest.fail(f"no such event after {within:g} s; seen: {self.seen}")
            assert any(wanted(message) for message in self.seen), f"stream ended: {self.seen}"
            return list(self.seen)

    def quiet(self, seconds: float) -> bool:
        """True if the stream stays open, and says nothing more, for so long."""
        with self._news:
            before = len(self.seen)
            return not self._news.wait_for(lambda: self.ended or len(self.seen) > before, seconds)

    def result(self, within: float = PATIENCE) -> None:
        """Waits for the end of the stream; raises what the server ended it with."""
        with self._news:
            if not self._news.wait_for(lambda: self.ended, within):
                pytest.fail(f"the stream is still open after {within:g} s; seen: {self.seen}")
        if self._call.code() is not StatusCode.OK:
            raise self._call


def is_status(task_id: str, status: TaskStatus) -> Callable[[object], bool]:
    """For Subscription.until: the news that a task has this status."""
    return lambda event: (
        event.task_status_update.task_id == task_id and event.task_status_update.status == status
    )


def statuses_in(events: list, task_id: str) -> list[TaskStatus]:
    """The statuses of one task as its events tell them, without repeats."""
    seen: list[TaskStatus] = []
    for event in events:
        news = event.new_task if event.HasField("new_task") else event.task_status_update
        if news.task_id == task_id and news.status not in seen:
            seen.append(TaskStatus(news.status))
    return seen
