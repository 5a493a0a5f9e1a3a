"""The raw limit of the long road: a gRPC client calls real workers, and nothing else is done.

The workers are those of the embedded ArmoniK, as processes of their own. Each has an agent with one
answer, and a data folder in which the payload of all its tasks lies once and for all.
"""

from __future__ import annotations

import os
import subprocess
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import grpc
from armonik.protogen.common.agent_common_pb2 import NotifyResultDataResponse
from armonik.protogen.common.objects_pb2 import Empty
from armonik.protogen.common.worker_common_pb2 import ProcessReply, ProcessRequest
from armonik.protogen.worker import agent_service_pb2_grpc
from armonik.protogen.worker.worker_service_pb2_grpc import WorkerStub

from hello_helpers.embedded import HELLO_WORKER
from hello_helpers.embedded.compute_plane.addresses import UNIX, Addresses

from .private_socket import ID, PAYLOAD, REQUEST

PAYLOAD_ID = str(uuid.UUID(int=2))
NOTED = NotifyResultDataResponse(result_ids=[ID])
OPTIONS = (("grpc.default_authority", "localhost"),)


class Agent(agent_service_pb2_grpc.AgentServicer):  # type: ignore[misc]
    """Has one answer for all that the hello worker asks for when it adds a few numbers."""

    async def NotifyResultData(self, _: Any, __: Any) -> NotifyResultDataResponse:
        return NOTED


class GrpcTrip:
    """The round trip of a task to one worker; see `private_socket.Trips`."""

    def __init__(self, folder: Path) -> None:
        """Name the worker by its folder; `start` reaches it."""
        addresses = _met_in(folder)
        self._agent = grpc.aio.server()
        agent_service_pb2_grpc.add_AgentServicer_to_server(Agent(), self._agent)
        self._agent.add_insecure_port(addresses.agent_target)
        channel = grpc.aio.insecure_channel(addresses.worker_target, options=OPTIONS)
        self._worker = WorkerStub(channel)
        self._request = ProcessRequest()
        self._request.CopyFrom(REQUEST)
        self._request.data_folder = str(folder)
        self._request.payload_id = PAYLOAD_ID  # not the file to which the result goes

    async def start(self) -> None:
        """Serve the agent; wait until the worker is there."""
        await self._agent.start()
        await self._worker.HealthCheck(Empty(), wait_for_ready=True)

    async def __call__(self) -> None:
        """Send a task and wait for the worker's reply."""
        reply: ProcessReply = await self._worker.Process(self._request)
        assert reply.output.WhichOneof("type") == "ok", reply


def _met_in(folder: Path) -> Addresses:
    return Addresses(UNIX, str(folder / "worker.sock"), str(folder / "agent.sock"))


@contextmanager
def worker(folder: Path) -> Iterator[None]:
    """Run a hello worker for the time of the block; a `GrpcTrip` of the same folder reaches it."""
    folder.mkdir()
    (folder / PAYLOAD_ID).write_bytes(PAYLOAD)
    environment = {**os.environ, **_met_in(folder).environment()}
    with (folder / "worker.log").open("wb") as log:
        process = subprocess.Popen(
            HELLO_WORKER, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log
        )
    try:
        yield
    finally:
        process.terminate()
        process.wait()
