"""What is to be measured, how much of it, and with whom it is compared."""

from collections.abc import Sequence
from dataclasses import dataclass

OURS = "hello-armonik"
RAW = "empty gRPC handlers"

BATCH = 500
"""Results or tasks in one call."""

AT_ONCE = 4
"""Downloads at the same time."""


@dataclass
class Plan:
    """The sizes of a run.

    Attributes:
        rows: names of the rows to measure; none stands for all.
        repeat: repetitions of the rows that take seconds.
        count: tasks of the long row; results and tasks of the rows that take it apart.
        warm: hellos, one after the other.
        leaves: tasks at the ends of the tree.
        queued: tasks of somebody else, beside whom a hello is said.
        gigabytes: data that goes up and down, if disk and memory allow.
        watch: seconds for which something at rest is watched.
        peers: whether others are measured, too.
    """

    rows: Sequence[str] = ()
    repeat: int = 5
    count: int = 5_000
    warm: int = 200
    leaves: int = 256
    queued: int = 10_000
    gigabytes: float = 1.0
    watch: float = 5.0
    peers: bool = True

    @property
    def fewer(self) -> int:
        """Repetitions of the rows that take minutes."""
        return (self.repeat + 1) // 2
