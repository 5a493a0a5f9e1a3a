"""What the services have in common: where they stand, how they refuse, how a session is made."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from ..data_plane import sessions
from ..data_plane.options import TaskOptions
from ..data_plane.plane import DataPlane
from ..data_plane.submission import TaskCreation
from ..errors import InvalidArgument
from ..interceptor import Context
from .callers import caller_of, require_owner

MIN_PRIORITY, MAX_PRIORITY = 1, 99
"""What a session's default options may say; a partition's queue may take less."""


class Service:
    """A service that stands on the data plane."""

    def __init__(self, plane: DataPlane) -> None:
        self._plane = plane

    def _require_owner(self, context: Context, table: str, ids: Iterable[str]) -> None:
        """See `callers.require_owner`."""
        require_owner(self._plane, context, table, ids)

    def _require_outputs(self, context: Context, creations: Sequence[TaskCreation]) -> None:
        """Require that the outputs of new tasks are the caller's: any session's can be named."""
        outputs = (id_ for creation in creations for id_ in creation.expected_output_ids)
        self._require_owner(context, "result", outputs)


def raise_if(problems: Sequence[str]) -> None:
    """Refuse the request if there are problems: one line for each property that is wrong.

    Raises:
        InvalidArgument: with one line for each problem.
    """
    if problems:
        raise InvalidArgument("\n".join(problems))


def create_session(plane: DataPlane, request: Any, context: Context) -> str:
    """Create a session as a request of the Sessions or the Submitter service asks; return its id.

    Raises:
        InvalidArgument: something is missing in its options, or out of range.
        NotFound: a partition does not exist.
    """
    options = request.default_task_option
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
    return sessions.create(
        plane, TaskOptions.from_message(options), request.partition_ids, caller_of(context)
    )
