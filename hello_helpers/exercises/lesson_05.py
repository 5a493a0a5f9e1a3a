"""Lesson 05: the whole way, from the session to its end."""

from __future__ import annotations

import contextlib

import grpc
from armonik.client import ArmoniKSessions, ArmoniKTasks
from armonik.common import SessionStatus, Task, TaskStatus

from hello_helpers.errors import MessageError, RefusedError
from hello_helpers.exercises.core import Exercise, Wrong, wrong_if
from hello_helpers.exercises.looking import UNREADABLE, look_up, stored

RIGHT = sum(range(1, 51))

SOLUTION = """\
from armonik.client import ArmoniKSessions

from hello_helpers import create_payload, create_session, submit_task, wait_for_result

my_session_id = create_session(channel, hello_partition())
my_data = create_payload(channel, my_session_id, Payload(list(range(1, 51))))
submit_task(channel, my_session_id, my_data)
print("Result :", wait_for_result(channel, my_session_id, my_data.result_id).value)
ArmoniKSessions(channel).close_session(my_session_id)
"""


def _look(channel: grpc.Channel, answer: object) -> str:
    session = look_up(ArmoniKSessions(channel).get_session, answer, "session")
    wrong_if(
        session.options.options.get("hello") == "course",
        "This is the session that the lessons share.",
        "Create one of its own for this task.",
    )
    _, tasks = ArmoniKTasks(channel).list_tasks(Task.session_id == session.session_id)
    if not tasks:
        raise Wrong("ArmoniK has this session, but there is no task in it.", "Submit one to it.")
    status = SessionStatus(session.status).name
    done = [task for task in tasks if task.status == TaskStatus.COMPLETED]
    sums = [value for task in done for value in _values(channel, task)]
    wrong_if(
        status == "CANCELLED" and RIGHT not in sums,
        "This session was cancelled, and its tasks with it. So it gives no result any more.",
        "Do it again in a new session, and wait for the result.",
    )
    wrong_if(
        not done,
        f"The task of this session is not COMPLETED, but {TaskStatus(tasks[-1].status).name}.",
        "Wait for the result before you close the session.",
    )
    wrong_if(
        RIGHT not in sums,
        f"The result in this session is {', '.join(map(str, sums)) or UNREADABLE}.",
        "Add the numbers from 1 to 50, both included: range(1, 51), or n = 51 in the form.",
    )
    wrong_if(
        status == "RUNNING",
        "The result is right. But the session is still RUNNING.",
        "Close it.",
    )
    wrong_if(
        status != "CLOSED",
        f"The result is right. But the session is {status}.",
        "Close the next one.",
    )
    return f"One session, one task, the result {RIGHT}, and the session is closed. All of it!"


def _values(channel: grpc.Channel, task: Task) -> list[int | float]:
    """Return the sums that a task has stored."""
    values = []
    for result_id in task.expected_output_ids:
        with contextlib.suppress(MessageError, RefusedError):  # something else, or without data
            values.append(stored(channel, result_id, task.session_id))
    return values


exercise_05 = Exercise(
    "exercise_05",
    _look,
    (
        "Five steps: session, payload, submit, wait, close. There is a line for each.",
        "from hello_helpers import create_session, create_payload, submit_task, wait_for_result. "
        "You may also write the calls of the lessons yourself.",
        "from armonik.client import ArmoniKSessions, and close with "
        "ArmoniKSessions(channel).close_session(my_session_id), after the result is there.",
    ),
    SOLUTION,
)
