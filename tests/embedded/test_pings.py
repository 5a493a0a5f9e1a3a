"""A client or a worker may send HTTP/2 keepalive pings as often as it likes."""

import contextlib
import socket
from collections.abc import Iterator
from pathlib import Path

import grpc
import psutil
import pytest
from armonik.common import TaskStatus
from armonik.protogen.client.events_service_pb2_grpc import EventsStub
from armonik.protogen.common.events_common_pb2 import EventSubscriptionRequest

from hello_helpers.embedded import EmbeddedArmonik
from tests.commands import SILENT_WORKER
from tests.conformance.driver import ArmoniK
from tests.conformance.waiting import Subscription, eventually, is_status

from .served import SCRIPTED

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\0\0\0\x04\0\0\0\0\0"  # RFC 9113, 3.4
PING, GOAWAY = 6, 7  # types of frames
PING_HEAD = b"\0\0\x08\x06\0\0\0\0\0"  # 6.7; the eight bytes that the answer repeats follow
PINGS = 20
IDLE = 180.0  # seconds


def frames(connection: socket.socket) -> Iterator[tuple[int, bytes]]:
    """Yield type and payload of each frame that comes, until the other side hangs up."""
    with connection.makefile("rb") as stream:
        while head := stream.read(9):
            yield head[3], stream.read(int.from_bytes(head[:3], "big"))


@pytest.fixture(params=["control plane", "agent"])
def server(request: pytest.FixtureRequest) -> Iterator[str]:
    """Yield the path of the Unix socket of a server that is there."""
    with EmbeddedArmonik({"default": SILENT_WORKER}, pods=1) as armonik:
        if request.param == "control plane":
            yield armonik.endpoint.removeprefix("unix://")
            return
        (*_, worker) = psutil.Process(armonik.process.pid).children()
        path = worker.environ()["ComputePlane__AgentChannel__Address"]
        eventually(lambda: Path(path).exists(), bool)
        yield path


def test_each_ping_is_answered_however_many_came_before(server: str) -> None:
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(20)
        connection.connect(server)
        connection.sendall(PREFACE)
        incoming = frames(connection)
        for number in range(PINGS):
            ping = number.to_bytes(8, "big")
            connection.sendall(PING_HEAD + ping)
            kind, payload = next(frame for frame in incoming if frame[0] in (PING, GOAWAY))
            assert (kind, payload) == (PING, ping)


@pytest.mark.slow
@pytest.mark.timeout(IDLE + 120)
def test_a_quiet_event_stream_of_a_client_that_pings_lives_for_minutes() -> None:
    pinging = (("grpc.keepalive_time_ms", 10_000), ("grpc.http2.max_pings_without_data", 0))
    with (
        EmbeddedArmonik({"default": SCRIPTED}, pods=1) as embedded,
        contextlib.closing(ArmoniK(embedded.endpoint, "default")) as armonik,
        grpc.insecure_channel(embedded.endpoint, options=pinging) as channel,
    ):
        session = armonik.create_session()
        stream = Subscription(
            EventsStub(channel).GetEvents(EventSubscriptionRequest(session_id=session))
        )
        for idle in (IDLE, 0.0):
            task = armonik.submit(session)
            stream.until(is_status(task.task_id, TaskStatus.COMPLETED))
            assert stream.quiet(idle)
