"""Our client: one hello, and many at once, in the calls of ArmoniK's client library."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from unittest import mock

import grpc
from armonik.client import ArmoniKEvents, ArmoniKResults, ArmoniKSessions, ArmoniKTasks
from armonik.common import (
    EventTypes,
    ResultStatus,
    Task,
    TaskDefinition,
    TaskOptions,
    TaskStatus,
    create_channel,
)
from armonik.protogen.client.events_service_pb2_grpc import EventsStub
from armonik.protogen.common.events_common_pb2 import EventSubscriptionRequest

from hello_helpers.embedded import HELLO_WORKER, EmbeddedArmonik, QueueRules
from hello_helpers.messages import Payload, Result

from .plan import BATCH

NUMBERS = [1, 2, 3]

LIMIT = 1200.0
"""Seconds after which a wait is given up."""

WARM_UP = 20

ENDED = (TaskStatus.COMPLETED, TaskStatus.CANCELLED, TaskStatus.ERROR, TaskStatus.TIMEOUT)


class Hello:
    """One client, one session. `raw_client.RawHello` has the same calls."""

    def __init__(self, armonik: EmbeddedArmonik, channel: grpc.Channel) -> None:
        self.armonik = armonik
        self._channel = channel
        self._results = ArmoniKResults(channel)
        self._tasks = ArmoniKTasks(channel)
        self._events = ArmoniKEvents(channel)
        self._stream = EventsStub(channel)
        self._sessions = ArmoniKSessions(channel)
        options = TaskOptions(max_duration=timedelta(minutes=5), priority=1, max_retries=1)
        self.session_id = self._sessions.create_session(options)

    def once(self) -> None:
        """Create data, submit, wait, download: one hello, as the lessons do it."""
        session_id = self.session_id
        payload = self._results.create_results({"p": Payload(NUMBERS).serialize()}, session_id)
        output = self._results.create_results_metadata(["o"], session_id)["o"].result_id
        self._tasks.submit_tasks(session_id, [TaskDefinition(payload["p"].result_id, [output])])
        self._events.wait_for_result_availability(output, session_id)
        data = self._results.download_result_data(output, session_id)
        assert Result.deserialize(data).value == sum(NUMBERS)

    def another(self) -> Hello:
        """Return another client on the same channel, with a session of its own."""
        return Hello(self.armonik, self._channel)

    def pause(self) -> None:
        """Have no task run: what is submitted from now on is only kept."""
        self._sessions.pause_session(self.session_id)

    def resume(self) -> None:
        """Have the tasks run that were kept."""
        self._sessions.resume_session(self.session_id)

    def cancel(self) -> None:
        """Have no task run any more."""
        self._sessions.cancel_session(self.session_id)

    def unfinished(self) -> int:
        """Return how many tasks have not ended."""
        counts = self._tasks.count_tasks_by_status(Task.session_id == self.session_id)
        return sum(counts.values()) - sum(counts.get(status, 0) for status in ENDED)

    def create(self, contents: Sequence[bytes]) -> list[str]:
        """Store data; return the ids of the results."""
        named = {f"p{number}": content for number, content in enumerate(contents)}
        stored = self._results.create_results(named, self.session_id, batch_size=BATCH)
        return [stored[name].result_id for name in named]

    def announce(self, count: int) -> list[str]:
        """Create results without data; return their ids."""
        names = [f"o{number}" for number in range(count)]
        made = self._results.create_results_metadata(names, self.session_id, batch_size=BATCH)
        return [made[name].result_id for name in names]

    def submit(self, payload_ids: Sequence[str], output_ids: Sequence[str]) -> None:
        """Submit a task for each pair of ids."""
        definitions = [
            TaskDefinition(payload_id, [output_id])
            for payload_id, output_id in zip(payload_ids, output_ids, strict=True)
        ]
        self._tasks.submit_tasks(self.session_id, definitions, chunk_size=BATCH)

    def wait(self, output_ids: Sequence[str]) -> None:
        """Return when all of these results are there."""
        missing = set(output_ids)
        request = EventSubscriptionRequest(
            session_id=self.session_id,
            returned_events=[EventTypes.NEW_RESULT, EventTypes.RESULT_STATUS_UPDATE],
        )
        call = self._stream.GetEvents(request, timeout=LIMIT)
        for message in call:
            event = getattr(message, message.WhichOneof("update"))
            if event.status == ResultStatus.COMPLETED:
                missing.discard(event.result_id)
            elif event.status != ResultStatus.CREATED and event.result_id in missing:
                raise RuntimeError(f"A result will not come: its status is {event.status}")
            if not missing:
                break
        call.cancel()

    def download(self, result_ids: Sequence[str], at_once: int) -> list[bytes]:
        """Return the data of results, several at once."""
        with ThreadPoolExecutor(at_once) as pool:
            return list(pool.map(self.fetch, result_ids))

    def fetch(self, result_id: str) -> bytes:
        """Return the data of one result."""
        return self._results.download_result_data(result_id, self.session_id)

    def check(self, data: Sequence[bytes]) -> None:
        """See whether these are the answers to `payloads`."""
        values = [Result.deserialize(each).value for each in data]
        assert values == [number + 1 for number in range(len(data))]


@contextmanager
def client(
    data: str | None = None,
    worker: Sequence[str] = HELLO_WORKER,
    queues: QueueRules | None = None,
) -> Iterator[Hello]:
    """Start an embedded ArmoniK with two pods, and a client that has said hello."""
    with (
        EmbeddedArmonik({"default": worker}, data=data, queues=queues) as armonik,
        create_channel(armonik.endpoint) as channel,
    ):
        hello = Hello(armonik, channel)
        for _ in range(WARM_UP):
            hello.once()
        yield hello


def payloads(count: int) -> list[bytes]:
    """Return payloads of hellos, no two alike."""
    return [Payload([number, 1]).serialize() for number in range(count)]


@contextmanager
def isolated(folder: str) -> Iterator[None]:
    """Use a private folder: the shared embedded ArmoniK of the user is not touched."""
    with mock.patch.dict(os.environ, {"HELLO_ARMONIK_DIR": folder}):
        yield
