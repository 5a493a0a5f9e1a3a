"""What is known of a call: its shape, and nothing of what it says."""

from __future__ import annotations

from dataclasses import dataclass

OK, CANCELLED = "OK", "CANCELLED"

BY_CLIENT = "by the client"
"""Details of a call that the client itself has cancelled: mostly a stream that it has read enough
of. gRPC has one status for this and for a server that cancels.
"""


@dataclass(frozen=True)
class Messages:
    """The messages of a call in one direction.

    Attributes:
        count: how many.
        size: bytes of all of them, as protobuf writes them. On the wire there are also five bytes
            in front of each, and the headers of HTTP/2.
        times: when they came, in seconds since the record began; if they are many, those of the
            first one, of the last one, and of some between.
    """

    count: int = 0
    size: int = 0
    times: tuple[float, ...] = ()


@dataclass(frozen=True)
class Call:
    """A call as it stands when it is looked at.

    Attributes:
        service: for example "Sessions".
        method: for example "CreateSession".
        streams_requests, streams_responses: which of the four kinds of gRPC it is.
        began: seconds since the record began.
        ended: the same; None while it is open.
        requests, responses: its messages.
        code: name of gRPC's status code, or of the Python error that ended it here; "" while open.
        details: what the status says besides, if it is not OK.
        by: the helper that made it beside what the program asked for; "" for the program itself.
    """

    service: str
    method: str
    streams_requests: bool
    streams_responses: bool
    began: float
    ended: float | None
    requests: Messages
    responses: Messages
    code: str
    details: str
    by: str = ""

    @property
    def name(self) -> str:
        """Service and method, as ArmoniK's API writes them."""
        return f"{self.service}.{self.method}" if self.service else self.method

    @property
    def is_stream(self) -> bool:
        """True if one side may send several messages."""
        return self.streams_requests or self.streams_responses

    @property
    def is_open(self) -> bool:
        """True if it has not ended yet."""
        return self.ended is None

    @property
    def was_stopped(self) -> bool:
        """True if the client itself has ended it; nothing is wrong then."""
        return (self.code, self.details) == (CANCELLED, BY_CLIENT)

    @property
    def seconds(self) -> float | None:
        """How long it took; None while it is open."""
        return None if self.ended is None else self.ended - self.began


def split_path(path: str) -> tuple[str, str]:
    """Return service and method of a gRPC path, ``/package.Service/Method``."""
    service, _, method = path.strip("/").rpartition("/")
    return service.rpartition(".")[2], method
