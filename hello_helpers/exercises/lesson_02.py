"""Lesson 02: create a session with options of one's own, and close it."""

from __future__ import annotations

from datetime import timedelta

import grpc
from armonik.client import ArmoniKSessions
from armonik.common import SessionStatus

from hello_helpers.exercises.core import Exercise, wrong_if
from hello_helpers.exercises.looking import look_up

MAX_DURATION = timedelta(minutes=1)
MAX_RETRIES = 2

SOLUTION = """\
my_options = TaskOptions(
    max_duration=timedelta(minutes=1), priority=1, max_retries=2, partition_id=partition
)
my_session_id = sessions.create_session(my_options, partition_ids=[partition])
sessions.close_session(my_session_id)
"""


def _look(channel: grpc.Channel, answer: object) -> str:
    session = look_up(ArmoniKSessions(channel).get_session, answer, "session")
    duration, retries = session.options.max_duration, session.options.max_retries
    status = SessionStatus(session.status).name
    wrong_if(
        duration != MAX_DURATION,
        f"ArmoniK has this session, but its tasks may take {duration.total_seconds():g} seconds.",
        "Set max_duration to one minute, and create another session.",
    )
    wrong_if(
        retries == MAX_RETRIES + 1,
        "Its max_retries is 3, and that makes up to four executions.",
        "Three executions are the first one and two more: set max_retries to 2.",
    )
    wrong_if(
        retries != MAX_RETRIES,
        f"Its max_retries is {retries}, and that makes up to {retries + 1} executions.",
        "Set it so that there are three at most, and create another session.",
    )
    wrong_if(
        status == "RUNNING",
        "The options are right. But the session is still RUNNING.",
        "Close it: close_session.",
    )
    wrong_if(
        status != "CLOSED",
        f"The options are right. But the session is {status}.",
        "Close another one.",
    )
    return "ArmoniK has your session: one minute, two retries, CLOSED."


exercise_02 = Exercise(
    "exercise_02",
    _look,
    (
        "Two options differ from those of the lesson: max_duration and max_retries.",
        "max_retries counts the tries after the first one.",
        "Use timedelta(minutes=1) and max_retries=2. Keep the id that create_session returns, "
        "and give it to sessions.close_session.",
    ),
    SOLUTION,
)
