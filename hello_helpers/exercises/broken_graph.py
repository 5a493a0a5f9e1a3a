"""A graph of tasks in which one fails: the exercise of lesson 09.

Eight tasks add numbers, four add two of their sums each, two add those, and one adds the last two.
One of the first eight gets a payload that the worker does not understand.
"""

from __future__ import annotations

import contextlib
import random

import grpc
from armonik.client import ArmoniKResults, ArmoniKSessions, ArmoniKTasks
from armonik.common import TaskDefinition

from hello_helpers.connect.grpc_errors import explained
from hello_helpers.errors import ResultLostError
from hello_helpers.messages import Payload
from hello_helpers.steps import create_session
from hello_helpers.wait.waiting import wait_for_results

LABELS = {"exercise": "09"}
"""Of the session, so that the check knows it."""

LEAVES = 8

BAD = b"1, 2, three"
"""What is no payload."""


def make_broken_session(channel: grpc.Channel, partition: str | None = None) -> str:
    """Run the graph until all of it is over, and close its session; return the session's id."""
    session_id = create_session(channel, partition, LABELS)
    with explained(channel):
        ids = _submit(channel, session_id, random.randrange(LEAVES))
        good = [result_id for result_id, fails in ids if not fails]
        wait_for_results(channel, session_id, good)
        with contextlib.suppress(ResultLostError):  # as it shall be
            wait_for_results(channel, session_id, [ids[-1][0]])
        ArmoniKSessions(channel).close_session(session_id)
    return session_id


def _submit(channel: grpc.Channel, session_id: str, bad: int) -> list[tuple[str, bool]]:
    """Submit all tasks at once; return their outputs, and which ones will never come."""
    results = ArmoniKResults(channel)
    count = 2 * LEAVES - 1
    announced = results.create_results_metadata([f"sum {n}" for n in range(count)], session_id)
    outputs = [announced[f"sum {n}"].result_id for n in range(count)]
    payloads = [Payload([n, n + 1]).serialize() for n in range(LEAVES)]
    inputs: list[list[str]] = [[] for _ in range(LEAVES)]
    fails = [n == bad for n in range(LEAVES)]
    for n in range(count - LEAVES):  # each of these adds two sums of before
        pair = slice(2 * n, 2 * n + 2)
        inputs.append(outputs[pair])
        payloads.append(Payload(outputs[pair]).serialize())
        fails.append(any(fails[pair]))
    payloads[bad] = BAD
    stored = results.create_results(
        {f"payload {n}": data for n, data in enumerate(payloads)}, session_id, batch_size=count
    )
    ArmoniKTasks(channel).submit_tasks(
        session_id,
        [
            TaskDefinition(
                payload_id=stored[f"payload {n}"].result_id,
                expected_output_ids=[outputs[n]],
                data_dependencies=inputs[n],
            )
            for n in range(count)
        ],
    )
    return list(zip(outputs, fails, strict=True))
