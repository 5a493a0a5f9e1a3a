"""Lesson 04: submit a task with a priority of its own."""

from __future__ import annotations

import grpc
from armonik.client import ArmoniKResults, ArmoniKTasks
from armonik.common import TaskStatus

from hello_helpers.exercises.core import Exercise, Wrong, wrong_if
from hello_helpers.exercises.looking import error_of, look_up, not_a_whole_task

PRIORITY = 5

SOLUTION = """\
from datetime import timedelta

from armonik.common import TaskOptions

payload = Payload([10, 20, 30])
stored = results.create_results({"my payload": payload.serialize()}, session_id)
announced = results.create_results_metadata(["my result"], session_id)

my_task = TaskDefinition(
    payload_id=stored["my payload"].result_id,
    expected_output_ids=[announced["my result"].result_id],
    options=TaskOptions(
        max_duration=timedelta(minutes=5), priority=5, max_retries=5
    ),
)
my_task_id = tasks.submit_tasks(session_id, [my_task])[0].id
"""


def _look(channel: grpc.Channel, answer: object) -> str:
    not_a_whole_task(answer)
    try:
        task = look_up(ArmoniKTasks(channel).get_task, answer, "task")
    except Wrong:
        _not_a_result(channel, answer)
        raise
    status, priority = TaskStatus(task.status).name, task.options.priority
    wrong_if(
        status in ("ERROR", "TIMEOUT", "CANCELLED", "CANCELLING"),
        f"ArmoniK has this task, but it ended as {status}. {error_of(task)}".strip(),
        "Mend that, and submit another one.",
    )
    wrong_if(
        priority != PRIORITY,
        f"ArmoniK has this task, and its priority is {priority}.",
        f"Give TaskDefinition options with priority={PRIORITY}, and submit another one.",
    )
    return f"ArmoniK has your task with priority {PRIORITY}. Its status is {status}."


def _not_a_result(channel: grpc.Channel, key: object) -> None:
    """Raise if the id is that of a result, which is easily mixed up with a task."""
    try:
        look_up(ArmoniKResults(channel).get_result, key, "result")
    except Wrong:
        return
    raise Wrong(
        "This is the id of a result, and not of a task.",
        "The id of the task is in what submit_tasks returns.",
    )


exercise_04 = Exercise(
    "exercise_04",
    _look,
    (
        "You need a new payload, a new announced result, and a TaskDefinition.",
        "TaskDefinition takes options=, which go over those of the session. TaskOptions wants "
        "max_duration, priority and max_retries; what you leave out is as in the session.",
        "from datetime import timedelta; from armonik.common import TaskOptions; then "
        "TaskOptions(max_duration=timedelta(minutes=5), priority=5, max_retries=5). "
        "submit_tasks returns a list; the id of its first task is [0].id.",
    ),
    SOLUTION,
)
