"""The address of an ArmoniK, read from what people paste, with a sentence for each mistake."""

from __future__ import annotations

import ipaddress
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, cast
from urllib.parse import quote

from hello_helpers.errors import EndpointSyntaxError

Scheme = Literal["http", "https", "unix"]

_EXAMPLE = "For example: http://localhost:5001 or https://armonik.example.com:5001."
_QUOTES = "\"'`\N{LEFT DOUBLE QUOTATION MARK}\N{RIGHT DOUBLE QUOTATION MARK}"


@dataclass(frozen=True, repr=False)
class Address:
    """Where an ArmoniK control plane is, with the files that TLS needs.

    Attributes:
        scheme: "http" (plain), "https" (TLS) or "unix" (a socket file of this machine).
        target: ``host:port``, or the path of the socket.
        certificate_authority: PEM file with the authority that signed the server's certificate;
            without it, the authorities that this machine trusts.
        client_certificate: PEM or PKCS#12 file, if the server wants to know who calls.
        client_key: PEM file with its key, if it is not in the same file.
    """

    scheme: Scheme
    target: str
    certificate_authority: str | None = None
    client_certificate: str | None = None
    client_key: str | None = None

    @property
    def url(self) -> str:
        """The address as `armonik.common.create_channel` reads it."""
        if self.scheme != "unix":
            return f"{self.scheme}://{self.target}"
        # gRPC takes a URL here: "%", "?", "#" and bytes that are no UTF-8 would mislead it.
        path = quote(os.fsencode(self.target))
        return f"unix://{path}" if path.startswith("/") else f"unix:{path}"

    @property
    def host(self) -> str:
        """The host, without brackets; "" for a Unix socket."""
        return "" if self.scheme == "unix" else self.target.rpartition(":")[0].strip("[]")

    @property
    def port(self) -> int:
        """The port; 0 for a Unix socket."""
        return 0 if self.scheme == "unix" else int(self.target.rpartition(":")[2])

    @property
    def where(self) -> str:
        """How messages call it; of a path only the last part."""
        if self.scheme == "unix":
            return f"the Unix socket {Path(self.target).name!r}"
        return self.target

    @property
    def is_local(self) -> bool:
        """True for an address within this machine: a Unix socket, or loopback."""
        if self.scheme == "unix" or self.host == "localhost" or self.host.endswith(".localhost"):
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False

    def channel_options(self) -> tuple[tuple[str, int], ...]:
        """Options for the channel."""
        options = [
            # After a lost connection gRPC would wait up to two minutes before it tries again.
            ("grpc.initial_reconnect_backoff_ms", 200),
            ("grpc.max_reconnect_backoff_ms", 2000),
            # Channels to one address would share their connection, and its wait for the next try:
            # after a failure of an old channel, a new one would fail without trying.
            ("grpc.use_local_subchannel_pool", 1),
        ]
        if self.is_local:
            # With http_proxy set, gRPC would ask the proxy for this very machine.
            options.append(("grpc.enable_http_proxy", 0))
        return tuple(options)


def split_endpoint(text: str) -> tuple[Scheme | Literal[""], str]:
    """Return the scheme ("" if there is none) and the target: ``host:port``, or a socket's path.

    A path is taken as it is, with or without ``unix:`` in front: "%41" are three characters of it.

    Raises:
        EndpointSyntaxError: if the text is no endpoint; it says what is wrong with it.
    """
    text = text.strip().strip(_QUOTES).strip()
    if not text:
        raise EndpointSyntaxError("There is no endpoint.", _EXAMPLE)
    if re.search(r"[\s\x00-\x1f]", text) and not text.startswith(("unix:", "/")):
        raise EndpointSyntaxError("An endpoint has no blanks inside.", _EXAMPLE)
    if text.startswith("/"):
        return "unix", _read_path(text)
    head, colon, rest = text.partition(":")
    scheme = head.lower()
    if scheme == "unix" and colon:
        return "unix", _read_path(_without_authority(rest))
    if not rest.startswith("//"):
        return "", _read_address(text)
    if scheme in ("http", "https"):
        return cast(Scheme, scheme), _read_address(rest[2:])
    raise EndpointSyntaxError(
        f"An endpoint does not start with {head}://.", f"Use http, https or unix. {_EXAMPLE}"
    )


def _without_authority(rest: str) -> str:
    """Return the path of ``unix:path`` and ``unix:///path``; the text is what follows "unix:"."""
    if not rest.startswith("//"):
        return rest
    if not rest.startswith("///"):
        raise EndpointSyntaxError(
            "After unix: there are two slashes; it takes one or three.",
            "Write unix:///path/to/the/socket, with the whole path.",
        )
    return rest[2:]


def _read_path(path: str) -> str:
    if not path.strip("/") or "\x00" in path:
        raise EndpointSyntaxError(
            "The path of the Unix socket is missing.", "Write unix:///path/to/the/socket."
        )
    try:
        size = len(os.fsencode(path))
    except UnicodeEncodeError as error:
        raise EndpointSyntaxError(
            f"The path of the Unix socket cannot be written as this system does: {path!r}.",
            "Give the socket a name of letters that can be printed.",
        ) from error
    if size > 107:  # sun_path has 108 bytes on Linux, the last one is 0; macOS has four less
        raise EndpointSyntaxError(
            f"The path of the Unix socket is too long: {size} bytes, the system allows 107.",
            "Put the socket into a folder with a shorter path.",
        )
    return path


def _read_address(text: str) -> str:
    """Check ``host:port`` and return it."""
    text = text.rstrip("/")
    if "@" in text:
        raise EndpointSyntaxError(
            "An endpoint holds no user name and no password.",
            "ArmoniK knows its callers by client certificates. Leave out what is before the @.",
        )
    if extra := re.search(r"[/?#\\]", text):
        raise EndpointSyntaxError(
            f"An endpoint ends with the port, but {text[extra.start() :]!r} follows.",
            f"Write {text[: extra.start()] or 'host:port'} only.",
        )
    if text.count(":") > 1 and not text.startswith("["):
        raise EndpointSyntaxError(
            "An IPv6 address needs brackets.", "For example: [::1]:5001 or http://[::1]:5001."
        )
    if ":" not in text or text.endswith("]"):
        host, port = text, ""
    else:
        host, _, port = text.rpartition(":")
    _check_host(host)
    if not port:
        raise EndpointSyntaxError(
            "The port is missing.", f"ArmoniK is usually published on port 5001: {host}:5001."
        )
    if not re.fullmatch(r"[0-9]{1,9}", port):
        raise EndpointSyntaxError(f"The port must be a number, you typed {port!r}.", _EXAMPLE)
    if not 1 <= int(port) <= 65535:
        raise EndpointSyntaxError(f"Port must be 1 to 65535, you typed {port}.", _EXAMPLE)
    return f"{host}:{int(port)}"


def _check_host(host: str) -> None:
    try:
        if host.startswith("["):
            ipaddress.IPv6Address(host.removeprefix("[").removesuffix("]"))
            if host.endswith("]"):
                return
        elif re.fullmatch(r"[0-9.]+", host):
            ipaddress.IPv4Address(host)
            return
        elif re.fullmatch(r"[A-Za-z0-9_.-]{1,253}", host):
            return
    except ValueError:
        pass
    raise EndpointSyntaxError(f"{host!r} is not a host name and not an IP address.", _EXAMPLE)
