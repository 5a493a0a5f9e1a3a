"""The raw limit of the private socket: the frames of a task there and back, and nothing done.

The frames are those of the embedded ArmoniK's pods and Python workers, with the content of a hello.
They are encoded once; neither side reads what is in them.
"""

from __future__ import annotations

import asyncio
import socket
import sys
import uuid
from collections.abc import Callable

from armonik.protogen.common.objects_pb2 import Configuration, Empty, Output, TaskOptions
from armonik.protogen.common.worker_common_pb2 import ProcessReply, ProcessRequest
from google.protobuf.duration_pb2 import Duration

from hello_helpers.embedded.compute_plane.inside.frames import DONE, TASK, Frame
from hello_helpers.messages import Payload, Result

ID = str(uuid.UUID(int=1))
PAYLOAD = Payload([1234, 1]).serialize()
RESULT = Result(1235).serialize()

REQUEST = ProcessRequest(
    communication_token=ID,
    session_id=ID,
    task_id=ID,
    task_options=TaskOptions(
        max_duration=Duration(seconds=300), max_retries=1, priority=1, partition_id="default"
    ),
    expected_output_keys=[ID],
    payload_id=ID,
    data_folder=f"/tmp/armonik-12345678/shared/{ID}",
    configuration=Configuration(data_chunk_max_size=2 * 1024 * 1024),
)
REPLY = ProcessReply(output=Output(ok=Empty()))

THERE = Frame(TASK, {"data": [ID], "files": {}}, [REQUEST.SerializeToString(), PAYLOAD]).encode()
BACK = Frame(
    DONE,
    {"token": ID, "reply": True, "error": "", "data": [ID], "announced": [ID]},
    [REPLY.SerializeToString(), RESULT],
).encode()


def work(connection: socket.socket) -> None:
    """Answer each task until the other side closes: the worker's process."""
    read = 0
    while data := connection.recv(1 << 16):
        read += len(data)
        while read >= len(THERE):
            read -= len(THERE)
            connection.sendall(BACK)


class Trips:
    """Has tasks make the round trip; each worker has one of them at a time."""

    def __init__(self, done: Callable[[], None]) -> None:
        """Remember whom to tell of each task that is back."""
        self._done = done
        self._waiting = 0
        self._pods: list[_Pod] = []

    async def connect(self, connection: socket.socket) -> None:
        """Use this connection to a worker, too."""
        loop = asyncio.get_running_loop()
        _, pod = await loop.create_unix_connection(lambda: _Pod(self), sock=connection)
        self._pods.append(pod)

    def add(self, count: int) -> None:
        """Send so many tasks, as workers become free."""
        self._waiting += count
        for pod in self._pods:
            pod.go_on()

    def take(self) -> bool:
        """Take a task if there is one."""
        self._waiting -= 1
        if self._waiting < 0:
            self._waiting = 0
            return False
        return True

    def back(self) -> None:
        """Note that a task is back."""
        self._done()


class _Pod(asyncio.Protocol):
    """The pod's end of one connection."""

    def __init__(self, trips: Trips) -> None:
        self._trips = trips
        self._missing = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._missing -= len(data)
        if self._missing <= 0:
            self._trips.back()
            self.go_on()

    def go_on(self) -> None:
        """Send the next task unless one is under way."""
        if self._missing <= 0 and self._trips.take():
            self._missing = len(BACK)
            self._transport.write(THERE)


if __name__ == "__main__":
    work(socket.socket(fileno=int(sys.argv[1])))
