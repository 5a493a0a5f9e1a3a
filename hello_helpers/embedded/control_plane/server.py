"""The control plane: one gRPC server with all public services of ArmoniK."""

from __future__ import annotations

import asyncio
import os
import uuid
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any

import grpc
from armonik.protogen.client import (
    applications_service_pb2_grpc,
    auth_service_pb2_grpc,
    events_service_pb2_grpc,
    health_checks_service_pb2_grpc,
    partitions_service_pb2_grpc,
    results_service_pb2_grpc,
    sessions_service_pb2_grpc,
    submitter_service_pb2_grpc,
    tasks_service_pb2_grpc,
    versions_service_pb2_grpc,
)

from ..clients import ClientList
from ..data_plane.plane import DataPlane
from ..errors import StartError
from ..interceptor import ANY_PINGS, INSTANCE_KEY, ErrorInterceptor, everybody
from ..limits import MAX_MESSAGE, MIB, MOST_FILES
from .about import Applications, Authentication, HealthChecks, Partitions, Versions
from .callers import admission
from .events import Events
from .results import Results
from .sessions import Sessions
from .submitter import Submitter
from .tasks import Tasks

HANDSHAKE_LIMIT = 20
"""Seconds that a new connection has to introduce itself; gRPC itself would wait for two minutes."""

MOST_WAITING = 1_000_000
"""Calls that may wait until our code takes them. gRPC itself drops some of those above 1,000, and
all above 3,000, with a bare CANCELLED, whoever has made them; a waiting call takes a few KiB."""

OPTIONS = (
    ("grpc.server.max_pending_requests", MOST_WAITING),
    ("grpc.server.max_pending_requests_hard_limit", MOST_WAITING),
    ("grpc.so_reuseport", 0),  # a port that is taken is an error, not a shared one
    ("grpc.server_handshake_timeout_ms", HANDSHAKE_LIMIT * 1000),
    ANY_PINGS,
)

SHUTDOWN_GRACE = 0.2
"""Seconds that calls under way have when the control plane stops; streams end at once then."""


@contextmanager
def _for_me_only() -> Iterator[None]:
    """Let nobody else write to what is made inside: whoever can write to a socket can call."""
    before = os.umask(0o077)
    try:
        yield
    finally:
        os.umask(before)


class ControlPlane:
    """Serves clients. It writes to the data plane and never talks to a pod."""

    def __init__(
        self,
        plane: DataPlane,
        credentials: grpc.ServerCredentials | None = None,
        clients: ClientList | None = None,
        most_connections: int = MOST_FILES,
        max_message: int = MAX_MESSAGE,
    ) -> None:
        """Take what it needs to serve.

        Args:
            credentials: for TLS; None: calls are not encrypted.
            clients: whose certificates are let in; None: all that the authority has signed.
            most_connections: connections of clients at the same time; more are turned away.
            max_message: MiB of a message; gRPC refuses longer ones with RESOURCE_EXHAUSTED.
        """
        self._plane = plane
        self._options = (
            *OPTIONS,
            ("grpc.max_allowed_incoming_connections", most_connections),
            ("grpc.max_receive_message_length", max_message * MIB),
        )
        self._credentials = credentials
        self._admit = admission(clients) if clients else everybody
        self._address = ""
        self.instance = str(uuid.uuid4())
        self.gone = asyncio.Event()
        """Set while nobody listens, on purpose."""
        self._absences = 0
        self._turn = asyncio.Lock()

    def _services(self) -> list[tuple[Callable[[Any, Any], None], Any]]:
        plane = self._plane
        services: list[tuple[Callable[[Any, Any], None], Any]] = [
            (sessions_service_pb2_grpc.add_SessionsServicer_to_server, Sessions(plane)),
            (tasks_service_pb2_grpc.add_TasksServicer_to_server, Tasks(plane)),
            (results_service_pb2_grpc.add_ResultsServicer_to_server, Results(plane)),
            (events_service_pb2_grpc.add_EventsServicer_to_server, Events(plane)),
            (partitions_service_pb2_grpc.add_PartitionsServicer_to_server, Partitions(plane)),
            (applications_service_pb2_grpc.add_ApplicationsServicer_to_server, Applications(plane)),
            (
                health_checks_service_pb2_grpc.add_HealthChecksServiceServicer_to_server,
                HealthChecks(plane),
            ),
            (versions_service_pb2_grpc.add_VersionsServicer_to_server, Versions()),
            (submitter_service_pb2_grpc.add_SubmitterServicer_to_server, Submitter(plane)),
        ]
        permissions = [
            f"{type(servicer).__name__}:{name}"
            for _, servicer in services
            for name in vars(type(servicer))
            if name[0].isupper()
        ]
        services.append(
            (
                auth_service_pb2_grpc.add_AuthenticationServicer_to_server,
                Authentication(permissions),
            )
        )
        return services

    async def start(self, address: str) -> int:
        """Listen on ``unix:///path`` or ``host:port``; return the port, 0 for a socket.

        Raises:
            StartError: the address is taken or cannot be used.
        """
        interceptor = ErrorInterceptor(((INSTANCE_KEY, self.instance),), self._admit)
        self._server = grpc.aio.server(interceptors=[interceptor], options=self._options)
        for add, servicer in self._services():
            add(servicer, self._server)
        try:
            with _for_me_only():
                port = self._listen(address)
        except RuntimeError as error:
            raise StartError(
                f"Cannot listen on {address}: it is taken, not of this machine, or not for you",
                "Choose another host, port or socket, or let a free one be chosen (--port 0)",
            ) from error
        await self._server.start()
        is_socket = address.startswith("unix:")
        self._address = address if is_socket else f"{address.rpartition(':')[0]}:{port}"
        return 0 if is_socket else port

    def _listen(self, address: str) -> int:
        if self._credentials:
            return self._server.add_secure_port(address, self._credentials)
        return self._server.add_insecure_port(address)

    async def be_away(self, over: Awaitable[object]) -> None:
        """Stop until something is over, then listen on the same address again.

        Several may ask for it at the same time: it comes back when the last of them has come to its
        end.
        """
        self._absences += 1
        async with self._turn:
            if not self.gone.is_set():
                await self.stop()
                self.gone.set()
        await over
        self._absences -= 1
        async with self._turn:
            if not self._absences:
                self.gone.clear()
                await self.start(self._address)

    async def stop(self) -> None:
        """Refuse new calls, end the present ones."""
        await self._server.stop(SHUTDOWN_GRACE)
