"""The raw limit of the private socket: the frames of a task there and back, and nothing done.

The frames are those of the embedded ArmoniK's pods and Python workers, with the content of a hello.
They are encoded once; neither side reads what is in them.
"""

import asyncio
import socket
import sys
import uuid
from collections.abc import Callable
from typing import Protocol

from armonik.protogen.common.objects_pb2 import Empty, Output
from armonik.protogen.common.worker_common_pb2 import ProcessReply, ProcessRequest

from hello_helpers.embedded.compute_plane.inside.connection import DONE, TASK, Frame
from hello_helpers.messages import Payload, Result

ID = str(uuid.UUID(int=1))
PAYLOAD = Payload([1234, 1]).serialize()
RESULT = Result(1235).serialize()

REQUEST = ProcessRequest(
    communication_token=ID,
    session_id=ID,
    task_id=ID,
    task_options={
        "max_duration": {"seconds": 300},
        "max_retries": 1,
        "priority": 1,
        "partition_id": "default",
    },
    expected_output_keys=[ID],
    payload_id=ID,
    data_folder=f"/tmp/armonik-12345678/shared/{ID}",
    configuration={"data_chunk_max_size": 2 * 1024 * 1024},
)
REPLY = ProcessReply(output=Output(ok=Empty()))

THERE = Frame(TASK, {"data": [ID], "files": {}}, [REQUEST.SerializeToString(), PAYLOAD]).encode()
BACK = Frame(
    DONE,
    {"token": ID, "announced": [], "data": [ID]},
    [REPLY.SerializeToString(), RESULT],
).encode()


def work(connection: socket.socket) -> None:
    """Answer each task until the other side closes: the worker's process."""
    while connection.recv(len(THERE), socket.MSG_WAITALL):
        connection.sendall(BACK)


class Trip(Protocol):
    """The way to one worker and back."""

    async def start(self) -> None:
        """Reach the worker."""

    async def __call__(self) -> None:
        """Send a task; return when it is done."""


class SocketTrip:
    """A `Trip` over a private socket."""

    def __init__(self, connection: socket.socket) -> None:
        """Take the connection to the worker."""
        self._connection = connection

    async def start(self) -> None:
        self._reader, self._writer = await asyncio.open_unix_connection(sock=self._connection)

    async def __call__(self) -> None:
        self._writer.write(THERE)
        await self._reader.readexactly(len(BACK))


class Trips:
    """Has tasks make the round trip; each worker has one of them at a time."""

    def __init__(self, done: Callable[[], None]) -> None:
        """Remember whom to tell of each task that is back."""
        self._done = done
        self._waiting = asyncio.Semaphore(0)
        self._pods: list[asyncio.Task[None]] = []

    async def employ(self, trip: Trip) -> None:
        """Send tasks to this worker, too."""
        await trip.start()
        self._pods.append(asyncio.create_task(self._pod(trip)))

    def add(self, count: int) -> None:
        """Send so many tasks, as workers become free."""
        for _ in range(count):
            self._waiting.release()

    async def _pod(self, trip: Trip) -> None:
        while True:
            await self._waiting.acquire()
            await trip()
            self._done()


if __name__ == "__main__":
    work(socket.socket(fileno=int(sys.argv[1])))
