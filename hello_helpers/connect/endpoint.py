"""Where ArmoniK is: the endpoint, as people paste it, as the environment gives it, or embedded."""

from __future__ import annotations

import ipaddress
import os
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING
from urllib.parse import quote

from hello_helpers.connect.address import Scheme, split_endpoint
from hello_helpers.errors import EndpointError, EndpointSyntaxError

if TYPE_CHECKING:
    import grpc

    from hello_helpers.connect.origin import Origin

ENDPOINT_VARIABLES = ("AK_ENDPOINT", "Grpc__Endpoint")
"""ArmoniK's command line reads the first, its client libraries the second and the next three."""

CA_VARIABLE = "Grpc__CaCert"
CERTIFICATE_VARIABLE = "Grpc__ClientCert"
KEY_VARIABLE = "Grpc__ClientKey"


@dataclass(frozen=True, repr=False)
class Endpoint:
    """The address of an ArmoniK control plane, with the files that TLS needs.

    Attributes:
        scheme: "http" (plain), "https" (TLS) or "unix" (a socket file of this machine).
        target: ``host:port``, or the path of the socket.
        certificate_authority: PEM file with the authority that signed the server's certificate;
            without it, the authorities that this machine trusts.
        client_certificate: PEM or PKCS#12 file, if the server wants to know who calls.
        client_key: PEM file with its key, if it is not in the same file.
        embedded: True for the ArmoniK that this package brings along.
        shared: True for the one that all notebooks share: it is started again when it is needed.
        origin: the embedded ArmoniK as it ran when this was found; None for all others.
    """

    scheme: Scheme
    target: str
    certificate_authority: str | None = None
    client_certificate: str | None = None
    client_key: str | None = None
    embedded: bool = False
    shared: bool = field(default=False, compare=False)
    origin: Origin | None = field(default=None, compare=False)

    @classmethod
    def parse(
        cls,
        text: str,
        *,
        certificate_authority: str | None = None,
        client_certificate: str | None = None,
        client_key: str | None = None,
    ) -> Endpoint:
        """Read what people paste: ``localhost:5001``, ``https://host:443/``, ``unix:///a/socket``.

        Without a scheme it is http, or https if there are TLS files.

        Raises:
            EndpointSyntaxError: if the text is no endpoint; it says what is wrong with it.
        """
        scheme, target = split_endpoint(text)
        files = (certificate_authority or None, client_certificate or None, client_key or None)
        if not scheme:
            scheme = "https" if any(files) else "http"
        if any(files) and scheme != "https":
            raise EndpointSyntaxError(
                f"Certificates are for https://, but the endpoint says {scheme}.",
                "Write https:// if the server speaks TLS, or leave the certificates out.",
            )
        if client_key and not client_certificate:
            raise EndpointSyntaxError(
                "There is a client key, but no client certificate.", "Give both, or none."
            )
        return cls(scheme, target, *files)

    @classmethod
    def from_environment(cls) -> Endpoint | None:
        """Read ``AK_ENDPOINT``, else ``Grpc__Endpoint``; None if neither is set.

        TLS files come from ``Grpc__CaCert``, ``Grpc__ClientCert`` and ``Grpc__ClientKey``.
        """
        text = endpoint_variable()
        return cls.find(text) if text else None

    @classmethod
    def find(
        cls,
        text: str | None = None,
        *,
        certificate_authority: str | None = None,
        client_certificate: str | None = None,
        client_key: str | None = None,
    ) -> Endpoint:
        """Return the endpoint that is named here, else in the environment, else the embedded one.

        The embedded ArmoniK is started if it does not run. TLS files that are not named here are
        taken from the environment, unless the endpoint says http or unix.

        Raises:
            EndpointSyntaxError: if the endpoint cannot be read.
            EndpointError: if the embedded ArmoniK cannot be started.
        """
        text = text or endpoint_variable()
        if text is None:
            return cls.start_embedded()
        if split_endpoint(text)[0] in ("", "https"):
            certificate_authority = certificate_authority or os.environ.get(CA_VARIABLE)
            client_certificate = client_certificate or os.environ.get(CERTIFICATE_VARIABLE)
            client_key = client_key or os.environ.get(KEY_VARIABLE)
        return cls.parse(
            text,
            certificate_authority=certificate_authority,
            client_certificate=client_certificate,
            client_key=client_key,
        )

    @classmethod
    def start_embedded(cls) -> Endpoint:
        """Return the embedded ArmoniK, which is started if it does not run.

        Raises:
            EndpointError: if it cannot be started.
        """
        from hello_helpers.connect.origin import SharedOrigin
        from hello_helpers.embedded import StartError, shared_endpoint

        try:
            found = cls.parse(shared_endpoint())
            return replace(found, embedded=True, shared=True, origin=SharedOrigin.now())
        except StartError as error:
            raise EndpointError(error.message, error.hint) from error

    def renewed(self) -> Endpoint:
        """Return this endpoint; if it is the shared embedded ArmoniK, that runs afterwards.

        Between two cells somebody may have stopped it. It is also leased to this process again.

        Raises:
            EndpointError: if it cannot be started.
        """
        return Endpoint.start_embedded() if self.shared else self

    @property
    def url(self) -> str:
        """The endpoint as `armonik.common.create_channel` reads it."""
        if self.scheme != "unix":
            return f"{self.scheme}://{self.target}"
        path = quote(self.target)  # gRPC takes a URL here: "%", "?" and "#" would mislead it
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
    def is_local(self) -> bool:
        """True if the endpoint is on this machine for certain: a Unix socket, or loopback."""
        if self.scheme == "unix" or self.host == "localhost" or self.host.endswith(".localhost"):
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False

    def describe(self) -> str:
        """Say which ArmoniK this is, without a path or a port: a stamp for what it computed."""
        if self.embedded:
            if self.origin is not None and not self.shared:
                return "private embedded ArmoniK of this notebook"
            return "embedded ArmoniK on this machine"
        return "ArmoniK on this machine" if self.is_local else f"ArmoniK at {self.host}"

    def __repr__(self) -> str:
        return f"<Endpoint: {self.describe()}>"

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

    def open_channel(self) -> grpc.Channel:
        """Open a channel; close it when done, best by ``with endpoint.open_channel() as channel``.

        The connection itself is made with the first call, so a channel opens to a dead endpoint
        too. Each call has a deadline of 30 seconds (see `connect.deadline`). The shared
        embedded ArmoniK is started if it does not run.

        Raises:
            TlsFileError: if a TLS file is missing or unusable.
            EndpointError: if the embedded ArmoniK cannot be started.
        """
        # Imported here, because half of the users of this module only parse.
        from armonik.common import create_channel

        from hello_helpers.connect.deadline import with_deadline
        from hello_helpers.connect.origin import remembering
        from hello_helpers.connect.tls_files import read_tls_files
        from hello_helpers.wire import watchable

        files = read_tls_files(self)
        channel = create_channel(
            self.renewed().url,
            options=self.channel_options(),
            certificate_authority=files.certificate_authority,
            client_certificate=files.client_certificate,
            client_key=files.client_key,
        )
        return watchable(with_deadline(remembering(channel, self.origin)))

    def check(self, timeout: float = 5.0) -> dict[str, str]:
        """Prove that ArmoniK answers; return its versions, ``{"core": "...", "api": "..."}``.

        Args:
            timeout: seconds after which there is an answer or an error.

        Raises:
            EndpointError: if it does not; the subclass, message and hint say why.
        """
        from hello_helpers.connect.probe import check

        return check(self, timeout)


def endpoint_variable() -> str | None:
    """Return the endpoint that the environment names, as it stands there."""
    return next(filter(None, map(os.environ.get, ENDPOINT_VARIABLES)), None)
