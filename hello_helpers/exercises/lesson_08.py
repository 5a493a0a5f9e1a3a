"""Lesson 08: a graph of two stages, made by the client."""

from __future__ import annotations

import contextlib

import grpc
from armonik.client import ArmoniKResults, ArmoniKTasks
from armonik.common import Result, ResultStatus, TaskStatus

from hello_helpers.errors import MessageError
from hello_helpers.exercises.core import Exercise, wrong_if
from hello_helpers.exercises.looking import UNREADABLE, error_of, look_up, stored

RIGHT = sum(range(1, 21))

SOLUTION = """\
from armonik.common import TaskDefinition

from hello_helpers import wait_for_results

first = create_payload(channel, my_session_id, Payload(list(range(1, 11))))
second = create_payload(channel, my_session_id, Payload(list(range(11, 21))))

halves = [first.result_id, second.result_id]
total = create_payload(channel, my_session_id, Payload(halves))

tasks.submit_tasks(
    my_session_id,
    [
        TaskDefinition(payload_id=one.payload_id, expected_output_ids=[one.result_id])
        for one in (first, second)
    ]
    + [
        TaskDefinition(
            payload_id=total.payload_id,
            expected_output_ids=[total.result_id],
            data_dependencies=halves,
        )
    ],
)
wait_for_results(channel, my_session_id, [total.result_id], timeout=60)
my_result_id = total.result_id
"""


def _look(channel: grpc.Channel, answer: object) -> str:
    get_result = ArmoniKResults(channel).get_result
    result = look_up(get_result, answer, "result")
    wrong_if(
        not _is_of_a_task(result),
        "No task gives this result.",
        "Take the expected output of your third task, not a payload.",
    )
    last = look_up(ArmoniKTasks(channel).get_task, result.owner_task_id, "task")
    count = len(last.data_dependencies)
    wrong_if(
        bool(last.created_by),
        "A task has made the task of this result. This time, make all three yourself.",
        "Submit them from the notebook, with fewer numbers than the threshold.",
    )
    wrong_if(
        count != 2,
        f"The task of this result waits for {count} result{'' if count == 1 else 's'}.",
        "Give its TaskDefinition the two others: data_dependencies=[..., ...].",
    )
    for key in last.data_dependencies:
        wrong_if(
            not _is_of_a_task(look_up(get_result, key, "result")),
            "Your third task waits for a result that no task gives.",
            "Its data_dependencies are the expected outputs of the two other tasks.",
        )
    # Once more: the task may have ended since, and its result is there before it is COMPLETED.
    status = ResultStatus(look_up(get_result, answer, "result").status).name
    wrong_if(
        status != "COMPLETED",
        f"The graph is right. But the result is {status}, and its task is "
        f"{TaskStatus(last.status).name}. {error_of(last)}".strip(),
        "Wait for the result. If the task has failed, mend it and submit again.",
    )
    value: object = UNREADABLE
    with contextlib.suppress(MessageError):
        value = stored(channel, result.result_id, result.session_id)
    wrong_if(
        value != RIGHT,
        f"The graph is right, and its result is {value}.",
        "The first task adds 1 to 10, the second one 11 to 20: range(1, 11), range(11, 21).",
    )
    return f"Two tasks, and a third one that has waited for both: {RIGHT}."


def _is_of_a_task(result: Result) -> bool:
    """Tell whether a task gives this result; payloads have none, or their session, as an owner."""
    return result.owner_task_id not in ("", None, result.session_id)


exercise_08 = Exercise(
    "exercise_08",
    _look,
    (
        "You need three payloads, three outputs, three tasks. The third payload holds the ids of "
        "the outputs of the first two: Payload([..., ...]).",
        "create_payload(channel, my_session_id, Payload(...)) returns payload_id and result_id, "
        "three times. Then one tasks.submit_tasks with three TaskDefinitions (of armonik.common).",
        "The third one has data_dependencies=[first.result_id, second.result_id]. Wait for its "
        "result with wait_for_results(channel, my_session_id, [total.result_id]).",
    ),
    SOLUTION,
)
