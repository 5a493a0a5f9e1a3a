"""The client form: a whole client, with everything that one can choose."""

from __future__ import annotations

import contextlib
from collections.abc import Callable

import grpc
from armonik.client import ArmoniKSessions
from armonik.common import TaskOptions

from hello_helpers.connect.endpoint import Endpoint
from hello_helpers.errors import HelloError
from hello_helpers.forms.field import Field, Input
from hello_helpers.forms.option_fields import OptionFields
from hello_helpers.forms.values_form import ValuesForm


class ClientForm(ValuesForm):
    """Choose endpoint, partition, task options and numbers; all five steps are done with them.

    Its result is the sum. Each run has a session of its own, closed at the end. Cancel cancels the
    session, with its tasks.

    Attributes:
        address: a URL; empty for the ArmoniK of the notebook. Its partitions are read at once.
        partition, max_duration, priority, max_retries: the default task options of the session.
        source, values, first_n, session_id: as in `ValuesForm`.
    """

    title = "A whole client"
    deed = "Run the client"
    doing = "Running the client"

    _chosen: TaskOptions

    def _inputs(self) -> list[Input]:
        self._own = self._endpoint()
        self._address = Field(
            "Endpoint (empty: the ArmoniK of this notebook)",
            self._parse,
            placeholder="http://armonik.example.com:5001",
        )
        self._fields = OptionFields(self._own)
        self.address = self._address.input
        self.partition, self.max_duration, self.priority, self.max_retries = self._fields.inputs
        self.address.observe(self._on_address, "value")
        return [self._address, *self._fields.parts, *super()._inputs()]

    def _parse(self, text: str) -> Endpoint:
        return Endpoint.find(text) if text.strip() else self._own

    def _on_address(self, _change: object) -> None:
        """Ask the ArmoniK that was typed for its partitions."""
        endpoint = None
        with contextlib.suppress(HelloError):  # it is said elsewhere what is wrong
            endpoint = self._parse(self.address.value)
        self._fields.look_at(endpoint)

    def _prepare(self) -> Callable[[], int | float]:
        self._target = self._address.read()
        self._chosen = self._fields.read()
        return super()._prepare()

    def _place_picture(self) -> None:
        """Leave it out: this form is long enough."""

    def _options(self) -> TaskOptions:
        return self._chosen

    def _create_session(self, channel: grpc.Channel) -> str:
        partitions = [self._chosen.partition_id]
        return str(ArmoniKSessions(channel).create_session(self._chosen, partition_ids=partitions))

    def _rows(self) -> list[tuple[str, str]]:
        where = "another one" if self.address.value.strip() else self._own.describe()
        return [("Endpoint", where), *self._fields.rows(), *super()._rows()]
