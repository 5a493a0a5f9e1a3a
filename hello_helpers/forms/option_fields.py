"""The fields for task options: a partition of the cluster, and three numbers with their meaning."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from datetime import timedelta
from functools import partial

import grpc
import ipywidgets as widgets
from armonik.client import ArmoniKPartitions
from armonik.common import TaskOptions

from hello_helpers.connect.deadline import with_deadline
from hello_helpers.connect.endpoint import Endpoint
from hello_helpers.course.sessions import hello_partition
from hello_helpers.course.values import parse_whole
from hello_helpers.display.tables import one_line
from hello_helpers.errors import EndpointError
from hello_helpers.forms.field import LABEL, Field, Input, label_above

LOOK_SECONDS = 3.0
"""How long to wait for the list of partitions."""


ASKING, UNKNOWN = "asking ...", "not known: does this ArmoniK answer?"

LONGEST_NAME = 45
"""Characters of the name of an ArmoniK in a label."""

PRIORITY_LABEL = "priority (1 to 99, larger goes first; often 10 at most)"
"""ArmoniK's validators take 99; the queues of many clusters, and of the embedded one, 10."""


class OptionFields:
    """Fields for the default task options of a session.

    Attributes:
        partition: a choice of those that the cluster has.
        max_duration: in seconds.
        priority, max_retries: whole numbers.
        inputs: what is chosen or typed into, in this order.
        parts: the same, as a form takes them.
    """

    def __init__(self, endpoint: Endpoint) -> None:
        """Make the fields; ArmoniK is asked for its partitions."""
        self.partition = widgets.Dropdown(
            description="Partition", style=LABEL, layout=label_above()
        )
        self.partition.layout.height = "60px"  # else a list of one line has no room for its label
        self._asking = threading.Lock()
        self._asked: object = None
        self._offer(_partitions(endpoint))
        self.max_duration = Field(
            "max_duration (seconds that one execution may take)",
            partial(parse_whole, name="max_duration", low=1, high=86_400),
            "300",
        )
        self.priority = Field(
            PRIORITY_LABEL,
            partial(parse_whole, name="priority", low=1, high=99),
            "1",
        )
        self.max_retries = Field(
            "max_retries (1 or more: how often a crash is tried again)",
            partial(parse_whole, name="max_retries", low=1, high=100),
            "5",
        )
        fields = (self.max_duration, self.priority, self.max_retries)
        self.inputs = (self.partition, *(field.input for field in fields))
        self.parts: list[Input] = [self.partition, *fields]

    def look_at(self, endpoint: Endpoint | None) -> None:
        """Offer the partitions of another ArmoniK as soon as it has told them; first the usual one.

        It is asked in a thread, since it may answer late or never. Only the answer of the last one
        that was asked counts. The label says whose they are: it takes no room that was not there.

        Args:
            endpoint: whom to ask; None for nobody.
        """
        with self._asking:
            self._asked = question = object()
            self._offer([], "" if endpoint is None else ASKING)
        if endpoint is not None:
            threading.Thread(
                target=self._ask, args=(endpoint, question), name="form: partitions", daemon=True
            ).start()

    def _ask(self, endpoint: Endpoint, question: object) -> None:
        known = _partitions(endpoint)
        with self._asking:
            if self._asked is question:
                whose = f"of {one_line(endpoint.describe(), LONGEST_NAME)}"
                self._offer(known, whose if known else UNKNOWN)

    def _offer(self, known: Sequence[str], remark: str = "") -> None:
        usual = hello_partition() or "default"
        self.partition.options = known or [usual]
        self.partition.value = usual if usual in known or not known else known[0]
        self.partition.description = f"Partition ({remark})" if remark else "Partition"

    def read(self) -> TaskOptions:
        """Return what the fields say; raise `InputError` if one is bad."""
        return TaskOptions(
            max_duration=timedelta(seconds=self.max_duration.read()),
            priority=self.priority.read(),
            max_retries=self.max_retries.read(),
            partition_id=self.partition.value,
        )

    def rows(self) -> list[tuple[str, str]]:
        """Return labels and values, for a table."""
        return [
            ("Partition", self.partition.value),
            ("max_duration", f"{self.max_duration.input.value} seconds"),
            ("priority", self.priority.input.value),
            ("max_retries", self.max_retries.input.value),
        ]


def _partitions(endpoint: Endpoint) -> list[str]:
    try:
        with endpoint.open_channel() as channel:
            _, found = ArmoniKPartitions(with_deadline(channel, LOOK_SECONDS)).list_partitions()
    except (grpc.RpcError, EndpointError):
        return []  # whoever runs the form will be told why
    return sorted(partition.id for partition in found)
