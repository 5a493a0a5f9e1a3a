"""The payload form: numbers in, bytes in ArmoniK's object storage out."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from armonik.client import ArmoniKResults
from armonik.common import ResultStatus

from hello_helpers import steps
from hello_helpers.connect.endpoint import Endpoint
from hello_helpers.course.values import comma_note, parse_values, parse_whole
from hello_helpers.forms.base import Form
from hello_helpers.forms.code_twin import PAYLOAD, code_of
from hello_helpers.forms.field import Field, Input
from hello_helpers.messages import DEFAULT_SUBTASK_THRESHOLD, Payload

SHOWN_BYTES = 80


class PayloadForm(Form[steps.Data]):
    """Type numbers; they are stored as a payload, and an output is announced.

    Its result holds the two ids, `payload_id` and `result_id`.

    Attributes:
        payload_id: of the payload that was stored; "" before.
        values: numbers, separated by blanks or commas.
        threshold: above this many numbers, the worker splits the task.
    """

    title = "A payload to store"
    deed = "Store the payload"
    doing = "Storing the payload"
    payload_id = ""

    def __init__(self, endpoint: Endpoint, session_id: str) -> None:
        """Make the form; nothing is connected yet."""
        self._session_id = session_id
        super().__init__(endpoint)

    def _inputs(self) -> list[Input]:
        self._values = Field(
            "values (blanks or commas between the numbers)",
            parse_values,
            "1 2.5 4",
            placeholder="for example 1, 2.5, -3e2",
            note=comma_note,
        )
        self._threshold = Field(
            "subtask_threshold (above so many values the task is split)",
            partial(parse_whole, name="subtask_threshold", low=1, high=100_000),
            str(DEFAULT_SUBTASK_THRESHOLD),
        )
        self.values, self.threshold = self._values.input, self._threshold.input
        return [self._values, self._threshold]

    def _prepare(self) -> Callable[[], steps.Data]:
        self.payload_id = ""
        payload = Payload(self._values.read(), self._threshold.read())
        return lambda: self._store(payload)

    def _store(self, payload: Payload) -> steps.Data:
        self._show_code(
            code_of(PAYLOAD, self._endpoint(), session_id=self._session_id, payload=payload)
        )
        content = payload.serialize()
        dots = " ..." if len(content) > SHOWN_BYTES else ""
        self._report(f"As bytes: {content[:SHOWN_BYTES]!r}{dots}")
        with self._channel() as channel:
            data = steps.create_payload(channel, self._session_id, payload)
            stored = ArmoniKResults(channel).get_result(data.payload_id)
            announced = ArmoniKResults(channel).get_result(data.result_id)
        self._report(
            f"The payload is result {data.payload_id}: {stored.size} bytes, "
            f"{ResultStatus(stored.status).name}."
        )
        self._report(
            f"The output will be result {data.result_id}: {ResultStatus(announced.status).name}."
        )
        self.payload_id = data.payload_id
        return data

    def _rows(self) -> list[tuple[str, str]]:
        return [
            ("values", self.values.value),
            ("subtask_threshold", self.threshold.value),
            ("Payload", "stored" if self.result else "none yet"),
        ]
