"""What does the other side of a connection speak: HTTP/2, as gRPC does, or something else? TLS?"""

from __future__ import annotations

import re
import socket
import ssl
import tempfile
import time
from pathlib import Path

from hello_helpers.connect.address import Address
from hello_helpers.connect.tls_files import read_tls_files
from hello_helpers.errors import (
    EndpointError,
    NoAnswerError,
    NotGrpcError,
    TlsMismatchError,
)

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\x00\x00\x00\x04\x00\x00\x00\x00\x00"
"""What a client of HTTP/2 says first: magic words, and a SETTINGS frame (RFC 9113, 3.4)."""

SETTINGS = 4
"""Type of the frame that the server answers with; the type is the fourth byte of a frame."""

# Numbers of OpenSSL (X509_V_ERR_...).
NOT_YET_VALID, EXPIRED, HOSTNAME_MISMATCH, ADDRESS_MISMATCH = 9, 10, 62, 64


def look(connection: socket.socket, address: Address, seconds: float) -> EndpointError | None:
    """Speak to the other side like a gRPC client; None if it answers like a gRPC server.

    Args:
        connection: connected, and used up by this.
        address: where it leads to.
        seconds: how long it may take.
    """
    deadline = time.monotonic() + seconds
    connection.settimeout(seconds / 2)
    if address.scheme == "https":
        return _look_with_tls(connection, address)
    answer = _talk(connection)
    if answer is not None and _is_http2(answer):
        return None
    if _speaks_tls(address, max(0.05, deadline - time.monotonic())):
        return TlsMismatchError(
            f"The server at {address.target} speaks TLS, and the endpoint says http.",
            f"Write https://{address.target}, and give its CA file if it is not a public one.",
        )
    return _not_grpc(answer, address)


def _talk(connection: socket.socket) -> bytes | None:
    """Send the preface and return the beginning of the answer; None if there is none in time."""
    try:
        connection.sendall(PREFACE)
        return connection.recv(64)
    except TimeoutError:
        return None
    except ssl.SSLError:
        raise
    except OSError:
        return b""


def _is_http2(answer: bytes) -> bool:
    return len(answer) >= 9 and answer[3] == SETTINGS


def _not_grpc(answer: bytes | None, address: Address) -> EndpointError:
    if answer is None:
        return NoAnswerError(
            f"The server at {address.target} takes the connection and says nothing.",
            "It is not gRPC, or it hangs. Check the port: ArmoniK is usually published on 5001.",
        )
    if not answer:  # an ArmoniK that has as many connections as it takes does so, too
        return NoAnswerError(
            f"The server at {address.target} takes the connection, and hangs up without a word.",
            "It may have as many connections as it takes: close channels that nobody needs, or try"
            " again in a moment. Or it is not gRPC: ArmoniK is usually published on port 5001.",
        )
    kind = "is a web server" if answer.startswith(b"HTTP/") else "does not speak gRPC"
    return NotGrpcError(
        f"What answers at {address.target} {kind}: it is not ArmoniK.",
        "Check the port: ArmoniK is usually published on 5001.",
    )


def _speaks_tls(address: Address, seconds: float) -> bool:
    context = ssl.create_default_context()
    context.check_hostname = False  # only to learn whether it speaks TLS; nothing is sent
    context.verify_mode = ssl.CERT_NONE
    try:
        with (
            socket.create_connection((address.host, address.port), seconds) as connection,
            context.wrap_socket(connection),
        ):
            return True
    except OSError:
        return False


def _look_with_tls(connection: socket.socket, address: Address) -> EndpointError | None:
    try:
        with _context(address).wrap_socket(connection, server_hostname=address.host) as secure:
            # With TLS 1.3 a server refuses a client certificate only after the handshake.
            answer = _talk(secure)
            if answer is not None and _is_http2(answer):
                return None
            if secure.selected_alpn_protocol() == "h2" and answer == b"":
                return _refused(address)
            return _not_grpc(answer, address)
    except ssl.SSLCertVerificationError as error:
        return _not_trusted(error, address)
    except ssl.SSLError as error:
        reason = error.reason or str(error)
        if re.search("ALERT.*(CERTIFICATE|UNKNOWN_CA|HANDSHAKE_FAILURE)", reason):
            return _refused(address)
        if "ALERT" in reason:
            return TlsMismatchError(
                f"The server at {address.target} broke off the TLS handshake: {reason}.",
                "Ask whoever runs ArmoniK which versions of TLS it takes.",
            )
        return TlsMismatchError(
            f"The server at {address.target} does not speak TLS, and the endpoint says https.",
            f"Write http://{address.target} if the network is trusted, or take the port of TLS.",
        )
    except TimeoutError:
        return _not_grpc(None, address)
    except OSError:
        return _not_grpc(b"", address)


def _context(address: Address) -> ssl.SSLContext:
    files = read_tls_files(address)
    authority = files.certificate_authority
    context = ssl.create_default_context(
        cadata=authority.decode("ascii", "ignore") if authority else None
    )
    context.set_alpn_protocols(["h2"])
    if files.client_certificate and files.client_key:
        with tempfile.TemporaryDirectory() as folder:  # ssl reads certificates from files only
            pair = Path(folder, "pair.pem")
            pair.touch(mode=0o600)
            pair.write_bytes(files.client_certificate + b"\n" + files.client_key)
            context.load_cert_chain(pair)
    return context


def _not_trusted(error: ssl.SSLCertVerificationError, address: Address) -> TlsMismatchError:
    ours = "your CA file" if address.certificate_authority else "an authority that you trust"
    other_name = (
        f"is for another name than {address.host}.",
        "Use the name that stands in the certificate.",
    )
    known = {
        HOSTNAME_MISMATCH: other_name,
        ADDRESS_MISMATCH: other_name,
        EXPIRED: ("has expired.", "Whoever runs ArmoniK must renew it."),
        NOT_YET_VALID: ("is not valid yet.", "Look at the clock of this machine, and of that one."),
    }
    untrusted = (
        f"is not signed by {ours}.",
        "Give the CA file of this ArmoniK (--ca, or the variable Grpc__CaCert).",
    )
    what, todo = known.get(error.verify_code, untrusted)
    return TlsMismatchError(f"The certificate of the server at {address.target} {what}", todo)


def _refused(address: Address) -> TlsMismatchError:
    if address.client_certificate:
        return TlsMismatchError(
            f"The server at {address.target} does not accept your client certificate.",
            "Take one that was signed by the authority of this ArmoniK.",
        )
    return TlsMismatchError(
        f"The server at {address.target} wants a client certificate.",
        "Give certificate and key (--cert and --key, or Grpc__ClientCert and Grpc__ClientKey).",
    )
