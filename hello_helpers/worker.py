"""The hello worker: the program that adds the numbers, on the other side of ArmoniK.

It is a plain ArmoniK worker. A scheduling agent starts beside it, calls it for each task, and tells
it by four environment variables where they meet (``ComputePlane__WorkerChannel__Address`` and so
on; `armonik_worker` reads them). It runs as it stands in a pod of a real cluster::

    python -m hello_helpers.worker

A task with few values is added up at once. A task with many is split: two *subtasks* add one half
each, and a third task, which depends on their results, adds these two. That third task is
given the result that was expected from the first one, so whoever waits for it notices nothing.
"""

from __future__ import annotations

import math
import time

from armonik.common import Output, TaskDefinition
from armonik.worker import TaskHandler, armonik_worker

from hello_helpers.errors import MessageError
from hello_helpers.messages import SECONDS_OPTION, Payload, Result


@armonik_worker()
def hello(task: TaskHandler) -> Output:
    """Process one task. What comes back is `Output()` for success, or `Output("what is wrong")`.

    An error that is returned reaches the client as it is. An exception would not: on a cluster the
    client would read "Failed to serialize response!", and the task would be tried again in vain.
    """
    try:
        if seconds := task.task_options.options.get(SECONDS_OPTION):
            time.sleep(float(seconds))
    except (ValueError, OverflowError):
        return Output(f"The task option {SECONDS_OPTION} must be a number of seconds.")
    try:
        payload = Payload.deserialize(task.payload)
        count = len(task.expected_results)
        if count != 1:
            return Output(f"The hello worker gives one result, but the task expects {count}.")
        if payload.result_ids:
            return _join(task, payload.result_ids)
        if len(payload.numbers) > payload.subtask_threshold:
            return _split(task, payload.numbers, payload.subtask_threshold)
        return _answer(task, payload.numbers)
    except MessageError as error:
        return Output(f"The hello worker does not understand its task: {error}")
    except OverflowError:
        return Output("The sum is too large for a number of Python and JSON.")


def _answer(task: TaskHandler, numbers: list[int | float]) -> Output:
    """Give the sum as the task's result."""
    total = sum(numbers)
    if isinstance(total, float) and not math.isfinite(total):
        raise OverflowError  # two large numbers make an infinite one, without an error
    task.send_results({task.expected_results[0]: Result(total).serialize()})
    return Output()


def _split(task: TaskHandler, numbers: list[int | float], threshold: int) -> Output:
    """Hand the work to two subtasks, and to a third task that joins them."""
    middle = len(numbers) // 2
    # The answers are dictionaries keyed by name, so names must differ within a call.
    halves = task.create_results_metadata(["first", "second"])
    half_ids = [halves["first"].result_id, halves["second"].result_id]
    payloads = task.create_results(
        {
            "add first": Payload(numbers[:middle], threshold).serialize(),
            "add second": Payload(numbers[middle:], threshold).serialize(),
            "join": Payload(half_ids, threshold).serialize(),
        },
        batch_size=3,  # all three in one call
    )
    task.submit_tasks(
        [
            TaskDefinition(payloads["add first"].result_id, expected_output_ids=[half_ids[0]]),
            TaskDefinition(payloads["add second"].result_id, expected_output_ids=[half_ids[1]]),
            TaskDefinition(
                payload_id=payloads["join"].result_id,
                data_dependencies=half_ids,  # it starts when both are there
                expected_output_ids=task.expected_results,
            ),
        ],
        default_task_options=task.task_options,  # else the session's, which may differ
    )
    return Output()


def _join(task: TaskHandler, result_ids: list[str]) -> Output:
    """Add the results of the subtasks."""
    missing = [result_id for result_id in result_ids if result_id not in task.data_dependencies]
    if missing:
        return Output(f"The task is to add results that it does not depend on: {missing}")
    halves = [Result.deserialize(task.data_dependencies[result_id]) for result_id in result_ids]
    return _answer(task, [half.value for half in halves])


if __name__ == "__main__":
    # On ports ArmoniK tells URLs, and the decorator puts "http://" before what it is told.
    hello.worker_endpoint = hello.worker_endpoint.replace("http://http://", "")
    hello.agent_endpoint = hello.agent_endpoint.replace("http://http://", "http://")
    hello.run()
