"""Lesson 03: store a payload."""

from __future__ import annotations

import grpc
from armonik.client import ArmoniKResults
from armonik.common import ResultStatus

from hello_helpers.errors import MessageError
from hello_helpers.exercises.core import Exercise, Wrong, wrong_if
from hello_helpers.exercises.looking import look_up
from hello_helpers.messages import Payload

VALUES = [3, 4, 5]

SOLUTION = """\
my_payload = Payload([3, 4, 5])
my_results = results.create_results({"my payload": my_payload.serialize()}, session_id)
my_payload_id = my_results["my payload"].result_id
"""


def _look(channel: grpc.Channel, answer: object) -> str:
    results = ArmoniKResults(channel)
    result = look_up(results.get_result, answer, "result")
    status = ResultStatus(result.status).name
    wrong_if(
        status == "CREATED",
        "ArmoniK has this result, but no data for it: it is CREATED.",
        "create_results_metadata only announces. To store data, use create_results.",
    )
    wrong_if(
        status != "COMPLETED", f"The status of this result is {status}.", "Store another payload."
    )
    data = results.download_result_data(result.result_id, result.session_id)
    try:
        values = Payload.deserialize(data).values
    except MessageError as error:
        raise Wrong(
            f"ArmoniK has this result, but the hello worker could not read it. {error}",
            "Make the bytes with Payload([3, 4, 5]).serialize().",
        ) from error
    wrong_if(
        list(values) != VALUES,
        f"The values in this payload are {list(values)[:20]}.",
        f"Store {VALUES} instead.",
    )
    return f"ArmoniK has stored {len(data)} bytes, and they are a payload with 3, 4 and 5."


exercise_03 = Exercise(
    "exercise_03",
    _look,
    (
        "Two steps: make the bytes, then store them.",
        "Payload([3, 4, 5]).serialize() makes the bytes. "
        "create_results stores them under a name that you choose.",
        'create_results({"my payload": ...}, session_id) returns a dictionary. '
        'The id is in its entry "my payload", attribute result_id.',
    ),
    SOLUTION,
)
