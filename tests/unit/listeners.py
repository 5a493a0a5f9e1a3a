"""Things that an endpoint can turn out to be: real listeners on loopback, good and bad."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
import trustme
from armonik.protogen.client.versions_service_pb2_grpc import (
    VersionsServicer,
    add_VersionsServicer_to_server,
)
from armonik.protogen.common.versions_common_pb2 import ListVersionsResponse


@contextlib.contextmanager
def tcp(talk: Callable[[socket.socket], None]) -> Iterator[int]:
    """Listen on a port of loopback; `talk` is called with each connection, in a thread."""
    listener = socket.create_server(("127.0.0.1", 0))
    connections: list[socket.socket] = []

    def accept() -> None:
        with contextlib.suppress(OSError):  # the listener is closed at the end
            while True:
                connection, _ = listener.accept()
                connections.append(connection)
                threading.Thread(target=talk, args=(connection,), daemon=True).start()

    thread = threading.Thread(target=accept, daemon=True)
    thread.start()
    yield listener.getsockname()[1]
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()
    thread.join()
    for connection in connections:
        connection.close()


def say_nothing(connection: socket.socket) -> None:
    """Take the connection and stay silent."""


def hang_up(connection: socket.socket) -> None:
    connection.close()


def answer_like_a_web_server(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):
        connection.recv(1000)
        connection.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
        connection.shutdown(socket.SHUT_WR)


def closed_port() -> int:
    """Return a port at which nothing listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


class Versions(VersionsServicer):
    """What ArmoniK answers first; `seconds` later, or with an error."""

    def __init__(self, seconds: float = 0, code: grpc.StatusCode | None = None) -> None:
        self._seconds = seconds
        self._code = code

    def ListVersions(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: ARG002, N802
        deadline = time.monotonic() + self._seconds
        while time.monotonic() < deadline and context.is_active():
            time.sleep(0.02)
        if self._code is not None:
            context.abort(self._code, "no")
        return ListVersionsResponse(core="1.2.3", api="4.5.6")


@contextlib.contextmanager
def grpc_server(
    service: VersionsServicer | None = None,
    certificate: trustme.LeafCert | None = None,
    client_authority: trustme.CA | None = None,
    url: str = "127.0.0.1:0",
) -> Iterator[int]:
    """Serve gRPC, on a port of loopback or at `url`, with TLS if there is a certificate."""
    server = grpc.server(ThreadPoolExecutor(4))
    if service is not None:
        add_VersionsServicer_to_server(service, server)
    if certificate is None:
        port = server.add_insecure_port(url)
    else:
        chain = b"".join(pem.bytes() for pem in certificate.cert_chain_pems)
        port = server.add_secure_port(
            url,
            grpc.ssl_server_credentials(
                [(certificate.private_key_pem.bytes(), chain)],
                client_authority.cert_pem.bytes() if client_authority else None,
                require_client_auth=client_authority is not None,
            ),
        )
    server.start()
    yield port
    server.stop(0).wait()
