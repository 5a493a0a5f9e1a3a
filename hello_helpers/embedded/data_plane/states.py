"""The state machines of sessions, tasks and results. Pure: no table, no clock, no server.

The numbers are those of ArmoniK's .proto files. What leads where was read from ArmoniK's
documentation and observed on its services; `MOVES` lists every step that a task may take.
"""

from __future__ import annotations

from enum import Enum, IntEnum

from ..errors import FailedPrecondition


class SessionStatus(IntEnum):
    """The states of a session (session_status.proto)."""

    RUNNING = 1
    CANCELLED = 2
    PAUSED = 3
    CLOSED = 4
    PURGED = 5
    DELETED = 6


class TaskStatus(IntEnum):
    """The states of a task (task_status.proto)."""

    CREATING = 1
    SUBMITTED = 2
    DISPATCHED = 3
    COMPLETED = 4
    ERROR = 5
    TIMEOUT = 6
    CANCELLING = 7
    CANCELLED = 8
    PROCESSING = 9
    PROCESSED = 10
    RETRIED = 11
    PENDING = 12
    PAUSED = 13


class ResultStatus(IntEnum):
    """The states of a result (result_status.proto)."""

    CREATED = 1
    COMPLETED = 2
    ABORTED = 3
    DELETED = 4


class SessionAction(str, Enum):
    """What can be asked of a session."""

    PAUSE = "pause"
    RESUME = "resume"
    CANCEL = "cancel"
    CLOSE = "close"
    PURGE = "purge"


_S = SessionStatus
_SESSION_MOVES: dict[SessionAction, dict[SessionStatus, SessionStatus]] = {
    SessionAction.PAUSE: {_S.RUNNING: _S.PAUSED},
    SessionAction.RESUME: {_S.PAUSED: _S.RUNNING, _S.RUNNING: _S.RUNNING},
    SessionAction.CANCEL: {
        _S.RUNNING: _S.CANCELLED,
        _S.PAUSED: _S.CANCELLED,
        _S.CLOSED: _S.CANCELLED,
    },
    SessionAction.CLOSE: {_S.RUNNING: _S.CLOSED, _S.PAUSED: _S.CLOSED},
    SessionAction.PURGE: {_S.CLOSED: _S.PURGED, _S.CANCELLED: _S.PURGED},
}


def session_after(action: SessionAction, status: SessionStatus) -> SessionStatus:
    """Return the state of a session after an action.

    Raises:
        FailedPrecondition: the state does not allow the action.
    """
    try:
        return _SESSION_MOVES[action][status]
    except KeyError:
        allowed = " or ".join(s.name for s in _SESSION_MOVES[action])
        raise FailedPrecondition(
            f"The session transition is invalid: cannot {action.value} a session that is "
            f"{status.name}, only one that is {allowed}"
        ) from None


_T = TaskStatus
FINAL_TASK = frozenset({_T.COMPLETED, _T.CANCELLED, _T.ERROR, _T.RETRIED, _T.TIMEOUT})
"""A task in one of these states never changes again."""

QUEUED_TASK = frozenset({_T.CREATING, _T.PENDING, _T.SUBMITTED, _T.PAUSED})
"""No pod holds a task in one of these states."""

MOVES: dict[TaskStatus, frozenset[TaskStatus]] = {
    _T.CREATING: frozenset({_T.PENDING, _T.ERROR, _T.CANCELLING}),
    _T.PENDING: frozenset({_T.SUBMITTED, _T.PAUSED, _T.ERROR, _T.CANCELLING}),
    _T.SUBMITTED: frozenset({_T.DISPATCHED, _T.PAUSED, _T.CANCELLING}),
    _T.PAUSED: frozenset({_T.SUBMITTED, _T.CANCELLING}),
    # DISPATCHED → SUBMITTED: the pod gives the task back before its worker saw it.
    _T.DISPATCHED: frozenset(
        {_T.PROCESSING, _T.SUBMITTED, _T.PAUSED, _T.ERROR, _T.RETRIED, _T.CANCELLING}
    ),
    _T.PROCESSING: frozenset(
        {_T.COMPLETED, _T.ERROR, _T.TIMEOUT, _T.RETRIED, _T.SUBMITTED, _T.CANCELLING}
    ),
    _T.CANCELLING: frozenset({_T.CANCELLED}),
    _T.PROCESSED: frozenset(),  # exists in the API, never used by ArmoniK
    **{final: frozenset() for final in FINAL_TASK},
}


def can_retry(retries_so_far: int, max_retries: int) -> bool:
    """Tell whether a failed attempt is followed by another: at most max_retries + 1 attempts."""
    return retries_so_far < max_retries


def retry_id(initial_task_id: str, retries_so_far: int) -> str:
    """Return the id of the next attempt: ``<initial>###1``, ``<initial>###2``, …"""
    return f"{initial_task_id}###{retries_so_far + 1}"
