"""A worker of versions 3.14 to 3.19, as people wrote it then: it sends payloads along with tasks.

A task is a word, then numbers:

    sum      one number is the answer; more are split among two subtasks, which a third one joins
    join     adds the results that it depends on
    over     hands the numbers over to one subtask, in a payload that takes several chunks
    refused  submits a subtask with a priority that is too large
"""

import os
from dataclasses import replace

import grpc
from armonik.common import Output, TaskDefinition
from armonik.worker import ArmoniKWorker, ClefLogger

LARGE = 5 << 20  # bytes: more than two chunks


def process(task):
    word, *numbers = task.payload.decode().split()
    if word == "join":
        return answer(task, sum(int(data) for data in task.data_dependencies.values()))
    if word == "over":
        return submit(task, [definition(body(numbers) + b" " * LARGE, task.expected_results)])
    if word == "refused":
        options = replace(task.task_options, priority=99)
        return submit(task, [definition(body(numbers), task.expected_results)], options)
    if len(numbers) == 1:
        return answer(task, int(numbers[0]))
    # From 3.16 to 3.19 the method has another name, and fails: that was the library's own fault.
    ids = task.get_results_ids(["left", "right"])
    left, right = ids["left"], ids["right"]
    middle = len(numbers) // 2
    return submit(
        task,
        [
            definition(body(numbers[:middle]), [left]),
            definition(body(numbers[middle:]), [right]),
            definition(b"join", task.expected_results, [left, right]),
        ],
    )


def submit(task, definitions, options=None):
    created, errors = task.create_tasks(definitions, options)
    if errors or len({subtask.id for subtask in created}) != len(definitions):
        return Output(error=f"subtasks: {created}, errors: {errors}")
    return Output()


def definition(payload, outputs, data_dependencies=()):
    return TaskDefinition(
        payload=payload,
        expected_output_ids=list(outputs),
        data_dependencies=list(data_dependencies),
    )


def body(numbers):
    return ("sum " + " ".join(numbers)).encode()


def answer(task, number):
    """Sends the result; up to 3.15 the method has the first name, then the second."""
    if hasattr(task, "send_result"):
        task.send_result(task.expected_results[0], str(number).encode())
    else:
        task.send_results({task.expected_results[0]: str(number).encode()})
    return Output()


def address(name):
    return "unix://" + os.environ["ComputePlane__" + name + "Channel__Address"]


if __name__ == "__main__":
    ClefLogger.setup_logging()
    authority = (("grpc.default_authority", "localhost"),)
    with grpc.insecure_channel(address("Agent"), options=authority) as agent:
        ArmoniKWorker(agent, process).start(address("Worker"))
