"""Lesson 09: the root of a failure."""

from __future__ import annotations

import grpc
from armonik.client import ArmoniKResults, ArmoniKSessions, ArmoniKTasks
from armonik.common import ResultStatus, Task, TaskStatus

from hello_helpers.connect.grpc_errors import explained
from hello_helpers.exercises.broken_graph import LABELS
from hello_helpers.exercises.core import Exercise, Wrong
from hello_helpers.exercises.looking import look_up

SOLUTION = """\
from armonik.common import ResultStatus

_, found = tasks.list_tasks(failed)
for task in found:
    inputs = [results.get_result(key) for key in task.data_dependencies]
    if all(one.status == ResultStatus.COMPLETED for one in inputs):
        my_task_id = task.id
"""


def _look(channel: grpc.Channel, answer: object) -> str:
    if isinstance(answer, Task):
        raise Wrong("This is the whole task.", "Its id is its attribute id.")
    task = look_up(channel, ArmoniKTasks(channel).get_task, answer, "task")
    with explained(channel):
        session = ArmoniKSessions(channel).get_session(task.session_id)
    labels = session.options.options.items()
    if not LABELS.items() <= labels:
        raise Wrong(
            "ArmoniK has this task, but it is in another session.",
            "Look at the tasks of the session broken_id.",
        )
    status = TaskStatus(task.status).name
    if status != "ERROR":
        raise Wrong(f"This task is {status}: it did its work.", "Look among those with ERROR.")
    if lost := _lost_inputs(channel, task):
        raise Wrong(
            f"This task has failed only because it never got {lost} of its inputs. It is a victim.",
            "Its error names another task: look at that one.",
        )
    with explained(channel):
        total, _ = ArmoniKTasks(channel).list_tasks(
            (Task.session_id == task.session_id) & (Task.status == TaskStatus.ERROR), page_size=1
        )
    return (
        f"All its inputs were there, so it has failed by itself. {total - 1} others fell with it."
    )


def _lost_inputs(channel: grpc.Channel, task: Task) -> int:
    """Return how many results that the task depends on never came."""
    results = ArmoniKResults(channel)
    with explained(channel):
        inputs = [results.get_result(key) for key in task.data_dependencies]
    return sum(result.status != ResultStatus.COMPLETED for result in inputs)


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
