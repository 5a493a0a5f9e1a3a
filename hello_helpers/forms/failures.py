"""The failures of the failure form: what each one does, and the Python that does it."""

from __future__ import annotations

import json
from dataclasses import dataclass

from hello_helpers.connect.endpoint import Endpoint
from hello_helpers.forms.code_twin import code_of
from hello_helpers.messages import Payload

GOOD = Payload([1, 2, 3]).serialize()

NOWHERE = "no-such-partition"


@dataclass(frozen=True)
class Failure:
    """A small client with one thing wrong.

    Attributes:
        label: what is wrong, for people.
        priority: of its tasks.
        partition: where they run; None for that of the course.
        spoil: what is done to the session before the submission: a method of `ArmoniKSessions`.
        payload: the bytes for the worker.
        missing_input: the task depends on a result that nobody makes.
    """

    label: str
    priority: int = 1
    partition: str | None = None
    spoil: str = ""
    payload: bytes = GOOD
    missing_input: bool = False

    @property
    def announced(self) -> list[str]:
        """The names of the results that are announced."""
        return ["sum", "never"] if self.missing_input else ["sum"]


FAILURES = (
    Failure("the session is paused", spoil="pause_session"),
    Failure("an input never comes", missing_input=True),
    Failure("the worker does not understand its payload", payload=b"1, 2, three"),
    Failure("the session is closed before the task is submitted", spoil="close_session"),
    Failure("the priority is too large", priority=1000),
    Failure("the partition does not exist", partition=NOWHERE),
    Failure("nothing"),
)

_CODE = """\
from datetime import timedelta

from armonik.client import ArmoniKResults, ArmoniKSessions, ArmoniKTasks
from armonik.common import TaskDefinition, TaskOptions, create_channel
from hello_helpers import wait_for_results

with {channel} as channel:
    sessions = ArmoniKSessions(channel)
    options = TaskOptions(
        max_duration=timedelta(minutes=5),
        priority={failure.priority},
        max_retries=1,
        partition_id={partition!r},
    )
    session_id = sessions.create_session(options, partition_ids={partitions!r})
    try:
        results = ArmoniKResults(channel)
        payload = {failure.payload!r}
        stored = results.create_results({{"payload": payload}}, session_id)
        announced = results.create_results_metadata({announced}, session_id)
        task = TaskDefinition(
            payload_id=stored["payload"].result_id,
            expected_output_ids=[announced["sum"].result_id],{dependencies}
        )
{spoil}        ArmoniKTasks(channel).submit_tasks(session_id, [task])
        wait_for_results(
            channel, session_id, [announced["sum"].result_id], timeout={seconds}
        )
        print("It went well.")
    finally:
        sessions.cancel_session(session_id)
"""

_DEPENDENCIES = """
            data_dependencies=[announced["never"].result_id],"""


def failure_code(
    endpoint: Endpoint, failure: Failure, partition: str | None, seconds: float
) -> str:
    """Return the client with its mistake, ready to paste."""
    return code_of(
        _CODE,
        endpoint,
        partition,
        failure=failure,
        announced=json.dumps(failure.announced),
        dependencies=_DEPENDENCIES if failure.missing_input else "",
        spoil=f"        sessions.{failure.spoil}(session_id)\n" if failure.spoil else "",
        seconds=seconds,
    )
