"""The worker of a soak: the hello worker, and more that a payload may ask for.

A payload is that of the hello worker, or JSON: {"op": "split", "values": […]},
{"op": "square", "value": …}, {"op": "add"}, {"op": "burst", "count": …} or
{"op": "fail", "size": …}; "nap" is how long the task takes, in seconds, and "pad" how many bytes
its result has more.
"""

from __future__ import annotations

import json
import time
from typing import Any

from armonik.common import Output, TaskDefinition
from armonik.worker import TaskHandler, armonik_worker

from hello_helpers.worker import hello


def split(task: TaskHandler, payload: dict[str, Any]) -> None:
    """A subtask for each value, and one that adds their results up, to this task's own output."""
    values = payload["values"]
    names = [f"square {value}" for value in values]
    squares = task.create_results_metadata(names)
    details = {key: payload[key] for key in ("nap", "pad")}
    payloads = task.create_results(
        {
            **{
                f"do {name}": json.dumps({"op": "square", "value": value, **details}).encode()
                for name, value in zip(names, values, strict=True)
            },
            "sum": json.dumps({"op": "add", **details}).encode(),
        }
    )
    task.submit_tasks(
        [
            TaskDefinition(payloads[f"do {name}"].result_id, [squares[name].result_id])
            for name in names
        ]
    )
    task.submit_tasks(
        [
            TaskDefinition(
                payloads["sum"].result_id,
                task.expected_results,
                data_dependencies=[squares[name].result_id for name in names],
            )
        ]
    )


def square(task: TaskHandler, payload: dict[str, Any]) -> None:
    send(task, payload["value"] ** 2, payload["pad"])


def add(task: TaskHandler, payload: dict[str, Any]) -> None:
    total = sum(json.loads(data)["value"] for _, data in task.data_dependencies.items())
    send(task, total, payload["pad"])


def burst(task: TaskHandler, payload: dict[str, Any]) -> None:
    """Many subtasks that do nothing."""
    names = [str(number) for number in range(payload["count"])]
    nothing = {"op": "square", "value": 0, "nap": 0, "pad": 0}
    made = task.create_results({"nothing": json.dumps(nothing).encode()})["nothing"]
    outputs = task.create_results_metadata(names)
    task.submit_tasks([TaskDefinition(made.result_id, [outputs[name].result_id]) for name in names])
    send(task, payload["count"], 0)


def fail(_task: TaskHandler, payload: dict[str, Any]) -> Output:
    return Output(f"It failed: {'x' * payload['size']}")


def send(task: TaskHandler, value: int, pad: int) -> None:
    task.send_results({task.expected_results[0]: answer(value, pad)})


def answer(value: int, pad: int) -> bytes:
    return json.dumps({"value": value, "pad": "." * pad}).encode()


OPERATIONS = {"split": split, "square": square, "add": add, "burst": burst, "fail": fail}


@armonik_worker()
def processor(task: TaskHandler) -> Output:
    payload = json.loads(task.payload)
    if "op" not in payload:
        return hello(task)
    time.sleep(payload["nap"])
    return OPERATIONS[payload["op"]](task, payload) or Output()


if __name__ == "__main__":
    processor.run()
