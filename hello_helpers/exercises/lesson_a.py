"""Lesson A: three calls of an old program, as they are made today."""

from __future__ import annotations

import grpc
from armonik.client import ArmoniKResults, ArmoniKSessions
from armonik.common import Result, ResultStatus, SessionStatus

from hello_helpers.exercises.core import Exercise, wrong_if
from hello_helpers.exercises.looking import look_up

NAME = "from the old page"

SOLUTION = f"""\
with endpoint.open_channel() as channel:
    sessions = ArmoniKSessions(channel)
    my_session_id = sessions.create_session(options, partition_ids=[partition])
    ArmoniKResults(channel).create_results_metadata(["{NAME}"], my_session_id)
    sessions.cancel_session(my_session_id)
"""


def _look(channel: grpc.Channel, answer: object) -> str:
    session = look_up(ArmoniKSessions(channel).get_session, answer, "session")
    status = SessionStatus(session.status).name
    _, found = ArmoniKResults(channel).list_results(
        (Result.session_id == session.session_id) & (Result.name == NAME)
    )
    wrong_if(
        not found,
        f"In this session, which is {status}, there is no result named {NAME!r}.",
        "Announce it before you cancel: create_results_metadata takes a list of names.",
    )
    wrong_if(
        status == "RUNNING",
        "The result is announced. But the session is still RUNNING.",
        "The last of the three calls is missing.",
    )
    wrong_if(
        status != "CANCELLED",
        f"The result is announced. But the session is {status}, and not CANCELLED.",
        "Take another session, and let cancel_session be its last call.",
    )
    result = ResultStatus(found[0].status).name
    wrong_if(
        result != "ABORTED",
        f"The session is cancelled. But its result is {result}: it was given data.",
        "get_results_ids only announced a result, as create_results_metadata does.",
    )
    return "The session is CANCELLED, and the result that it waited for is ABORTED."


exercise_a = Exercise(
    "exercise_a",
    _look,
    (
        "The table says which class has each call today. Two belong to ArmoniKSessions.",
        "sessions.create_session(...) and sessions.cancel_session(...) have kept their names. "
        "get_results_ids is create_results_metadata today; it takes the names first.",
        f'ArmoniKResults(channel).create_results_metadata(["{NAME}"], my_session_id) announces '
        "the result.",
    ),
    SOLUTION,
)
