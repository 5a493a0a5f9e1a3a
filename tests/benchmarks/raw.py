"""The raw limit: a gRPC server that answers at once with messages of the right number and size.

Nothing is kept and nothing is looked up. The answers are made once for each number of items. With
workers, each submitted task makes the round trip to one of them before its event is sent: over a
private socket, or over gRPC.
"""

from __future__ import annotations

import asyncio
import functools
import socket
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import grpc
from armonik.protogen.client import (
    events_service_pb2_grpc,
    results_service_pb2_grpc,
    tasks_service_pb2_grpc,
)
from armonik.protogen.common import events_common_pb2 as events
from armonik.protogen.common import results_common_pb2 as results
from armonik.protogen.common import tasks_common_pb2 as tasks
from armonik.protogen.common.result_status_pb2 import (
    RESULT_STATUS_COMPLETED,
    RESULT_STATUS_CREATED,
)
from google.protobuf.timestamp_pb2 import Timestamp

from . import raw_agent
from .private_socket import ID, PAYLOAD, RESULT, SocketTrip, Trip, Trips
from .raw_agent import GrpcTrip

ROOT = Path(__file__).parents[2]

CHUNK = 2 * 1024 * 1024
"""Bytes in one message of a download, as ours has them."""

THERE, COUNT, BYTES = "there", "count", "bytes"
"""Metadata of calls: of how many results a stream tells first that they are there, and then that
they are completed; how large the download shall be."""

NOW = Timestamp(seconds=1_700_000_000, nanos=123_456_000)
ANNOUNCED = results.ResultRaw(
    session_id=ID, name="o1234", result_id=ID, status=RESULT_STATUS_CREATED, created_at=NOW
)
STORED = results.ResultRaw(
    session_id=ID,
    name="p1234",
    owner_task_id=ID,
    result_id=ID,
    status=RESULT_STATUS_COMPLETED,
    created_at=NOW,
    completed_at=NOW,
    size=len(PAYLOAD),
    opaque_id=b"t" + b"0" * 31,
)
SUBMITTED = tasks.SubmitTasksResponse.TaskInfo(task_id=ID, expected_output_ids=[ID], payload_id=ID)
NEW = events.EventSubscriptionResponse(
    session_id=ID,
    new_result=events.EventSubscriptionResponse.NewResult(
        result_id=ID, owner_id=ID, status=RESULT_STATUS_CREATED
    ),
)
EVENT = events.EventSubscriptionResponse(
    session_id=ID,
    result_status_update=events.EventSubscriptionResponse.ResultStatusUpdate(
        result_id=ID, status=RESULT_STATUS_COMPLETED
    ),
)
DATA = results.DownloadResultDataResponse(data_chunk=RESULT)


@functools.cache
def stored(count: int) -> results.CreateResultsResponse:
    return results.CreateResultsResponse(results=[STORED] * count)


@functools.cache
def announced(count: int) -> results.CreateResultsMetaDataResponse:
    return results.CreateResultsMetaDataResponse(results=[ANNOUNCED] * count)


@functools.cache
def submitted(count: int) -> tasks.SubmitTasksResponse:
    return tasks.SubmitTasksResponse(task_infos=[SUBMITTED] * count)


class Empty(
    results_service_pb2_grpc.ResultsServicer,
    tasks_service_pb2_grpc.TasksServicer,
    events_service_pb2_grpc.EventsServicer,
):
    """The handlers that do nothing."""

    def __init__(self) -> None:
        self._events: asyncio.Queue[None] = asyncio.Queue()
        self._trips: Trips | None = None

    async def employ(self, trips: Sequence[Trip]) -> None:
        """From now on, have these workers take each task."""
        self._trips = Trips(lambda: self._events.put_nowait(None))
        for trip in trips:
            await self._trips.employ(trip)

    async def CreateResults(self, request: Any, _: Any) -> Any:
        return stored(len(request.results))

    async def CreateResultsMetaData(self, request: Any, _: Any) -> Any:
        return announced(len(request.results))

    async def SubmitTasks(self, request: Any, _: Any) -> Any:
        count = len(request.task_creations)
        if self._trips is not None:
            self._trips.add(count)
        return submitted(count)

    async def GetEvents(self, _: Any, context: Any) -> AsyncIterator[Any]:
        for _ in range(_told(context, THERE)):
            yield NEW
        for _ in range(_told(context, COUNT)):
            if self._trips is not None:
                await self._events.get()
            yield EVENT

    async def UploadResultData(self, requests: AsyncIterator[Any], _: Any) -> Any:
        async for _ in requests:
            pass
        return results.UploadResultDataResponse(result=STORED)

    async def DownloadResultData(self, _: Any, context: Any) -> AsyncIterator[Any]:
        size = _told(context, BYTES)
        if not size:
            yield DATA
        chunk = bytes(CHUNK)
        for start in range(0, size, CHUNK):
            yield results.DownloadResultDataResponse(data_chunk=chunk[: size - start])


def _told(context: Any, key: str) -> int:
    """Return the number that the client has sent along, 0 if none."""
    return int(dict(context.invocation_metadata()).get(key, 0))


async def serve(address: str, workers: Sequence[str]) -> None:
    """Serve until this process is ended; say so when it accepts calls.

    Args:
        workers: each the number of an open socket, or the folder of a worker that speaks gRPC.
    """
    server = grpc.aio.server()
    empty = Empty()
    if workers:
        await empty.employ([_trip(worker) for worker in workers])
    results_service_pb2_grpc.add_ResultsServicer_to_server(empty, server)
    tasks_service_pb2_grpc.add_TasksServicer_to_server(empty, server)
    events_service_pb2_grpc.add_EventsServicer_to_server(empty, server)
    server.add_insecure_port(address)
    await server.start()
    print("ready", flush=True)
    await asyncio.to_thread(sys.stdin.read)  # its end is the end of whoever started this
    await server.stop(None)


def _trip(worker: str) -> Trip:
    if worker.isdecimal():
        return SocketTrip(socket.socket(fileno=int(worker)))
    return GrpcTrip(Path(worker))


@contextmanager
def served(workers: int = 0, *, by_grpc: bool = False) -> Iterator[str]:
    """Start the server and so many worker processes; yield the server's address."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="armonik-")))
        address = f"unix://{folder / 'raw.sock'}"
        if by_grpc:
            folders = [folder / f"pod-{number}" for number in range(workers)]
            for each in folders:
                stack.enter_context(raw_agent.worker(each))
            server = stack.enter_context(_program("raw", [address, *map(str, folders)], []))
        else:
            pairs = [socket.socketpair() for _ in range(workers)]
            for _, theirs in pairs:
                stack.enter_context(_program("private_socket", [], [theirs]))
            ours = [end for end, _ in pairs]
            server = stack.enter_context(_program("raw", [address], ours))
            for connection in (end for pair in pairs for end in pair):
                connection.close()
        assert server.stdout is not None
        assert server.stdout.readline() == "ready\n", "the raw server did not start"
        yield address


@contextmanager
def _program(
    module: str, arguments: list[str], connections: list[socket.socket]
) -> Iterator[subprocess.Popen[str]]:
    """Run a module of this folder with arguments and sockets; end it after the block."""
    files = [connection.fileno() for connection in connections]
    process = subprocess.Popen(
        [sys.executable, "-m", f"{__package__}.{module}", *arguments, *map(str, files)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        pass_fds=files,
        cwd=ROOT,
    )
    with process:  # which closes stdin, and waits
        try:
            yield process
        finally:
            process.terminate()


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1], sys.argv[2:]))
