"""Things that an endpoint can turn out to be: real listeners on loopback, good and bad."""

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import grpc
import trustme


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


def wait_until_gone(context: grpc.ServicerContext) -> None:
    """Return when nobody waits for the answer any more."""
    gone = threading.Event()
    if context.add_callback(gone.set):
        gone.wait()


@contextlib.contextmanager
def grpc_server(
    handler: grpc.GenericRpcHandler | None = None,
    certificate: trustme.LeafCert | None = None,
    client_authority: trustme.CA | None = None,
    url: str = "127.0.0.1:0",
) -> Iterator[int]:
    """Serve gRPC, on a port of loopback or at `url`, with TLS if there is a certificate."""
    server = grpc.server(ThreadPoolExecutor(16), [handler] if handler else None)
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
    assert port
    server.start()
    yield port
    server.stop(0).wait()
