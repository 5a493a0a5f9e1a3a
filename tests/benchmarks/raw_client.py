"""The client of the raw limit: the calls of `hello.Hello`, without a library around them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import grpc
from armonik.common import EventTypes, batched
from armonik.protogen.client.events_service_pb2_grpc import EventsStub
from armonik.protogen.client.results_service_pb2_grpc import ResultsStub
from armonik.protogen.client.tasks_service_pb2_grpc import TasksStub
from armonik.protogen.common import events_common_pb2 as events
from armonik.protogen.common import results_common_pb2 as results
from armonik.protogen.common import tasks_common_pb2 as tasks

from .hello import LIMIT, WARM_UP, Hello
from .plan import BATCH
from .private_socket import ID, PAYLOAD
from .raw import COUNT, THERE, served

RESULTS = [EventTypes.NEW_RESULT, EventTypes.RESULT_STATUS_UPDATE]


class RawHello(Hello):
    """Has the same calls as `hello.Hello`; the server keeps nothing of it."""

    def __init__(self, channel: grpc.Channel) -> None:
        """Prepare the calls."""
        self._results = ResultsStub(channel)
        self._tasks = TasksStub(channel)
        self._events = EventsStub(channel)

    def once(self) -> None:
        """One hello: four calls, and a stream that tells of nothing but the output."""
        payload_ids, output_ids = self.create([PAYLOAD]), self.announce(1)
        self.submit(payload_ids, output_ids)
        self._wait(there=1, count=1)
        self.fetch(output_ids[0])

    def pause(self) -> None:
        """Nothing runs here."""

    def create(self, contents: Sequence[bytes]) -> list[str]:
        named = [{"name": f"p{number}", "data": data} for number, data in enumerate(contents)]
        return self._made(self._results.CreateResults, results.CreateResultsRequest, named)

    def announce(self, count: int) -> list[str]:
        named = [{"name": f"o{number}"} for number in range(count)]
        call, request = self._results.CreateResultsMetaData, results.CreateResultsMetaDataRequest
        return self._made(call, request, named)

    def _made(self, call: Any, request: Any, named: list[dict[str, Any]]) -> list[str]:
        replies = [call(request(session_id=ID, results=each)) for each in batched(named, BATCH)]
        return [made.result_id for reply in replies for made in reply.results]

    def submit(self, payload_ids: Sequence[str], output_ids: Sequence[str]) -> None:
        creations = [
            {"payload_id": payload_id, "expected_output_keys": [output_id]}
            for payload_id, output_id in zip(payload_ids, output_ids, strict=True)
        ]
        for batch in batched(creations, BATCH):
            self._tasks.SubmitTasks(tasks.SubmitTasksRequest(session_id=ID, task_creations=batch))

    def wait(self, output_ids: Sequence[str]) -> None:
        self._wait(there=2 * len(output_ids), count=len(output_ids))  # payloads are results, too

    def _wait(self, there: int, count: int) -> None:
        request = events.EventSubscriptionRequest(session_id=ID, returned_events=RESULTS)
        told = ((THERE, str(there)), (COUNT, str(count)))
        for _ in self._events.GetEvents(request, timeout=LIMIT, metadata=told):
            pass

    def check(self, data: Sequence[bytes]) -> None:
        """All answers are alike."""

    def fetch(self, result_id: str) -> bytes:
        request = results.DownloadResultDataRequest(session_id=ID, result_id=result_id)
        return b"".join(each.data_chunk for each in self._results.DownloadResultData(request))


@contextmanager
def client(workers: int = 0, *, by_grpc: bool = False) -> Iterator[RawHello]:
    """Start a raw server, and a client that has said hello."""
    with served(workers, by_grpc=by_grpc) as address, grpc.insecure_channel(address) as channel:
        hello = RawHello(channel)
        for _ in range(WARM_UP):
            hello.once()
        yield hello
