"""The work of the chaos, its right results, and a client that gets it done whatever happens.

The client never submits again what was acknowledged, and looks before it submits again what was not
(the call broke: was it heard or not?). So each task exists once, or something was lost or doubled.
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import grpc
from armonik.common import ResultStatus
from armonik.protogen.common import events_common_pb2 as events
from armonik.protogen.common import results_common_pb2

from tests.conformance.driver import ArmoniK
from tests.listings import TASKS

from .client import PATIENCE, Persistent
from .worker import answer

LEAVES = 5  # subtasks of a root, besides the one that adds
CHAIN = 10  # how many `add` tasks depend on each other in a row
LARGE = 100_000  # bytes: results as large as this are files, not rows
RETRIES = 100  # more than there are kills
BROKEN = (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED)  # so ends a stream


@dataclass
class Node:
    """A task that the client submits; `value` is what its result must be."""

    payload: dict[str, Any]
    value: int
    partition: str
    needs: list[Node] = field(default_factory=list)
    payload_id: str = ""
    output_id: str = ""

    @property
    def result(self) -> bytes:
        """The data that it must have in the end."""
        return answer(self.value, self.payload["pad"])


@dataclass(frozen=True)
class Job:
    """All tasks of the client, in batches; each depends on tasks of its own or earlier batches."""

    batches: list[list[Node]]

    @property
    def nodes(self) -> list[Node]:
        return [node for batch in self.batches for node in batch]

    @property
    def tasks(self) -> int:
        """How many tasks there are, subtasks included, retries not."""
        splits = sum(node.payload["op"] == "split" for node in self.nodes)
        return len(self.nodes) + splits * (LEAVES + 1)


def plan(chance: random.Random, roots: int, partitions: list[str], batch: int = 2) -> Job:
    """Return a job of ``roots`` times 1 + LEAVES + 1 + 1 tasks, spread over partitions."""
    batches: list[list[Node]] = []
    last: Node | None = None
    for start in range(0, roots, batch):
        nodes: list[Node] = []
        for number in range(start, min(roots, start + batch)):
            values = chance.sample(range(1000), LEAVES)  # distinct: they name results
            details = {
                "nap": round(chance.uniform(0, 0.08), 4),
                "pad": LARGE if chance.random() < 0.1 else 0,
            }
            split = {"op": "split", "values": values, **details}
            root = Node(split, sum(v * v for v in values), chance.choice(partitions))
            before = [last] if last and number % CHAIN else []
            total = root.value + sum(node.value for node in before)
            last = Node({"op": "add", **details}, total, chance.choice(partitions), [root, *before])
            nodes += [root, last]
        batches.append(nodes)
    return Job(batches)


class Client(Persistent):
    """Submits a job and collects its results; calls that break are tried again."""

    def __init__(self, endpoint: str, partitions: Iterable[str]) -> None:
        super().__init__(endpoint)
        self._partitions = list(partitions)
        self.looked_up = 0

    def open_session(self) -> str:
        return self.call(
            lambda armonik: armonik.create_session(self._partitions, max_retries=RETRIES)
        )

    def submit(self, session_id: str, nodes: list[Node]) -> None:
        """Submit a batch, once."""
        texts = [json.dumps(node.payload).encode() for node in nodes]
        request = results_common_pb2.CreateResultsRequest(
            session_id=session_id, results=[{"name": "payload", "data": text} for text in texts]
        )
        payloads = self.call(lambda armonik: armonik.results.CreateResults(request)).results
        outputs = self.call(
            lambda armonik: armonik.create_results(session_id, *["output"] * len(nodes))
        )
        for node, payload, output in zip(nodes, payloads, outputs, strict=True):
            node.payload_id, node.output_id = payload.result_id, output
        creations = [
            {
                "payload_id": node.payload_id,
                "expected_output_keys": [node.output_id],
                "data_dependencies": [need.output_id for need in node.needs],
                "task_options": self.armonik.options(
                    partition_id=node.partition, max_retries=RETRIES
                ),
            }
            for node in nodes
        ]
        while True:
            try:
                self.armonik.submit_all(session_id, creations)
                return
            except grpc.RpcError as error:
                if error.code() is not grpc.StatusCode.UNAVAILABLE:
                    raise
            self.reconnect()
            found = self.call(lambda armonik: submitted(armonik, session_id, nodes))
            assert found in (0, len(nodes)), f"{found} of {len(nodes)} tasks of a submission exist"
            if found:
                self.looked_up += 1
                return

    def wait(self, session_id: str, result_ids: set[str]) -> None:
        """Wait for results, over event streams that break, as long as any come."""
        missing, last = set(result_ids), time.monotonic()
        while missing:
            try:
                for result_id, status in statuses(self.armonik, session_id):
                    assert status != ResultStatus.ABORTED, f"{result_id} is ABORTED"
                    if status == ResultStatus.COMPLETED and result_id in missing:
                        missing.discard(result_id)
                        last = time.monotonic()
                    if not missing:
                        break
            except grpc.RpcError as error:
                if error.code() not in BROKEN or time.monotonic() > last + PATIENCE:
                    raise AssertionError(f"{len(missing)} results are missing: {error}") from error
                self.reconnect()


def statuses(armonik: ArmoniK, session_id: str) -> Iterator[tuple[str, int]]:
    """Yield what the event stream tells of results: id and status."""
    request = events.EventSubscriptionRequest(
        session_id=session_id,
        returned_events=[events.EVENTS_ENUM_NEW_RESULT, events.EVENTS_ENUM_RESULT_STATUS_UPDATE],
    )
    call = armonik.events.GetEvents(request, timeout=PATIENCE)
    try:
        for event in call:
            news = event.new_result if event.HasField("new_result") else event.result_status_update
            yield news.result_id, news.status
    finally:
        call.cancel()


def submitted(armonik: ArmoniK, session_id: str, nodes: list[Node]) -> int:
    """How many tasks exist of a batch; their payloads tell them apart from others."""
    total = 0
    for node in nodes:
        asked = {"SESSION_ID": session_id, "PAYLOAD_ID": node.payload_id, "CREATED_BY": ""}
        own = [TASKS.field(name).condition("EQUAL", value) for name, value in asked.items()]
        total += armonik.reply(TASKS, TASKS.ask(own, page_size=0)).total
    return total
