"""Does ArmoniK answer at an endpoint, and if not, why? One layer after the other.

One call says whether all is well. Only if it fails, plain sockets look at what gRPC does not tell:
name, connection, what the other side speaks, TLS. Each look says what is wrong and what to do.
"""

from __future__ import annotations

import contextlib
import os
import re
import socket
import stat
import threading
import time
from pathlib import Path

import grpc
from armonik.protogen.client.versions_service_pb2_grpc import VersionsStub
from armonik.protogen.common.versions_common_pb2 import ListVersionsRequest

from hello_helpers.connect import handshake
from hello_helpers.connect.address import Address
from hello_helpers.connect.channel import Channel
from hello_helpers.connect.origin import end_of
from hello_helpers.connect.variables import NO_PROXY_VARIABLES, PROXY_VARIABLES, first_variable
from hello_helpers.errors import (
    AccessDeniedError,
    EndpointError,
    NameNotFoundError,
    NoAnswerError,
    NobodyListensError,
    NotArmonikError,
    NotGrpcError,
    ProxyInTheWayError,
    SocketMissingError,
    TlsMismatchError,
)

SHARE_OF_THE_CALL = 0.6
"""Part of the time that the call may take; the rest is for finding out why it failed."""


def check(channel: Channel, timeout: float) -> dict[str, str]:
    """Return ArmoniK's versions, or raise an `EndpointError`, within `timeout` seconds."""
    deadline = time.monotonic() + timeout
    # The stub, and not ArmoniKVersions, because it takes a deadline for this one call.
    versions = VersionsStub(channel)
    try:
        reply = versions.ListVersions(ListVersionsRequest(), timeout=timeout * SHARE_OF_THE_CALL)
    except grpc.RpcError as error:
        if (ended := end_of(error)) is not None:
            raise ended from error
        assert channel.address is not None  # who checks has opened it by its address
        raise explain(channel.address, error, deadline) from error
    return {"core": reply.core, "api": reply.api}


def explain(address: Address, error: grpc.RpcError, deadline: float) -> EndpointError:
    """Return what is wrong at an address, where a call ended with `error`."""
    code, where = error.code(), address.where
    if code == grpc.StatusCode.UNIMPLEMENTED:
        return NotArmonikError(
            f"A server answers at {where}, but it is not ArmoniK.",
            "Take the port of ArmoniK's control plane; it is usually published on 5001.",
        )
    if code in (grpc.StatusCode.UNAUTHENTICATED, grpc.StatusCode.PERMISSION_DENIED):
        return AccessDeniedError(
            f"ArmoniK answers at {where}, but refuses this caller: {error.details()}",
            "It knows its users by client certificate: give one that it knows, and its key.",
        )
    if status := re.search(r"status: (\d{3})", error.details() or ""):
        return NotGrpcError(
            f"A web server answers at {where}, with HTTP status {status[1]}, and no ArmoniK.",
            "If it is ArmoniK's gateway, ArmoniK behind it may be down, or want a certificate.",
        )
    if (found := _look(address, deadline)) is not None:
        return found
    if "CERTIFICATE_VERIFY_FAILED" in (error.details() or ""):
        return TlsMismatchError(
            f"This system trusts the certificate of the server at {where}, but gRPC does not.",
            "Give the file of the authority that signed it (--ca, or the variable Grpc__CaCert).",
        )
    if code == grpc.StatusCode.DEADLINE_EXCEEDED:
        return NoAnswerError(
            f"ArmoniK at {where} did not answer in time.",
            "It may be overloaded or still starting: try again in a moment.",
        )
    return NoAnswerError(
        f"The call to {where} failed: {error.details()}",
        "If ArmoniK is starting, try again in a moment.",
    )


def _look(address: Address, deadline: float) -> EndpointError | None:
    """Look at the endpoint without gRPC; None if nothing is wrong below gRPC."""
    if address.scheme == "unix":
        return _look_at_socket(address)
    if variable := _proxy_variable(address):
        return ProxyInTheWayError(
            f"The variable {variable} sends the call to a proxy, and that did not reach "
            f"{address.where}.",
            f"If no proxy is needed, set no_proxy={address.host} in the terminal, "
            "and start this command, or JupyterLab, there again.",
        )
    if not _is_known(address, deadline):
        return NameNotFoundError(
            f"There is no machine named {address.host!r}.",
            "Check the spelling, and whether you need a VPN.",
        )
    try:
        connection = socket.create_connection(
            (address.host, address.port), timeout=_remaining(deadline, at_most=1.0)
        )
    except ConnectionRefusedError:
        return NobodyListensError(
            f"Nothing listens at {address.where}.",
            "Check the port (ArmoniK is usually published on 5001), and that ArmoniK runs.",
        )
    except OSError as error:
        reason = "no answer" if isinstance(error, TimeoutError) else error.strerror
        return NoAnswerError(
            f"{address.where} cannot be reached: {reason}.",
            "Check the address. A firewall may be in the way, or a VPN missing.",
        )
    with connection:
        return handshake.look(connection, address, _remaining(deadline))


def _look_at_socket(address: Address) -> EndpointError | None:
    where, path = address.where, address.target
    try:
        is_socket = stat.S_ISSOCK(Path(path).stat().st_mode)
    except OSError as error:
        return SocketMissingError(
            f"{where[0].upper()}{where[1:]} is not there: {error.strerror}.",
            "ArmoniK makes it when it starts. Check the path, and that ArmoniK runs.",
        )
    if not is_socket:
        return SocketMissingError(
            f"{Path(path).name!r} is a file, but no Unix socket.", "Check the path."
        )
    if not hasattr(socket, "AF_UNIX"):
        return SocketMissingError(
            "Python has no Unix sockets on this system.", "Use the address of a port: host:port."
        )
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(1.0)
        try:
            connection.connect(path)
        except PermissionError:
            return AccessDeniedError(
                f"You may not use {where}.", "It belongs to another account of this machine."
            )
        except OSError:
            return NobodyListensError(
                f"Nothing listens at {where}.",
                "It was left by an ArmoniK that has ended. Start ArmoniK again.",
            )
    return None


def _proxy_variable(address: Address) -> str | None:
    """Return the variable that makes gRPC use a proxy for this endpoint, if there is one."""
    if address.is_local:
        return None  # `Endpoint.open_channel` sees to it
    exceptions = first_variable(NO_PROXY_VARIABLES) or ""
    suffixes = [entry.strip() for entry in exceptions.split(",") if entry.strip()]
    if any(entry == "*" or address.host.endswith(entry) for entry in suffixes):
        return None
    return next(filter(os.environ.get, PROXY_VARIABLES), None)


def _is_known(address: Address, deadline: float) -> bool:
    """Look the name up, in a thread, because the system's function takes no deadline."""
    found: list[object] = []

    def look_up() -> None:
        with contextlib.suppress(OSError, UnicodeError):
            found.extend(socket.getaddrinfo(address.host, address.port))

    thread = threading.Thread(target=look_up, daemon=True)
    thread.start()
    thread.join(_remaining(deadline, at_most=1.0))
    return bool(found)


def _remaining(deadline: float, at_most: float = 2.0) -> float:
    return max(0.05, min(at_most, deadline - time.monotonic()))
