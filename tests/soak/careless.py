"""The careless one: floods, huge errors and uploads, thousands of subtasks, streams and calls.

A program of its own, so that what it costs is the server's time and not that of the polite ones.
It goes on until its input is closed, cancels what is left, and prints what was acknowledged.
"""

from __future__ import annotations

import json
import random
import sys
import threading
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from typing import Any

import grpc
from armonik.common import SessionStatus, TaskStatus
from armonik.protogen.common import events_common_pb2 as events
from armonik.protogen.common import results_common_pb2 as results

from tests.listings import TASKS

from .client import Persistent
from .ledger import Ledger

BATCH = 1_000
CHUNK = 2 * 1024 * 1024
OPEN = 4  # sessions that are left as they are; older ones are cancelled, and deleted later
ANY_END = (TaskStatus.COMPLETED, TaskStatus.CANCELLED, TaskStatus.ERROR)


class Careless(Persistent):
    """Does one careless thing after another; ``size`` 1 is that of a long soak."""

    def __init__(self, endpoint: str, seed: int, size: float) -> None:
        super().__init__(endpoint)
        self.done: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()
        self.ledgers: dict[str, Ledger] = {}
        self._chance, self._size = random.Random(seed), size

    def run(self, stopping: threading.Event) -> None:
        deeds = [self.flood, self.upload, self.burst, self.streams, self.calls, self.errors]
        deeds += [self.bomb, self.name]
        while True:
            for deed in deeds:
                if stopping.is_set():
                    return
                self._do(deed)
            self._chance.shuffle(deeds)

    def _do(self, deed: Callable[[str], None]) -> None:
        try:
            session_id = self._open({"learner": "careless"})
            deed(session_id)
            for old in list(self.ledgers)[:-OPEN]:
                self.cancel(old)
            for old in list(self.ledgers)[: -2 * OPEN]:
                self.delete(old)
        except grpc.RpcError as error:
            self.refused[error.code().name] += 1
        self.done[deed.__name__] += 1

    def _open(self, labels: dict[str, str]) -> str:
        options = {"hello": "own", **labels}
        session_id = self.call(lambda armonik: armonik.create_session(options=options))
        ledger = self.ledgers[session_id] = Ledger()
        ledger.session(session_id, SessionStatus.RUNNING)
        return session_id

    def _many(self, least: float) -> int:
        return max(1, int(least * self._size))

    def _submit(self, session_id: str, tasks: int, **payload: Any) -> None:
        """Submit so many tasks with one payload, and one output each."""
        text = json.dumps({"nap": 0, "pad": 0, **payload}).encode()
        payload_id = self.call(lambda armonik: armonik.create_data(session_id, text))
        self.ledgers[session_id].result(payload_id, text)
        for start in range(0, tasks, BATCH):
            self._submit_batch(session_id, payload_id, min(BATCH, tasks - start))

    def _submit_batch(self, session_id: str, payload_id: str, count: int) -> None:
        names = ["o"] * count
        outputs = self.call(lambda armonik: armonik.create_results(session_id, *names))
        creations = [{"payload_id": payload_id, "expected_output_keys": [key]} for key in outputs]
        for made in self.call(lambda armonik: armonik.submit_all(session_id, creations)):
            self.ledgers[session_id].task(made.task_id, *ANY_END)

    def flood(self, session_id: str) -> None:
        self._submit(session_id, self._many(3_000), op="square", value=1, nap=0.01)

    def errors(self, session_id: str) -> None:
        self._submit(session_id, 3, op="fail", size=self._many(5_000_000))

    def burst(self, session_id: str) -> None:
        self._submit(session_id, 1, op="burst", count=self._many(5_000))

    def upload(self, session_id: str) -> None:
        (result_id,) = self.call(lambda armonik: armonik.create_results(session_id, "large"))
        chunks = [self._chance.randbytes(CHUNK)] * self._many(100)
        self.call(lambda armonik: armonik.upload(session_id, result_id, *chunks))
        self.ledgers[session_id].result(result_id, *chunks)

    def bomb(self, session_id: str) -> None:
        """A message that is small on its way, and large where it arrives."""
        data = bytes(self._many(100_000_000))
        create = results.CreateResultsRequest.ResultCreate(name="zeros", data=data)
        request = results.CreateResultsRequest(session_id=session_id, results=[create])
        gzip = grpc.Compression.Gzip
        reply = self.call(lambda armonik: armonik.results.CreateResults(request, compression=gzip))
        self.ledgers[session_id].result(reply.results[0].result_id, data)

    def streams(self, session_id: str) -> None:
        self.call(lambda armonik: armonik.create_results(session_id, "to be told"))
        request = events.EventSubscriptionRequest(session_id=session_id)
        streams = [
            self.armonik.events.GetEvents(request, timeout=20) for _ in range(self._many(1_000))
        ]
        for stream in streams:
            next(stream)
        for stream in streams:
            stream.cancel()

    def calls(self, session_id: str) -> None:
        mine = TASKS.field("SESSION_ID").condition("EQUAL", session_id)
        request = TASKS.ask([mine])
        calls = [self.armonik.tasks.ListTasks.future(request) for _ in range(self._many(2_000))]
        for call in calls:
            if call.code() is not grpc.StatusCode.OK:
                self.refused[call.code().name] += 1

    def name(self, _session_id: str) -> None:
        self._open({"learner": "x" * self._many(3_900_000)})

    def cancel(self, session_id: str) -> None:
        ledger = self.ledgers[session_id]
        running, cancelled = int(SessionStatus.RUNNING), int(SessionStatus.CANCELLED)
        if running in ledger.sessions.get(session_id, ()):
            ledger.sessions[session_id] = [running, cancelled]
            try:
                self.call(lambda armonik: armonik.move("Cancel", session_id))
            except grpc.RpcError as error:
                if error.code() is not grpc.StatusCode.FAILED_PRECONDITION:
                    raise  # else a call that nobody answered has done it: the audit will see
            ledger.sessions[session_id] = [cancelled]

    def delete(self, session_id: str) -> None:
        """Nothing is promised any more but that it is gone."""
        if self.ledgers[session_id].sessions.get(session_id) != [None]:
            gone = self.ledgers[session_id] = Ledger()
            self.call(lambda armonik: armonik.move("Delete", session_id))
            gone.sessions[session_id] = [None]


def main() -> None:
    endpoint, seed, size = sys.argv[1:]
    stopping = threading.Event()
    threading.Thread(target=lambda: (sys.stdin.read(), stopping.set()), daemon=True).start()
    with closing(Careless(endpoint, int(seed), float(size))) as careless:
        careless.run(stopping)
        for session_id in list(careless.ledgers):
            careless.cancel(session_id)
    told = {
        "done": careless.done,
        "refused": careless.refused,
        "ledger": vars(Ledger.of_all(careless.ledgers.values())),
    }
    print(json.dumps(told))


if __name__ == "__main__":
    main()
