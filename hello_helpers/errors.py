"""The errors of the course, each with a hint: what is wrong, and what to do next.

    HelloError
    ├── InputError              a learner typed something that cannot be used (also a ValueError)
    ├── MessageError            bytes that are no hello payload or result (also a ValueError)
    ├── EndpointError           nobody can talk to ArmoniK there
    │   ├── EndpointSyntaxError     the text is not an endpoint (also a ValueError)
    │   ├── TlsFileError            a certificate or key file is missing or unusable
    │   ├── NameNotFoundError       the host's name is unknown
    │   ├── SocketMissingError      there is no Unix socket at the path
    │   ├── NobodyListensError      the connection is refused
    │   ├── ProxyInTheWayError      a proxy variable sends the call elsewhere
    │   ├── NotGrpcError            something answers, but not in gRPC
    │   ├── NotArmonikError         a gRPC server answers, but it is not ArmoniK
    │   ├── TlsMismatchError        TLS on one side only, or a certificate is not accepted
    │   ├── AccessDeniedError       ArmoniK answers that this caller may not
    │   ├── EndedError              the embedded ArmoniK that was used has ended
    │   └── NoAnswerError           no answer: unreachable, broken off, or too late
    ├── RefusedError            ArmoniK refused a call
    │   └── PartitionError          the partition does not exist
    └── WaitError               a wait ended without the result
        ├── ResultLostError         the result will never come: aborted, deleted, unknown
        ├── WaitTimeoutError        the deadline is over; carries a diagnosis
        └── WaitCancelledError      somebody cancelled the wait

Ctrl-C is no error: see `hello_helpers.wait.cancellation.WaitInterrupted`.

The catch that most programs want::

    try:
        ...
    except HelloError as error:
        print(error, error.hint, sep="\\n")
"""

from __future__ import annotations


class HelloError(Exception):
    """Base of all errors of the course.

    Attributes:
        message: one sentence that says what is wrong.
        hint: what to do next; "" if the message says it all.
    """

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def lines(self) -> list[str]:
        """Return the message and, if there is one, the hint."""
        return [self.message, self.hint] if self.hint else [self.message]

    def _render_traceback_(self) -> list[str]:
        """Show two lines in a notebook instead of a traceback; IPython asks for this method."""
        message, *hint = self.lines()
        return [f"{type(self).__name__}: {message}", *hint]


class InputError(HelloError, ValueError):
    """Something typed into a form or a command line cannot be used."""


class MessageError(HelloError, ValueError):
    """Bytes or values that are not a payload or a result of the hello task."""


class EndpointError(HelloError):
    """ArmoniK cannot be reached at an endpoint."""


class EndpointSyntaxError(EndpointError, ValueError):
    """A text is not an endpoint."""


class TlsFileError(EndpointError):
    """A certificate or key file is missing, unreadable, or holds something else."""


class NameNotFoundError(EndpointError):
    """The name of the host is unknown."""


class SocketMissingError(EndpointError):
    """There is no Unix socket at the path."""


class NobodyListensError(EndpointError):
    """The machine is there, but it refuses the connection."""


class ProxyInTheWayError(EndpointError):
    """An environment variable sends the call to a proxy, which does not reach ArmoniK."""


class NotGrpcError(EndpointError):
    """Something answers, but it does not speak gRPC."""


class NotArmonikError(EndpointError):
    """A gRPC server answers, but it has no ArmoniK services."""


class TlsMismatchError(EndpointError):
    """One side speaks TLS and the other does not, or a certificate is not accepted."""


class AccessDeniedError(EndpointError):
    """ArmoniK answers, and says that this caller may not."""


class EndedError(EndpointError):
    """The embedded ArmoniK that was used here has ended, though another one may run by now."""


class NoAnswerError(EndpointError):
    """No answer came: ArmoniK is out of reach, broke the call off, or is too late."""


class RefusedError(HelloError):
    """ArmoniK refused a call."""


class PartitionError(RefusedError):
    """A partition does not exist; the hint says which ones do."""


class WaitError(HelloError):
    """A wait ended without the result."""


class ResultLostError(WaitError):
    """A result will never come: it was aborted or deleted, or nobody knows it."""


class WaitTimeoutError(WaitError):
    """The deadline is over; message and hint are a diagnosis."""


class WaitCancelledError(WaitError):
    """The wait was cancelled, for example by a Cancel button."""
