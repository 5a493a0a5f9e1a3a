"""Waiting for results: with a deadline, through lost connections, and with a reason at the end.

`ArmoniKEvents.wait_for_result_availability` of the client library is shorter, and what most
programs use. But it tries a dead endpoint again without a pause and without end, and takes a stream
that the server has ended for success. This wait listens to the same events. Whenever a stream
breaks or ends, what happened meanwhile is unknown, so it looks, and then listens again.
"""

from __future__ import annotations

import functools
import operator
import random
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import grpc
from armonik.client import ArmoniKResults
from armonik.common import EventTypes, Result, ResultStatus, batched
from armonik.protogen.client.events_service_pb2_grpc import EventsStub
from armonik.protogen.common.events_common_pb2 import EventSubscriptionRequest

from hello_helpers.connect.deadline import with_deadline
from hello_helpers.connect.grpc_errors import HOPELESS, explained
from hello_helpers.connect.origin import end_of
from hello_helpers.errors import InputError, ResultLostError, WaitTimeoutError
from hello_helpers.wait import diagnosis
from hello_helpers.wait import evidence as facts
from hello_helpers.wait.cancellation import Cancellation, WaitInterrupted, in_a_thread
from hello_helpers.wait.complaints import complaints_at_once

BATCH = 100
"""Results in one subscription; each is a term of its filter. The client library takes as many."""

FIRST_LISTEN, LONGEST_LISTEN = 2.0, 30.0
"""Seconds until a stream is renewed. A connection can die without a word; a look finds out."""

FIRST_PAUSE, LONGEST_PAUSE = 0.1, 2.0
"""Seconds between two tries; doubled each time, and spread at random so that clients part."""

LOOK_SECONDS = 5.0

FEW = 3
"""Up to so many missing results, their tasks are looked at, too."""

GOES_ON = "ArmoniK goes on with its tasks; run the cell again to wait again."


@dataclass(frozen=True)
class Progress:
    """Tells how far a wait is.

    Attributes:
        done: how many results are there.
        total: how many are waited for.
        text: the same as a sentence, or what is in the way.
        is_trouble: True if something is in the way.
    """

    done: int
    total: int
    text: str
    is_trouble: bool = False


def wait_for_results(
    channel: grpc.Channel,
    session_id: str,
    result_ids: Iterable[str],
    timeout: float = 60.0,
    on_event: Callable[[Progress], None] | None = None,
    cancellation: Cancellation | None = None,
) -> None:
    """Return when all results are COMPLETED. Ctrl-C, or ■ in a notebook, ends it at any moment.

    Args:
        channel: to the control plane.
        session_id: the session of the results.
        result_ids: what to wait for, of any number; a hundred at a time are listened to.
        timeout: seconds for all of it.
        on_event: called with each progress, in another thread.
        cancellation: ends the wait from another thread.

    Raises:
        ResultLostError: if one was aborted or deleted, or does not exist; it says why.
        WaitTimeoutError: after `timeout` seconds, with a diagnosis.
        WaitCancelledError: if `cancellation` was used.
        RefusedError, AccessDeniedError: if ArmoniK does not let us listen.
        EndedError: if it is an embedded ArmoniK that has ended.
        WaitInterrupted: on Ctrl-C; a KeyboardInterrupt that says what was waited for.
    """
    if not timeout > 0:
        raise InputError(f"The timeout must be more than 0 seconds, not {timeout}.")
    cancellation = cancellation or Cancellation()
    wanted = list(dict.fromkeys(result_ids))
    wait = Wait(channel, session_id, len(wanted), timeout, on_event, cancellation)
    in_a_thread(lambda: wait.until_all_completed(wanted), cancellation, wait.interrupted)


class Wait:
    """One wait: the clock, the counter, and what is still missing."""

    def __init__(
        self,
        channel: grpc.Channel,
        session_id: str,
        total: int,
        timeout: float,
        on_event: Callable[[Progress], None] | None,
        cancellation: Cancellation,
    ) -> None:
        self._channel = channel
        self._session_id = session_id
        self._total = total
        self._done = 0
        self._timeout = timeout
        self._began = time.monotonic()
        self._deadline = self._began + timeout
        self._on_event = on_event
        self._cancellation = cancellation
        self._missing: set[str] = set()
        self._statuses: dict[str, int] = {}

    def interrupted(self) -> WaitInterrupted:
        """Return what to raise after Ctrl-C: it says what was waited for."""
        count = self._total - self._done
        what = f"{count:,} result{'' if count == 1 else 's'}"
        if count < self._total:
            what += f" of {self._total:,}"
        heard = {self._statuses[key] for key in tuple(self._missing) if key in self._statuses}
        names = ", ".join(sorted(ResultStatus(status).name for status in heard))
        status = f" (status {names})" if names else ""
        seconds = time.monotonic() - self._began
        return WaitInterrupted(
            f"Interrupted after {seconds:.0f} s while waiting for {what}{status}.",
            complaints_at_once(self._channel) or GOES_ON,
        )

    def until_all_completed(self, wanted: list[str]) -> None:
        """Wait for one batch after the other."""
        with explained(self._channel):
            for batch in batched(wanted, BATCH):
                self._missing = set(batch)
                self._until_completed()

    def _until_completed(self) -> None:
        """Listen and look by turns, until nothing is missing."""
        listen, pause = FIRST_LISTEN, FIRST_PAUSE
        while True:
            began = time.monotonic()
            broken = self._listen(listen)
            if not self._missing:
                return
            if not broken or time.monotonic() - began > LONGEST_PAUSE:
                pause = FIRST_PAUSE
            if broken:
                self._cancellation.check()  # then it was no accident
                self._report(f"The connection was lost ({broken}); trying again.", is_trouble=True)
                self._cancellation.sleep(min(self._remaining(), pause * random.uniform(0.5, 1)))
                pause = min(2 * pause, LONGEST_PAUSE)
            self._look()
            if not self._missing:
                return
            listen = min(2 * listen, LONGEST_LISTEN)

    def _listen(self, seconds: float) -> str:
        """Follow the events for some seconds; return why that ended early, "" if it did not."""
        call = EventsStub(self._channel).GetEvents(
            self._subscription(),
            timeout=min(seconds, self._remaining()),
            wait_for_ready=True,  # while the server restarts, wait for it
        )
        self._cancellation.attach(call)
        try:
            for message in call:
                event = getattr(message, message.WhichOneof("update") or "", None)
                if event is not None:
                    self._note(event.result_id, event.status)
                if not self._missing:
                    return ""
        except grpc.RpcError as error:
            if error.code() in HOPELESS or end_of(error):
                raise
            time_is_up = error.code() == grpc.StatusCode.DEADLINE_EXCEEDED
            return "" if time_is_up else error.code().name
        finally:
            call.cancel()  # else the server would go on serving it
        return "the server ended the stream"

    def _subscription(self) -> EventSubscriptionRequest:
        """Ask for what happens to the missing results: first what there is, then what changes."""
        return EventSubscriptionRequest(
            session_id=self._session_id,
            returned_events=[EventTypes.NEW_RESULT, EventTypes.RESULT_STATUS_UPDATE],
            results_filters=_any_of(self._missing).to_disjunction().to_message(),
        )

    def _look(self) -> None:
        """Ask once for the states of all missing results."""
        results = ArmoniKResults(with_deadline(self._channel, min(LOOK_SECONDS, self._remaining())))
        try:
            _, found = results.list_results(_any_of(self._missing), page_size=BATCH)
        except grpc.RpcError as error:
            if error.code() in HOPELESS or end_of(error):
                raise
            text = f"ArmoniK does not answer ({error.code().name}); still trying."
            self._report(text, is_trouble=True)
            return
        unknown = self._missing - {result.result_id for result in found}
        for result in found:
            self._note(result.result_id, result.status)
        if unknown:
            raise self._lost(min(unknown))
        if len(self._missing) <= FEW:
            owners = {one.result_id: one.owner_task_id for one in found if one.owner_task_id}
            missing = {key: owners[key] for key in self._missing & owners.keys()}
            if result_id := facts.never_sent(self._channel, missing):
                raise self._lost(result_id)

    def _note(self, result_id: str, status: int) -> None:
        if result_id not in self._missing:
            return
        self._statuses[result_id] = status
        if status == ResultStatus.COMPLETED:
            self._missing.discard(result_id)
            self._done += 1
            self._report(f"{self._done} of {self._total} results are there.")
        elif status in (ResultStatus.ABORTED, ResultStatus.DELETED):
            raise self._lost(result_id)

    def _remaining(self) -> float:
        """Return the seconds that are left; raise if there are none, or if cancelled."""
        self._cancellation.check()
        seconds = self._deadline - time.monotonic()
        if seconds <= 0:
            known = facts.collect(self._channel, self._session_id, min(self._missing))
            found = diagnosis.diagnose(known)
            raise WaitTimeoutError(
                f"No result after {self._timeout:g} seconds. {found.cause}", found.remedy
            )
        return seconds

    def _lost(self, result_id: str) -> ResultLostError:
        found = diagnosis.diagnose(facts.collect(self._channel, self._session_id, result_id))
        return ResultLostError(f"The result will not come. {found.cause}", found.remedy)

    def _report(self, text: str, is_trouble: bool = False) -> None:
        if self._on_event is not None:
            self._on_event(Progress(self._done, self._total, text, is_trouble))


def _any_of(result_ids: Iterable[str]) -> Any:
    """Return a filter: the id is this one, or that one, or ..."""
    return functools.reduce(operator.or_, (Result.result_id == key for key in result_ids))
