"""The failure form: a client with one thing wrong, chosen from a list."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

import grpc
from armonik.client import ArmoniKResults, ArmoniKSessions, ArmoniKTasks
from armonik.common import TaskDefinition, TaskOptions

from hello_helpers.course.sessions import closing_session, hello_partition
from hello_helpers.course.values import parse_whole
from hello_helpers.errors import HelloError, WaitCancelledError
from hello_helpers.forms.armonik import reason_of
from hello_helpers.forms.base import Form
from hello_helpers.forms.code_twin import code_of
from hello_helpers.forms.field import Field, Input, radio_buttons
from hello_helpers.messages import Payload
from hello_helpers.wait.waiting import wait_for_results

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
        sessions.close_session(session_id)
    except BaseException:  # Ctrl-C too: leave no work behind
        sessions.cancel_session(session_id)
        raise
"""

_DEPENDENCIES = """
            data_dependencies=[announced["never"].result_id],"""


class FailureForm(Form[str]):
    """Choose what shall be wrong; a small client is run, and what comes of it is told.

    Its result is what happened, in a sentence. Cancel cancels the session, with its task.

    Attributes:
        failure: what shall be wrong.
        seconds: how long to wait for the result.
        session_id: of the last run; "" if there was none.
    """

    title = "A client with one thing wrong"
    deed = "Run it"
    doing = "Running it"

    def _inputs(self) -> list[Input]:
        labelled = [(failure.label, failure) for failure in FAILURES]
        self.failure = radio_buttons("What shall be wrong", labelled)
        self._seconds = Field(
            "Seconds to wait for the result",
            partial(parse_whole, name="The number of seconds", low=1, high=600),
            "60",
        )
        self.seconds = self._seconds.input
        return [self.failure, self._seconds]

    def _prepare(self) -> Callable[[], str]:
        return partial(self._run, self.failure.value, self._seconds.read())

    def _run(self, failure: Failure, seconds: int) -> str:
        partition = failure.partition or hello_partition()
        self._show_code(
            code_of(
                _CODE,
                self._endpoint(),
                partition,
                failure=failure,
                announced=json.dumps(failure.announced),
                dependencies=_DEPENDENCIES if failure.missing_input else "",
                spoil=f"        sessions.{failure.spoil}(session_id)\n" if failure.spoil else "",
                seconds=seconds,
            )
        )
        try:
            with self._channel() as channel:
                self._fail(channel, failure, partition, seconds)
        except WaitCancelledError:
            raise
        except HelloError as error:  # as it shall be
            told = reason_of(error, self._target, starts_anew=True)
            for line in told.lines():
                self._report(line)
            return told.message
        self._report("It went well: the result is there.")
        return "It went well."

    def _fail(
        self, channel: grpc.Channel, failure: Failure, partition: str | None, seconds: int
    ) -> None:
        sessions, results = ArmoniKSessions(channel), ArmoniKResults(channel)
        options = TaskOptions(timedelta(minutes=5), failure.priority, 1, partition)
        partitions = [partition] if partition else None
        self.session_id = str(sessions.create_session(options, partition_ids=partitions))
        self._report(f"Session {self.session_id} has been created.")
        with closing_session(channel, self.session_id, self._session_was_cancelled):
            stored = results.create_results({"payload": failure.payload}, self.session_id)
            announced = results.create_results_metadata(failure.announced, self.session_id)
            if failure.spoil:
                getattr(sessions, failure.spoil)(self.session_id)
                self._report(f"{failure.spoil}: done.")
            task = TaskDefinition(
                payload_id=stored["payload"].result_id,
                expected_output_ids=[announced["sum"].result_id],
                data_dependencies=[announced["never"].result_id] if failure.missing_input else [],
            )
            self._cancellation.check()
            ArmoniKTasks(channel).submit_tasks(self.session_id, [task])
            self._report("The task has been sent; waiting for its result ...")
            wait_for_results(
                channel,
                self.session_id,
                [announced["sum"].result_id],
                seconds,
                lambda progress: self._report(progress.text),
                self._cancellation,
            )

    def _rows(self) -> list[tuple[str, str]]:
        return [
            ("What shall be wrong", self.failure.label),
            ("Seconds to wait", self.seconds.value),
            ("What happened", self.result or "nothing yet"),
        ]
