"""Waiting for results: with a deadline, through lost connections, and with a reason at the end.

`ArmoniKEvents.wait_for_result_availability` of the client library is shorter, and what most
programs use. But it tries a dead endpoint again without a pause and without end, takes a stream
that the server has ended for success, and waits for ever if the stream is deaf. This wait listens
to the same events, and looks besides (see `hello_helpers.wait.events`).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial

import grpc
from armonik.client import ArmoniKResults
from armonik.common import ResultStatus, batched

from hello_helpers.errors import InputError, ResultLostError, WaitTimeoutError
from hello_helpers.wait import evidence
from hello_helpers.wait.cancellation import Cancellation, WaitInterrupted
from hello_helpers.wait.diagnosis import Diagnosis, diagnose
from hello_helpers.wait.events import Follower, News
from hello_helpers.wait.evidence import PAGE, any_of
from hello_helpers.wait.words import waiting

NAMED = 50
"""Up to so many results are named in the subscription, each in a term of its filter. Terms cost
ArmoniK work with every event; for more results all of the session are heard of, and picked out."""

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

    However many there are, all are followed in one stream, and one that is lost is told at once.

    Args:
        channel: to the control plane.
        session_id: the session of the results.
        result_ids: what to wait for, of any number.
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
    cancellation.check()
    wait = Wait(channel, session_id, result_ids, on_event)
    try:
        wait.until_all_completed(timeout, cancellation)
    except KeyboardInterrupt:
        raise wait.interrupted() from None


class Wait:
    """One wait: the clock, the counter, and what is still missing."""

    def __init__(
        self,
        channel: grpc.Channel,
        session_id: str,
        result_ids: Iterable[str],
        on_event: Callable[[Progress], None] | None = None,
    ) -> None:
        self._channel = channel
        self._session_id = session_id
        self._missing = dict.fromkeys(result_ids, ResultStatus.UNSPECIFIED)
        self._total = len(self._missing)
        self._on_event = on_event
        self._began = time.monotonic()

    def until_all_completed(self, timeout: float, cancellation: Cancellation) -> None:
        """Follow the results until none is missing."""
        if not self._missing:
            return
        named = self._total <= NAMED
        follower = Follower(
            self._channel,
            self._session_id,
            ["result"],
            self._note,
            self._look,
            partial(self._report, is_trouble=True),
            any_of(self._missing).to_disjunction().to_message() if named else None,
            by="wait_for_results",
        )
        cancellation.attach(follower)
        with waiting(lambda: f"Waiting for {self._what()}"):
            follower.run(timeout, lambda: self._late(timeout))
        cancellation.check()

    def interrupted(self) -> WaitInterrupted:
        """Return what to raise after Ctrl-C: it says what was waited for."""
        seconds = time.monotonic() - self._began
        return WaitInterrupted(
            f"Interrupted after {seconds:.0f} s while waiting for {self._what()}.",
            evidence.complaints_at_once(self._channel) or GOES_ON,
        )

    def _what(self) -> str:
        """Say what is missing, and in which states it is."""
        missing = self._missing.copy()
        count = len(missing)
        what = f"{count:,} result{'' if count == 1 else 's'}"
        if count < self._total:
            what += f" of {self._total:,}"
        heard = {ResultStatus(status).name for status in missing.values() if status}
        return f"{what} (status {', '.join(sorted(heard))})" if heard else what

    def _note(self, news: News) -> bool:
        """Take what is told of a result; return True if none is missing any more."""
        if news.key not in self._missing:
            return False
        if news.status in (ResultStatus.ABORTED, ResultStatus.DELETED):
            raise self._lost(news.key)
        if news.status != ResultStatus.COMPLETED:
            self._missing[news.key] = news.status
            return False
        del self._missing[news.key]
        done = self._total - len(self._missing)
        self._report(f"{done} of {self._total} results are there.")
        return not self._missing

    def _look(self, channel: grpc.Channel) -> Iterator[News]:
        """Ask for the states of all missing results; of the last ones, also for their tasks'."""
        results = ArmoniKResults(channel)
        wanted, found = list(self._missing), []
        for page in batched(wanted, PAGE):
            _, found = results.list_results(any_of(page), page_size=PAGE)
            for result in found:
                yield News("result", result.result_id, result.status)
            if unknown := set(page) - {result.result_id for result in found}:
                raise self._lost(min(unknown))
        if len(wanted) <= FEW:
            owners = {result.result_id: result.owner_task_id for result in found}
            missing = {key: owners[key] for key in self._missing.copy() if owners.get(key)}
            if result_id := evidence.never_sent(channel, missing):
                raise self._lost(result_id)

    def _late(self, timeout: float) -> None:
        missing = list(self._missing)
        if not missing:  # the last one is being told at this moment
            return
        result, found = self._explained(missing[0])
        what = f"No result after {timeout:g} seconds."
        if self._total > 1:
            some = f"{len(missing):,} of {self._total:,} results are not there"
            what = f"{some} after {timeout:g} seconds; one is {result}."
        raise WaitTimeoutError(f"{what} {found.cause}", found.remedy)

    def _lost(self, result_id: str) -> ResultLostError:
        result, found = self._explained(result_id)
        which = f" {result}" if self._total > 1 else ""
        return ResultLostError(f"The result{which} will not come. {found.cause}", found.remedy)

    def _explained(self, result_id: str) -> tuple[str, Diagnosis]:
        """Return a result's name with its id, and why it does not come."""
        facts = evidence.collect(self._channel, self._session_id, result_id)
        name = f"{facts.result_name!r} ({result_id})" if facts.result_name else result_id
        return name, diagnose(facts)

    def _report(self, text: str, is_trouble: bool = False) -> None:
        if self._on_event is not None:
            done = self._total - len(self._missing)
            self._on_event(Progress(done, self._total, text, is_trouble))
