"""The split form: n and a threshold in, the graph of tasks out."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from hello_helpers.connect.endpoint import Endpoint
from hello_helpers.course.values import parse_whole
from hello_helpers.display.session_graph import session_graph
from hello_helpers.forms.field import Field, Input
from hello_helpers.forms.values_form import ValuesForm

LARGEST_N = 1000
"""The graph of that is large enough."""


class SplitForm(ValuesForm):
    """Choose n and the threshold; ArmoniK adds the first n numbers, and the graph is drawn.

    Its result is the sum. Each run has a session of its own, closed at the end.

    Attributes:
        first_n: n, for the numbers 0, 1, ..., n-1.
        threshold: a task with more numbers is split in two.
        session_id: of the last run; "" before.
    """

    title = "A task that makes tasks"
    deed = "Send the task"
    doing = "Running the tasks"

    def __init__(self, endpoint: Endpoint, partition: str | None = None) -> None:
        """Make the form; `partition` is None for the default one."""
        super().__init__(endpoint, partition)

    def _place_picture(self) -> None:
        *above, twin, calls = self.box.children
        self.box.children = (*above, self.picture, twin, calls)

    def _inputs(self) -> list[Input]:
        self._first_n = Field(
            "n (for 0, 1, ..., n-1)",
            partial(parse_whole, name="n", low=1, high=LARGEST_N),
            "10",
        )
        self._split_above = Field(
            "subtask_threshold (a task with more numbers is split in two)",
            partial(parse_whole, name="subtask_threshold", low=1, high=LARGEST_N),
            "2",
        )
        self.first_n, self.threshold = self._first_n.input, self._split_above.input
        return [self._first_n, self._split_above]

    def _prepare(self) -> Callable[[], int | float]:
        count, self._threshold = self._first_n.read(), self._split_above.read()
        return lambda: self._hello(list(range(count)), f"list(range({count}))")

    def _clear(self) -> None:
        self.picture.value = ""

    def _draw(self, endpoint: Endpoint, *_: object) -> None:
        with endpoint.open_channel() as channel:
            found = session_graph(channel, self.session_id)
        self._report(found.sentence)
        self.picture.value = found.picture_and_table()

    def _rows(self) -> list[tuple[str, str]]:
        return [
            ("n", self.first_n.value),
            ("subtask_threshold", self.threshold.value),
            ("Result", "none yet" if self.result is None else str(self.result)),
        ]
