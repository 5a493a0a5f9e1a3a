"""Lesson 10: the same sum, with tasks of a better size."""

from __future__ import annotations

import grpc
from armonik.client import ArmoniKSessions, ArmoniKTasks
from armonik.common import SessionStatus, Task, TaskStatus

from hello_helpers.batches import download_all
from hello_helpers.errors import MessageError, RefusedError
from hello_helpers.exercises.core import Exercise, Wrong, wrong_if
from hello_helpers.exercises.looking import look_up
from hello_helpers.messages import Result

NUMBERS = 10_000
RIGHT = sum(range(NUMBERS))
FEWEST, MOST = 20, 200

SOLUTION = """\
my_session_id = create_session(channel, hello_partition())
my_parts = [list(range(n, n + 100)) for n in range(0, 10_000, 100)]

my_data = create_payloads(channel, my_session_id, [Payload(part) for part in my_parts])
submit_all(channel, my_session_id, my_data)
my_ids = [each.result_id for each in my_data]
wait_all(channel, my_session_id, my_ids)
sums = [Result.deserialize(d).value for d in download_all(channel, my_session_id, my_ids)]
print("Result :", sum(sums))

sessions.close_session(my_session_id)
"""


def _look(channel: grpc.Channel, answer: object) -> str:
    session = look_up(ArmoniKSessions(channel).get_session, answer, "session")
    status = SessionStatus(session.status).name
    total, found = ArmoniKTasks(channel).list_tasks(
        # Not those that tasks have made: a part with more than 100 numbers is split again.
        (Task.session_id == session.session_id) & (Task.created_by == ""),
        page_size=MOST,
    )
    wrong_if(
        not FEWEST <= total <= MOST,
        f"You have submitted {total:,} tasks to this session.",
        f"Cut the {NUMBERS:,} numbers into {FEWEST} to {MOST} parts, one task each.",
    )
    done = sum(task.status == TaskStatus.COMPLETED for task in found)
    wrong_if(
        done < total,
        f"Only {done} of the {total} tasks in this session are COMPLETED.",
        "Wait for all results before you close the session.",
    )
    value = _sum(channel, session.session_id, found)
    wrong_if(
        value != RIGHT,
        f"The results in this session add up to {value:,}.",
        f"Each of the numbers 0, 1, ..., {NUMBERS - 1:,} must be in one part, and only one.",
    )
    wrong_if(status != "CLOSED", f"The result is right. But the session is {status}.", "Close it.")
    return f"{total} tasks instead of 1,000, the same sum {RIGHT:,}, and the session is closed."


def _sum(channel: grpc.Channel, session_id: str, found: list[Task]) -> int | float:
    """Return the sum of all results of the tasks."""
    ids = [result_id for task in found for result_id in task.expected_output_ids]
    try:
        contents = download_all(channel, session_id, ids)
        return sum(Result.deserialize(content).value for content in contents)
    except (MessageError, RefusedError) as error:
        raise Wrong(
            f"The results in this session cannot be read: {error}", "Use the hello worker."
        ) from error


exercise_10 = Exercise(
    "exercise_10",
    _look,
    (
        "The four functions of batches.py do it; only the payloads are not those of the lesson.",
        "A part is list(range(n, n + 100)), for n in range(0, 10_000, 100). "
        "That makes a hundred payloads.",
        "After the wait: sessions.close_session(my_session_id). "
        "With the form: 100 tasks that add 100 numbers each.",
    ),
    SOLUTION,
)
