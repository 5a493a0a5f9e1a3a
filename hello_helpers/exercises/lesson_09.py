"""Lesson 09: the root of a failure."""

from __future__ import annotations

import grpc
from armonik.client import ArmoniKResults, ArmoniKSessions, ArmoniKTasks
from armonik.common import ResultStatus, Task, TaskStatus

from hello_helpers.exercises.broken_graph import LABELS
from hello_helpers.exercises.core import Exercise, wrong_if
from hello_helpers.exercises.looking import look_up, not_a_whole_task

SOLUTION = """\
from armonik.common import ResultStatus

_, found = tasks.list_tasks(failed)
for task in found:
    inputs = [results.get_result(key) for key in task.data_dependencies]
    if all(one.status == ResultStatus.COMPLETED for one in inputs):
        my_task_id = task.id
"""


def _look(channel: grpc.Channel, answer: object) -> str:
    not_a_whole_task(answer)
    tasks = ArmoniKTasks(channel)
    task = look_up(tasks.get_task, answer, "task")
    session = ArmoniKSessions(channel).get_session(task.session_id)
    wrong_if(
        not LABELS.items() <= session.options.options.items(),
        "ArmoniK has this task, but it is in another session.",
        "Look at the tasks of the session broken_id.",
    )
    status = TaskStatus(task.status).name
    wrong_if(
        status != "ERROR",
        f"This task is {status}: it did its work.",
        "Look among those with ERROR.",
    )
    inputs = [ArmoniKResults(channel).get_result(key) for key in task.data_dependencies]
    lost = sum(result.status != ResultStatus.COMPLETED for result in inputs)
    wrong_if(
        lost > 0,
        f"This task has failed only because it never got {lost} of its inputs. It is a victim.",
        "Its error names another task: look at that one.",
    )
    total, _ = tasks.list_tasks(
        (Task.session_id == task.session_id) & (Task.status == TaskStatus.ERROR), page_size=1
    )
    return (
        f"All its inputs were there, so it has failed by itself. {total - 1} others fell with it."
    )


exercise_09 = Exercise(
    "exercise_09",
    _look,
    (
        "tasks.list_tasks(failed) returns how many there are, and a list of them. "
        "Read their errors: task.output.error.",
        "Three of the errors name a task by its id, and all of them the same one: look at that.",
        "Or look at the inputs: only the root has all of its data_dependencies COMPLETED.",
    ),
    SOLUTION,
)
