"""The errors of the embedded ArmoniK.

    EmbeddedError
    ├── RequestError            a call that is refused; carries the name of a gRPC status code
    │   ├── NotFound
    │   ├── FailedPrecondition
    │   ├── InvalidArgument
    │   ├── PermissionDenied
    │   ├── Unauthenticated
    │   └── Unavailable
    ├── StorageError            the disk is full, the data folder cannot be written, or is damaged
    └── StartError              the embedded ArmoniK could not be started; carries a hint

The data plane and the compute plane raise them; only the control plane's interceptor and the
command line turn them into something else.
"""

from __future__ import annotations

import errno
import sqlite3

DAMAGED = ("malformed", "not a database")
"""What SQLite says of a file that is none of its own, or is not as it left it."""

__all__ = [
    "EmbeddedError",
    "FailedPrecondition",
    "InvalidArgument",
    "NotFound",
    "PermissionDenied",
    "RequestError",
    "StartError",
    "StorageError",
    "Unauthenticated",
    "Unavailable",
]


class EmbeddedError(Exception):
    """Base of everything that the embedded ArmoniK raises on purpose."""

    def _render_traceback_(self) -> list[str]:
        """Show no traceback in a notebook, only what is wrong; IPython asks for this method."""
        return [f"{type(self).__name__}: {self}"]


class RequestError(EmbeddedError):
    """A call is refused. ``code`` is the name of the gRPC status that the caller sees."""

    code = "UNKNOWN"


class NotFound(RequestError):
    """A session, task, result, partition or object does not exist."""

    code = "NOT_FOUND"


class FailedPrecondition(RequestError):
    """The state of a session or result does not allow the call."""

    code = "FAILED_PRECONDITION"


class InvalidArgument(RequestError):
    """The request itself is wrong, whatever the state."""

    code = "INVALID_ARGUMENT"


class PermissionDenied(RequestError):
    """The caller is known, and may not do this."""

    code = "PERMISSION_DENIED"


class Unauthenticated(RequestError):
    """The caller's certificate is not one that is let in."""

    code = "UNAUTHENTICATED"


class Unavailable(RequestError):
    """Nobody can answer this call now; it may work later."""

    code = "UNAVAILABLE"


class StorageError(EmbeddedError):
    """Tables or objects could not be written or read; nothing that was there is lost.

    Attributes:
        code: the name of the gRPC status that a caller sees.
        hint: what whoever has started the embedded ArmoniK can do; "" if the message says it.
    """

    def __init__(self, message: str, *, full: bool = False, hint: str = "") -> None:
        super().__init__(message)
        self.is_full = full
        self.code = "RESOURCE_EXHAUSTED" if full else "INTERNAL"
        self.hint = hint

    @classmethod
    def from_exception(cls, error: OSError | sqlite3.Error) -> StorageError:
        """Say what a failure of the file system or of SQLite means."""
        text = str(error)
        if isinstance(error, OSError):
            full = error.errno in (errno.ENOSPC, errno.EDQUOT)
            text = error.strerror or text  # not the path: it is nobody's business outside
        else:
            full = "full" in text
        if full:
            return cls(
                "The disk that holds the data folder is full; make room and retry", full=True
            )
        if any(sign in text for sign in DAMAGED):
            return cls(
                f"The tables in the data folder are damaged: {text}",
                hint="Put a copy of the folder in its place, if you have one, or begin anew in"
                " another folder with --data DIR",
            )
        return cls(
            f"The data folder cannot be used: {text}", hint="Name a folder that you can write to"
        )


class StartError(EmbeddedError):
    """The embedded ArmoniK could not be started. ``hint`` says what to do next."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(f"{message}\n{hint}" if hint else message)
        self.message = message
        self.hint = hint
