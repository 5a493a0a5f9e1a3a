"""The fast roads for thousands of tasks: batches, one stream of events, several downloads at once.

    data = create_payloads(channel, session_id, payloads)
    submit_all(channel, session_id, data)
    wait_all(channel, session_id, [each.result_id for each in data])
    contents = download_all(channel, session_id, [each.result_id for each in data])

What takes the time of a client is mostly the number of its calls. All of these share one channel,
can be cancelled from another thread, and end some day: each call has a deadline (see
`hello_helpers.connect.deadline`), and the wait has one of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor

import grpc
from armonik.client import ArmoniKResults, ArmoniKTasks
from armonik.common import TaskDefinition, TaskOptions, batched

from hello_helpers.connect.grpc_errors import explained
from hello_helpers.errors import InputError
from hello_helpers.messages import Payload
from hello_helpers.steps import Data
from hello_helpers.wait.cancellation import Cancellation
from hello_helpers.wait.waiting import wait_for_results

BATCH = 100
"""How many things one call carries; the client library's own number for most calls."""

BATCH_BYTES = 2_000_000
"""How much payload one call carries: its message is in memory as a whole, on both sides."""

AT_ONCE = 8
"""Downloads at the same time."""

wait_all = wait_for_results
"""Return when all results are COMPLETED: the wait for one result is the same for thousands."""


def create_payloads(
    channel: grpc.Channel,
    session_id: str,
    payloads: Iterable[Payload],
    batch_size: int = BATCH,
    cancellation: Cancellation | None = None,
    on_batch: Callable[[int], None] | None = None,
) -> list[Data]:
    """Store payloads, and announce a result for each; return their ids in the same order.

    Args:
        channel: to the control plane.
        session_id: the session that they belong to.
        payloads: what to store.
        batch_size: payloads in one call.
        cancellation: ends it between two batches.
        on_batch: called after each batch, with how many are stored by then.

    Raises:
        WaitCancelledError: if `cancellation` was used; what was stored stays.
        RefusedError, AccessDeniedError, NoAnswerError: if ArmoniK does not take them.
    """
    contents = [payload.serialize() for payload in payloads]
    largest = max(map(len, contents), default=1)
    batch_size = max(1, min(_at_least_one("batch_size", batch_size), BATCH_BYTES // largest))
    results, data = ArmoniKResults(channel), []
    for batch in batched(contents, batch_size):
        _check(cancellation)
        with explained(channel):
            # The answers are dictionaries keyed by name, so names must differ within a call.
            named = {str(number): content for number, content in enumerate(batch)}
            stored = results.create_results(named, session_id, batch_size=len(named))
            names = list(named)
            announced = results.create_results_metadata(names, session_id, batch_size=len(names))
        data += [Data(stored[name].result_id, announced[name].result_id) for name in named]
        if on_batch is not None:
            on_batch(len(data))
    return data


def submit_all(
    channel: grpc.Channel,
    session_id: str,
    data: Sequence[Data],
    batch_size: int = BATCH,
    options: TaskOptions | None = None,
    cancellation: Cancellation | None = None,
) -> list[str]:
    """Submit a task for each pair of payload and result; return the ids in the same order.

    A batch is accepted as a whole or not at all. If one is refused, those before it are submitted.

    Args:
        channel: to the control plane.
        session_id: the session of the data.
        data: what `create_payloads` has returned.
        batch_size: tasks in one call.
        options: of these tasks; None for those of the session.
        cancellation: ends it between two batches.
    """
    tasks, ids = ArmoniKTasks(channel), []
    for batch in batched(list(data), _at_least_one("batch_size", batch_size)):
        _check(cancellation)
        definitions = [
            TaskDefinition(payload_id=each.payload_id, expected_output_ids=[each.result_id])
            for each in batch
        ]
        with explained(channel):
            sent = tasks.submit_tasks(session_id, definitions, options, chunk_size=len(definitions))
        ids += [str(task.id) for task in sent]
    return ids


def download_all(
    channel: grpc.Channel,
    session_id: str,
    result_ids: Iterable[str],
    at_once: int = AT_ONCE,
    cancellation: Cancellation | None = None,
) -> list[bytes]:
    """Return the data of results in the order of their ids; several are under way at a time.

    Raises:
        WaitCancelledError: if `cancellation` was used.
        RefusedError: if there is no data for one of them.
    """
    results = ArmoniKResults(channel)

    def download(result_id: str) -> bytes:
        _check(cancellation)
        return bytes(results.download_result_data(result_id, session_id))

    pool = ThreadPoolExecutor(_at_least_one("at_once", at_once), "download")
    try:
        with explained(channel):
            return list(pool.map(download, result_ids))
    finally:
        pool.shutdown(wait=False, cancel_futures=True)  # after an error or Ctrl-C: no more of them


def _check(cancellation: Cancellation | None) -> None:
    if cancellation is not None:
        cancellation.check()


def _at_least_one(name: str, count: int) -> int:
    if count < 1:
        raise InputError(f"{name} must be at least 1, not {count}.")
    return count
