"""What the services have in common: where they stand, and checks of requests that need no table."""

from __future__ import annotations

from collections.abc import Sequence

from armonik.protogen.common.objects_pb2 import TaskOptions

from ..data_plane.plane import DataPlane
from ..errors import InvalidArgument

MIN_PRIORITY, MAX_PRIORITY = 1, 99
"""What a session's default options may say; a partition's queue may take less."""


class Service:
    """A service that stands on the data plane."""

    def __init__(self, plane: DataPlane) -> None:
        self._plane = plane


def raise_if(problems: Sequence[str]) -> None:
    """Refuse the request if there are problems: one line for each property that is wrong.

    Raises:
        InvalidArgument: with one line for each problem.
    """
    if problems:
        raise InvalidArgument("\n".join(problems))


def check_session_options(options: TaskOptions) -> None:
    """Check the default options of a session to be created.

    Raises:
        InvalidArgument: something is missing or out of range.
    """
    problems = []
    if not options.HasField("max_duration"):
        problems.append("max_duration must be given: the time limit of one task")
    if options.max_retries < 1:
        problems.append(f"max_retries must be at least 1, not {options.max_retries}")
    if not MIN_PRIORITY <= options.priority <= MAX_PRIORITY:
        problems.append(
            f"priority must be {MIN_PRIORITY} to {MAX_PRIORITY}, not {options.priority}"
        )
    raise_if(problems)
