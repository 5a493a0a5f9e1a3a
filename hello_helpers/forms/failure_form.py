"""The failure form: a client with one thing wrong, chosen from a list."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import partial

import grpc
import ipywidgets as widgets
from armonik.client import ArmoniKResults, ArmoniKSessions, ArmoniKTasks
from armonik.common import TaskDefinition, TaskOptions

from hello_helpers.course.sessions import closing_session, hello_partition
from hello_helpers.course.values import parse_whole
from hello_helpers.errors import HelloError, WaitCancelledError
from hello_helpers.forms.armonik import reason_of
from hello_helpers.forms.base import Form
from hello_helpers.forms.failures import FAILURES, Failure, failure_code
from hello_helpers.forms.field import Field, radio_buttons
from hello_helpers.wait.waiting import wait_for_results


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

    def _inputs(self) -> list[widgets.Widget]:
        labelled = [(failure.label, failure) for failure in FAILURES]
        self.failure = radio_buttons("What shall be wrong", labelled)
        self._seconds = Field(
            "Seconds to wait for the result",
            partial(parse_whole, name="The number of seconds", low=1, high=600),
            "60",
        )
        self.seconds = self._seconds.input
        return [self.failure, self._seconds.box]

    def _prepare(self) -> Callable[[], str]:
        return partial(self._run, self.failure.value, self._seconds.read())

    def _run(self, failure: Failure, seconds: int) -> str:
        partition = failure.partition or hello_partition()
        self._show_code(failure_code(self._endpoint(), failure, partition, seconds))
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
