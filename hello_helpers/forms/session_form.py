"""The session form: options in, a session out, and what ArmoniK has stored of it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import partial

import grpc
import ipywidgets as widgets
from armonik.client import ArmoniKPartitions, ArmoniKSessions
from armonik.common import TaskOptions

from hello_helpers.deadline import with_deadline
from hello_helpers.display.tables import text
from hello_helpers.endpoint import Endpoint
from hello_helpers.errors import EndpointError
from hello_helpers.forms.base import LABEL, Field, Form, label_above
from hello_helpers.forms.code_twin import session_code
from hello_helpers.refusals import explained
from hello_helpers.sessions import hello_partition
from hello_helpers.values import parse_whole

LOOK_SECONDS = 3.0
"""How long the form waits for the list of partitions."""


class SessionForm(Form[str]):
    """Choose task options and a partition, and create a session with them.

    Its result is the id of the session. To leave nothing open, the session is closed at the end.

    Attributes:
        partition: one of those that the cluster has.
        max_duration: in seconds.
        priority, max_retries: whole numbers.
    """

    title = "A session and its default task options"
    deed = "Create the session"

    def __init__(self, endpoint: Endpoint) -> None:
        """Make the form; ArmoniK is asked for its partitions."""
        self._target = endpoint
        super().__init__()

    def _inputs(self) -> list[widgets.Widget]:
        known = self._partitions()
        usual = hello_partition() or "default"
        self.partition = widgets.Dropdown(
            options=known or [usual],
            value=usual if usual in known or not known else known[0],
            description="Partition",
            style=LABEL,
            layout=label_above(),
        )
        self._max_duration = Field(
            "max_duration (seconds that one execution may take)",
            partial(parse_whole, name="max_duration", low=1, high=86_400),
            "300",
        )
        self._priority = Field(
            "priority (1 to 99, larger goes first)",
            partial(parse_whole, name="priority", low=1, high=99),
            "1",
        )
        self._max_retries = Field(
            "max_retries (how often a crashed task is tried again)",
            partial(parse_whole, name="max_retries", low=1, high=100),
            "5",
        )
        self.max_duration = self._max_duration.input
        self.priority = self._priority.input
        self.max_retries = self._max_retries.input
        fields = (self._max_duration, self._priority, self._max_retries)
        return [self.partition, *(field.box for field in fields)]

    def _partitions(self) -> list[str]:
        try:
            with self._target.open_channel() as channel:
                _, found = ArmoniKPartitions(with_deadline(channel, LOOK_SECONDS)).list_partitions()
        except (grpc.RpcError, EndpointError):
            return []  # whoever runs the form will be told why
        return sorted(partition.id for partition in found)

    def _prepare(self) -> Callable[[], str]:
        options = TaskOptions(
            max_duration=timedelta(seconds=self._max_duration.read()),
            priority=self._priority.read(),
            max_retries=self._max_retries.read(),
            partition_id=self.partition.value,
        )
        return lambda: self._create(options)

    def _create(self, options: TaskOptions) -> str:
        self._show_code(session_code(self._target, options))
        with self._target.open_channel() as channel, explained(channel):
            sessions = ArmoniKSessions(channel)
            session_id = sessions.create_session(options, partition_ids=[options.partition_id])
            self._report(f"Session {session_id} has been created.")
            stored = sessions.get_session(session_id).options
            names = ("max_duration", "priority", "max_retries", "partition_id")
            told = ", ".join(f"{name} {text(getattr(stored, name))}" for name in names)
            self._report(f"ArmoniK has stored: {told}.")
            closed = sessions.close_session(session_id)
            self._report(f"It was closed again: its status is {text(closed.status)}.")
        return str(session_id)

    def _rows(self) -> list[tuple[str, str]]:
        return [
            ("Partition", self.partition.value),
            ("max_duration", f"{self.max_duration.value} seconds"),
            ("priority", self.priority.value),
            ("max_retries", self.max_retries.value),
            ("Session", "created" if self.result else "none yet"),
        ]
