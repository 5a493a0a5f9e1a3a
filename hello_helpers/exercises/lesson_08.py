"""Lesson 08: a graph of two stages, made by the client."""

from __future__ import annotations

import grpc
from armonik.client import ArmoniKResults, ArmoniKTasks
from armonik.common import ResultStatus, Task, TaskStatus

from hello_helpers.connect.grpc_errors import explained
from hello_helpers.errors import MessageError
from hello_helpers.exercises.core import Exercise, Wrong
from hello_helpers.exercises.looking import look_up
from hello_helpers.messages import Result

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
    result = look_up(channel, ArmoniKResults(channel).get_result, answer, "result")
    if not result.owner_task_id or result.owner_task_id == result.session_id:
        raise Wrong(
            "No task gives this result.",
            "Take the expected output of your third task, not a payload.",
        )
    last = look_up(channel, ArmoniKTasks(channel).get_task, result.owner_task_id, "task")
    _look_at_last(last)
    for key in last.data_dependencies:
        _look_at_half(channel, key)
    # Once more: the task may have ended since, and its result is there before it is COMPLETED.
    result = look_up(channel, ArmoniKResults(channel).get_result, answer, "result")
    status = ResultStatus(result.status).name
    if status != "COMPLETED":
        why = (last.output.error or "") if last.output else ""
        raise Wrong(
            f"The graph is right. But the result is {status}, and its task is "
            f"{TaskStatus(last.status).name}. {why}".strip(),
            "Wait for the result. If the task has failed, mend it and submit again.",
        )
    value = _value(channel, result.result_id, result.session_id)
    if value != RIGHT:
        raise Wrong(
            f"The graph is right, and its result is {value}.",
            "The first task adds 1 to 10, the second one 11 to 20: range(1, 11), range(11, 21).",
        )
    return f"Two tasks, and a third one that has waited for both: {RIGHT}."


def _look_at_last(last: Task) -> None:
    if last.created_by:
        raise Wrong(
            "A task has made the task of this result. This time, make all three yourself.",
            "Submit them from the notebook, with fewer numbers than the threshold.",
        )
    if len(last.data_dependencies) != 2:
        count = len(last.data_dependencies)
        raise Wrong(
            f"The task of this result waits for {count} result{'' if count == 1 else 's'}.",
            "Give its TaskDefinition the two others: data_dependencies=[..., ...].",
        )


def _look_at_half(channel: grpc.Channel, key: str) -> None:
    half = look_up(channel, ArmoniKResults(channel).get_result, key, "result")
    if not half.owner_task_id or half.owner_task_id == half.session_id:
        raise Wrong(
            "Your third task waits for a result that no task gives.",
            "Its data_dependencies are the expected outputs of the two other tasks.",
        )


def _value(channel: grpc.Channel, result_id: str, session_id: str) -> object:
    with explained(channel):
        data = ArmoniKResults(channel).download_result_data(result_id, session_id)
    try:
        return Result.deserialize(data).value
    except MessageError:
        return "nothing that can be read"


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
