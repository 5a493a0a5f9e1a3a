"""Following what happens in a session: by ArmoniK's events, and by looks besides them.

A stream of events tells first what there is, then what changes. But one that is silent may be deaf:
a real ArmoniK can get into a state in which a new stream sends nothing at all, and a connection can
die without a word. So whoever follows also says how to look, and that is done after some silence:
soon while the stream has told nothing yet, later after its last word, and ever more rarely. While
the stream delivers, nobody looks.
"""

from __future__ import annotations

import contextlib
import math
import queue
import random
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import grpc
from armonik.common import EventTypes, ResultStatus, TaskStatus
from armonik.protogen.client.events_service_pb2_grpc import EventsStub
from armonik.protogen.common.events_common_pb2 import EventSubscriptionRequest
from armonik.protogen.common.results_filters_pb2 import Filters

from hello_helpers.connect.deadline import with_deadline
from hello_helpers.connect.grpc_errors import HOPELESS, explained
from hello_helpers.connect.origin import end_of

HEARTBEAT = 0.1
"""Seconds after which a follower wakes up; Windows delivers no Ctrl-C to a sleeper."""

FIRST_LOOK, QUIET_LOOK, LONGEST_LOOK = 0.1, 2.0, 10.0
"""Seconds of silence before a look: of a stream that has told nothing, that has; and at most."""

FIRST_PAUSE, LONGEST_PAUSE = 0.1, 2.0
"""Seconds between two streams; doubled each time, and spread at random so that clients part."""

CALL_SECONDS = 5.0
"""How long a call of a look may take."""

THINGS = {
    "new_task": "task",
    "task_status_update": "task",
    "new_result": "result",
    "result_status_update": "result",
}
"""What an event is about, by its name in the Events service."""


class News(NamedTuple):
    """What an event or a look tells: a "task" or a "result", its id, and the number of its status.

    It may be told twice, and late.
    """

    thing: str
    key: str
    status: int

    @property
    def state(self) -> str:
        """ArmoniK's name of the status."""
        return str((TaskStatus if self.thing == "task" else ResultStatus)(self.status).name)


class Silence:
    """Says when it is time to look. A pure state machine, but for its clock."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._pause = FIRST_LOOK
        self._began = clock()
        self._told = False

    def broken(self) -> None:
        """Note that the stream has ended; the next one may be deaf."""
        if self._told:
            self._pause, self._began, self._told = FIRST_LOOK, self._clock(), False

    def heard(self) -> None:
        """Note that the stream tells something, and so is not deaf."""
        self._began = self._clock()
        if not self._told:
            self._pause, self._told = max(self._pause, QUIET_LOOK), True

    def looked(self) -> None:
        """Note that a look is over."""
        self._began, self._pause = self._clock(), min(2 * self._pause, LONGEST_LOOK)

    def left(self) -> float:
        """Return the seconds until the next look; 0 or less if it is due."""
        return self._began + self._pause - self._clock()


class Follower:
    """Follows a session, in threads, from `run` until it is told that this is all, or `cancel`.

    In threads, because Ctrl-C interrupts the main thread wherever it is: in the middle of gRPC's
    own work it would leave a channel that cannot be closed. The functions below are called there,
    `note` never by two threads at once; what they raise, `run` raises.

    Args:
        channel: to the control plane.
        session_id: of the session; it may be a new one.
        things: what to hear of: "task", "result", or both.
        note: takes what is told; returns True if this is all, and nothing more is to be told.
        look: asks for what is still missing, by the channel that it gets, and tells what it finds.
        trouble: takes a sentence when something is in the way; the follower goes on trying.
        filters: of results; None for all of the session.
        by: who follows, as records of the calls name whoever looks.

    Attributes:
        over: set when all is told, something has ended it, or it was cancelled.
    """

    def __init__(
        self,
        channel: grpc.Channel,
        session_id: str,
        things: Iterable[str],
        note: Callable[[News], bool],
        look: Callable[[grpc.Channel], Iterable[News]],
        trouble: Callable[[str], None],
        filters: Filters | None = None,
        by: str = "",
    ) -> None:
        self._channel = channel
        self._by = by
        self._request = EventSubscriptionRequest(
            session_id=session_id,
            returned_events=[
                EventTypes.from_string(name) for name in THINGS if THINGS[name] in things
            ],
            results_filters=filters,
        )
        self._note = note
        self._look = look
        self._trouble = trouble
        self._silence = Silence()
        self._lock = threading.Lock()
        self.over = threading.Event()
        self._outcome: queue.SimpleQueue[Exception | None] = queue.SimpleQueue()
        self._call: Any = None
        self._is_looking = False
        self._in_trouble = False

    def run(
        self,
        timeout: float = math.inf,
        late: Callable[[], None] = lambda: None,
        beat: Callable[[], None] = lambda: None,
    ) -> None:
        """Return when all is told, or after `cancel`.

        Args:
            timeout: seconds.
            late: called after them, in a thread; raises what there is to say.
            beat: called again and again, in the thread that has called this.

        Raises:
            RefusedError, AccessDeniedError: if ArmoniK does not let us listen.
            EndedError: if it is an embedded ArmoniK that has ended.
            Exception: whatever the functions of the caller raise.
        """
        try:
            outcome = self._until_over(timeout, late, beat)
        except BaseException:  # Ctrl-C, say
            self.cancel()
            raise
        if outcome is not None:
            with explained(self._channel):
                raise outcome

    def cancel(self) -> None:
        """End it, from any thread; `run` returns at once."""
        self._end(None)

    def _end(self, outcome: Exception | None) -> None:
        self.over.set()
        self._outcome.put(outcome)
        if self._call is not None:
            self._call.cancel()

    def _until_over(
        self, timeout: float, late: Callable[[], None], beat: Callable[[], None]
    ) -> Exception | None:
        deadline = time.monotonic() + timeout
        self._start(self._listen)
        while True:
            seconds = HEARTBEAT if self._is_looking else min(HEARTBEAT, self._silence.left())
            seconds = max(0.0, min(seconds, deadline - time.monotonic()))
            with contextlib.suppress(queue.Empty):
                return self._outcome.get(timeout=seconds)
            beat()
            if time.monotonic() >= deadline:
                deadline = math.inf
                self._start(late)
            elif not self._is_looking and self._silence.left() <= 0:
                self._is_looking = True
                self._start(self._look_once)

    def _start(self, work: Callable[[], None]) -> None:
        """Do it in a thread; its error ends all."""

        def run() -> None:
            try:
                work()
            except Exception as error:
                self._end(error)

        threading.Thread(target=run, name="events", daemon=True).start()

    def _listen(self) -> None:
        """Follow one stream after the other."""
        pause = FIRST_PAUSE
        while not self.over.is_set():
            began = time.monotonic()
            broken = self._follow_stream()
            if self.over.is_set():
                return
            self._silence.broken()
            self._complain(f"The connection was lost ({broken}); trying again.")
            if time.monotonic() - began > LONGEST_PAUSE:
                pause = FIRST_PAUSE
            self.over.wait(pause * random.uniform(0.5, 1))
            pause = min(2 * pause, LONGEST_PAUSE)

    def _follow_stream(self) -> str:
        """Follow the events of one stream; return why it has ended."""
        self._call = call = EventsStub(self._channel).GetEvents(self._request)
        if self.over.is_set():  # that came before the line above
            call.cancel()
        try:
            for message in call:
                self._silence.heard()
                kind = message.WhichOneof("update")
                if (thing := THINGS.get(kind)) is not None:
                    event = getattr(message, kind)
                    self._tell(News(thing, getattr(event, f"{thing}_id"), event.status))
        except grpc.RpcError as error:
            if not self.over.is_set() and _is_final(error):
                raise
            return str(error.code().name)
        finally:
            call.cancel()  # else the server would go on serving it
        return "the server ended the stream"

    def _look_once(self) -> None:
        try:
            for news in self._look(with_deadline(self._channel, CALL_SECONDS, by=self._by)):
                self._tell(news)
                if self.over.is_set():
                    return
            self._in_trouble = False
        except grpc.RpcError as error:
            if _is_final(error):
                raise
            self._complain(f"ArmoniK does not answer ({error.code().name}); still trying.")
        finally:
            self._silence.looked()
            self._is_looking = False

    def _tell(self, news: News) -> None:
        with self._lock:
            self._in_trouble = False
            if not self.over.is_set() and self._note(news):
                self._end(None)

    def _complain(self, text: str) -> None:
        """Tell of trouble, once until something is heard again."""
        if not self._in_trouble and not self.over.is_set():
            self._in_trouble = True
            self._trouble(text)


def _is_final(error: grpc.RpcError) -> bool:
    """Tell whether it would be no use to try again."""
    return error.code() in HOPELESS or end_of(error) is not None
