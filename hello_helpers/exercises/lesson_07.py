"""Lesson 07: a worker of the learner's own, which is sent two tasks."""

from __future__ import annotations

import re
import time

import grpc
from armonik.client import ArmoniKPartitions, ArmoniKTasks
from armonik.common import Task, TaskStatus

from hello_helpers.connect.grpc_errors import explained
from hello_helpers.course.private_armonik import (
    PrivateArmonik,
    endpoint_of,
    last_error,
)
from hello_helpers.course.worker_mistakes import remedy_of
from hello_helpers.display.signs import OVER
from hello_helpers.errors import MessageError, RefusedError
from hello_helpers.exercises.core import Exercise, Wrong, wrong_if
from hello_helpers.exercises.looking import error_of, running, stored
from hello_helpers.messages import Payload
from hello_helpers.steps import Data, create_payload, create_session, submit_task
from hello_helpers.wait import diagnosis
from hello_helpers.wait import evidence as facts

NUMBERS = [1, 2, 6]
MEAN = 3

PATIENCE = 10.0
"""Seconds that the worker has for each task."""

LOOK_EVERY = 0.05

NO_OUTPUT = re.compile(r"AttributeError: '(\w+)' object has no attribute 'to_message'")
"""How the worker's log tells that its function has returned something that is no Output."""

NOT_ITS_ARGUMENTS = re.compile(r"TypeError: \w+\(\) (missing|takes) .*")
"""How it tells that its function does not take what it is called with."""

NOT_STORED = "cannot be committed:"
"""So the embedded ArmoniK tells of a task whose worker did something impossible."""

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
    armonik = running(answer, 'start("mean_worker.py")')
    with endpoint_of(armonik).open_channel() as channel, explained(channel):
        _, partitions = ArmoniKPartitions(channel).list_partitions()
        session_id = create_session(channel, partitions[0].id)
        _look_at_mean(armonik, channel, session_id)
        _look_at_nothing(armonik, channel, session_id)
    return f"The mean of {NUMBERS} is {MEAN}, and no numbers are an error. Your worker knows both."


def _look_at_mean(armonik: PrivateArmonik, channel: grpc.Channel, session_id: str) -> None:
    task, data = _run(armonik, channel, session_id, NUMBERS, f"For {NUMBERS}", "Mend that")
    status = TaskStatus(task.status).name
    wrong_if(
        status != "COMPLETED",
        f"For {NUMBERS} the task ended as {status}. {error_of(task)}".rstrip(),
        "worker_log(my_armonik) tells more. Mend the file, run its cell, and start it again.",
    )
    try:
        value = stored(channel, data.result_id, session_id)
    except RefusedError:
        raise Wrong(
            f"For {NUMBERS} the task is COMPLETED, but your worker has sent no result.",
            "task.send_results takes a dictionary: {task.expected_results[0]: ...}.",
        ) from None
    except MessageError as error:
        raise Wrong(
            f"The result cannot be read. {error}", "Send Result(...).serialize()."
        ) from None
    wrong_if(
        value != MEAN,
        f"For {NUMBERS} your worker answers {value}; the mean is {MEAN}.",
        "It is the sum, divided by how many there are.",
    )


def _look_at_nothing(armonik: PrivateArmonik, channel: grpc.Channel, session_id: str) -> None:
    when = f"{NUMBERS} are right. But without numbers"
    mend = 'Return Output("...") before it can happen'
    task, _ = _run(armonik, channel, session_id, [], when, mend)
    status = TaskStatus(task.status).name
    wrong_if(
        status != "ERROR",
        f"{NUMBERS} are right. But without numbers the task is {status}.",
        'Return Output("..."), with a text that says what is wrong.',
    )


def _accident(armonik: PrivateArmonik, task: Task, when: str, mend: str) -> Wrong:
    """Tell of an execution that ended by an exception: whose it was, and where."""
    told = error_of(task)
    if NOT_STORED in told:
        return Wrong(
            f"{when} your worker ends well, but ArmoniK cannot store what it has sent: "
            f"{told.partition(NOT_STORED)[2].strip()}",
            "task.send_results takes a dictionary: {task.expected_results[0]: ...}. That is an id, "
            "and not a name of yours.",
        )
    error = last_error(armonik)
    if no_output := NO_OUTPUT.search(error):
        kind = no_output[1]
        found = "nothing (None)" if kind == "NoneType" else f"an object of the class {kind}"
        return Wrong(
            f"{when} your worker returns {found}, and no Output, so its agent cannot read it.",
            'Return Output("...") for an error, and Output() if all is well. Start it again then.',
        )
    if NOT_ITS_ARGUMENTS.search(error):
        return Wrong(
            f"{when} your worker cannot be called: its function is given one argument, the task.",
            "Begin it with def mean(task: TaskHandler) -> Output, and start it again.",
            error,
        )
    return Wrong(
        f"{when} your worker raises an exception: this execution is RETRIED, and the last one will "
        "be ERROR.",
        f"{remedy_of(error) or f'{mend}.'} Then run the cell, and start it again. "
        "worker_log(my_armonik) tells more.",
        error,
    )


def _run(
    armonik: PrivateArmonik,
    channel: grpc.Channel,
    session_id: str,
    numbers: list[int],
    when: str,
    mend: str,
) -> tuple[Task, Data]:
    """Send numbers; return the task when its first execution is over.

    Raises:
        Wrong: it has ended by an exception, or not in time; `when` and `mend` are told then.
    """
    data = create_payload(channel, session_id, Payload(numbers))
    task_id = submit_task(channel, session_id, data)
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        task = ArmoniKTasks(channel).get_task(task_id)
        if task.status == TaskStatus.RETRIED:
            raise _accident(armonik, task, when, mend)
        if TaskStatus(task.status).name in (*OVER, "RETRIED"):
            return task, data
        time.sleep(LOOK_EVERY)
    known = facts.collect(channel, session_id, data.result_id)
    silent = f"Your worker has not answered in {PATIENCE:g} seconds."
    if known.complaints:  # of pods: their worker ends as soon as it has started
        raise Wrong(
            f"{silent} Its program ends at once.",
            "Mend the file, run its cell, and start it again.",
            last_error(armonik) or "It said nothing. Is the last line there, mean.run()?",
        )
    if known.task_status == "PROCESSING":
        raise Wrong(
            f"Your function is still running: ArmoniK has called it {known.running_seconds:.0f} "
            f"seconds ago, and lets it run for {known.max_seconds:g}.",
            "Look for a loop that has no end, or a sys.exit(). Mend it, and start it again.",
        )
    found = diagnosis.diagnose(known)
    raise Wrong(f"{silent} {found.cause}", found.remedy)


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
