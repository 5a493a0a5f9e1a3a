"""Lesson 07: a worker of the learner's own, which is sent two tasks."""

from __future__ import annotations

import time

import grpc
from armonik.client import ArmoniKPartitions, ArmoniKResults, ArmoniKTasks
from armonik.common import Task, TaskStatus

from hello_helpers import diagnosis, facts
from hello_helpers.display.states import OVER
from hello_helpers.embedded import EmbeddedArmonik
from hello_helpers.errors import MessageError, RefusedError
from hello_helpers.exercises.core import Exercise, Wrong
from hello_helpers.messages import Payload, Result
from hello_helpers.private_armonik import endpoint_of
from hello_helpers.refusals import explained
from hello_helpers.steps import Data, create_payload, create_session, submit_task

NUMBERS = [1, 2, 6]
MEAN = 3

PATIENCE = 10.0
"""Seconds that the worker has for each task."""

LOOK_EVERY = 0.05

SOLUTION = '''\
from pathlib import Path

code = """\\
from armonik.common import Output
from armonik.worker import TaskHandler, armonik_worker

from hello_helpers.messages import Payload, Result


@armonik_worker()
def mean(task: TaskHandler) -> Output:
    numbers = Payload.deserialize(task.payload).values
    if not numbers:
        return Output("There are no numbers, so they have no mean.")
    result = Result(sum(numbers) / len(numbers))
    task.send_results({task.expected_results[0]: result.serialize()})
    return Output()


if __name__ == "__main__":
    mean.run()
"""
Path("mean_worker.py").write_text(code)
my_armonik = start("mean_worker.py")
'''


def _look(answer: object) -> str:
    if not isinstance(answer, EmbeddedArmonik):
        raise Wrong(
            f"This is an object of the class {type(answer).__name__}.",
            'start("mean_worker.py") returns what is asked for.',
        )
    if answer.process.poll() is not None:
        raise Wrong("This ArmoniK has ended.", 'Start it again: start("mean_worker.py").')
    with endpoint_of(answer).open_channel() as channel:
        with explained(channel):
            _, partitions = ArmoniKPartitions(channel).list_partitions()
        session_id = create_session(channel, partitions[0].id)
        _look_at_mean(channel, session_id)
        _look_at_nothing(channel, session_id)
    return f"The mean of {NUMBERS} is {MEAN}, and no numbers are an error. Your worker knows both."


def _look_at_mean(channel: grpc.Channel, session_id: str) -> None:
    task, data = _run(channel, session_id, NUMBERS)
    status = TaskStatus(task.status).name
    if status != "COMPLETED":
        why = (task.output.error or "") if task.output else ""
        raise Wrong(
            f"For {NUMBERS} the task ended as {status}. {why}",
            "worker_log(my_armonik) tells more. Mend the file, run its cell, and start it again.",
        )
    try:
        with explained(channel):
            content = ArmoniKResults(channel).download_result_data(data.result_id, session_id)
    except RefusedError:
        raise Wrong(
            f"For {NUMBERS} the task is COMPLETED, but your worker has sent no result.",
            "task.send_results takes a dictionary: {task.expected_results[0]: ...}.",
        ) from None
    try:
        value = Result.deserialize(content).value
    except MessageError as error:
        raise Wrong(
            f"The result cannot be read. {error}", "Send Result(...).serialize()."
        ) from None
    if value != MEAN:
        raise Wrong(
            f"For {NUMBERS} your worker answers {value}; the mean is {MEAN}.",
            "It is the sum, divided by how many there are.",
        )


def _look_at_nothing(channel: grpc.Channel, session_id: str) -> None:
    task, _ = _run(channel, session_id, [])
    status = TaskStatus(task.status).name
    if status == "RETRIED":
        raise Wrong(
            f"{NUMBERS} are right. But without numbers your worker raises an exception, and "
            "ArmoniK tries again in vain.",
            'Return Output("..."), before it divides by 0.',
        )
    if status != "ERROR":
        raise Wrong(
            f"{NUMBERS} are right. But without numbers the task is {status}.",
            'Return Output("..."), with a text that says what is wrong.',
        )


def _run(channel: grpc.Channel, session_id: str, numbers: list[int]) -> tuple[Task, Data]:
    """Send numbers; return the task when its first execution is over."""
    data = create_payload(channel, session_id, Payload(numbers))
    task_id = submit_task(channel, session_id, data)
    deadline = time.monotonic() + PATIENCE
    with explained(channel):
        while time.monotonic() < deadline:
            task = ArmoniKTasks(channel).get_task(task_id)
            if TaskStatus(task.status).name in OVER:
                return task, data
            time.sleep(LOOK_EVERY)
    found = diagnosis.diagnose(facts.collect(channel, session_id, data.result_id))
    raise Wrong(
        f"Your worker has not answered in {PATIENCE:g} seconds. {found.cause}", found.remedy
    )


exercise_07 = Exercise(
    "exercise_07",
    _look,
    (
        "A mean is the sum divided by how many there are. Without numbers it makes no sense: "
        "return an error first.",
        "sum(numbers) / len(numbers) is the value, Result(value).serialize() the bytes, and "
        "task.expected_results[0] the id.",
        "task.send_results({task.expected_results[0]: Result(sum(numbers) / len(numbers))"
        ".serialize()}) sends it.",
    ),
    SOLUTION,
)
