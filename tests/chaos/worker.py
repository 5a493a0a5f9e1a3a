"""The worker of the chaos test: it splits a list into subtasks, squares numbers, and adds.

A payload is JSON: {"op": "split", "values": […]}, {"op": "square", "value": …} or {"op": "add"};
"nap" is how long the task takes, in seconds, and "pad" how many bytes its result has more.
"""

from __future__ import annotations

import json
import time
from typing import Any

from armonik.common import Output, TaskDefinition
from armonik.worker import TaskHandler, armonik_worker


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


def send(task: TaskHandler, value: int, pad: int) -> None:
    data = json.dumps({"value": value, "pad": "." * pad}).encode()
    task.send_results({task.expected_results[0]: data})


OPERATIONS = {"split": split, "square": square, "add": add}


@armonik_worker()
def processor(task: TaskHandler) -> Output:
    payload = json.loads(task.payload)
    time.sleep(payload["nap"])
    OPERATIONS[payload["op"]](task, payload)
    return Output()


if __name__ == "__main__":
    processor.run()
