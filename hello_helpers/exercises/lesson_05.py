"""Lesson 05: the whole way, from the session to its end."""

from __future__ import annotations

import grpc
from armonik.client import ArmoniKResults, ArmoniKSessions, ArmoniKTasks
from armonik.common import SessionStatus, Task, TaskStatus

from hello_helpers.connect.grpc_errors import explained
from hello_helpers.errors import MessageError, RefusedError
from hello_helpers.exercises.core import Exercise, Wrong
from hello_helpers.exercises.looking import look_up
from hello_helpers.messages import Result

RIGHT = sum(range(1, 51))

SOLUTION = """\
from armonik.client import ArmoniKSessions

from hello_helpers import create_session, wait_for_result

my_session_id = create_session(channel, hello_partition())
my_data = create_payload(channel, my_session_id, Payload(list(range(1, 51))))
submit_task(channel, my_session_id, my_data)
print("Result :", wait_for_result(channel, my_session_id, my_data.result_id).value)
ArmoniKSessions(channel).close_session(my_session_id)
"""


def _look(channel: grpc.Channel, answer: object) -> str:
    session = look_up(channel, ArmoniKSessions(channel).get_session, answer, "session")
    if session.options.options.get("hello") == "course":
        raise Wrong(
            "This is the session that the lessons share.", "Create one of its own for this task."
        )
    with explained(channel):
        _, tasks = ArmoniKTasks(channel).list_tasks(Task.session_id == session.session_id)
    if not tasks:
        raise Wrong("ArmoniK has this session, but there is no task in it.", "Submit one to it.")
    status = SessionStatus(session.status).name
    done = [task for task in tasks if task.status == TaskStatus.COMPLETED]
    sums = [value for task in done for value in _values(channel, task)]
    if status == "CANCELLED" and RIGHT not in sums:
        raise Wrong(
            "This session was cancelled, and its tasks with it. So it gives no result any more.",
            "Do it again in a new session, and wait for the result.",
        )
    if not done:
        raise Wrong(
            f"The task of this session is not COMPLETED, but {TaskStatus(tasks[-1].status).name}.",
            "Wait for the result before you close the session.",
        )
    if RIGHT not in sums:
        found = ", ".join(map(str, sums)) or "nothing that can be read"
        raise Wrong(
            f"The result in this session is {found}.",
            "Add the numbers from 1 to 50, both included: range(1, 51), or n = 51 in the form.",
        )
    if status == "RUNNING":
        raise Wrong("The result is right. But the session is still RUNNING.", "Close it.")
    if status != "CLOSED":
        raise Wrong(f"The result is right. But the session is {status}.", "Close the next one.")
    return f"One session, one task, the result {RIGHT}, and the session is closed. All of it!"


def _values(channel: grpc.Channel, task: Task) -> list[int | float]:
    """Return the sums that a task has stored."""
    values = []
    for result_id in task.expected_output_ids:
        try:
            with explained(channel):
                data = ArmoniKResults(channel).download_result_data(result_id, task.session_id)
            values.append(Result.deserialize(data).value)
        except (MessageError, RefusedError):  # a result of something else, or without data
            continue
    return values


exercise_05 = Exercise(
    "exercise_05",
    _look,
    (
        "Five steps: session, payload, submit, wait, close. There is a line for each.",
        "hello_helpers has create_session, create_payload, submit_task and wait_for_result. "
        "You may also write the calls of the lessons yourself.",
        "Close with ArmoniKSessions(channel).close_session(my_session_id), after the result is "
        "there.",
    ),
    SOLUTION,
)
