"""Where ArmoniK is: the endpoint, as people paste it, as the environment gives it, or embedded."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

from hello_helpers.connect import starting
from hello_helpers.connect.address import Address, split_endpoint
from hello_helpers.connect.origin import Origin
from hello_helpers.connect.variables import (
    CA_VARIABLE,
    CERTIFICATE_VARIABLE,
    KEY_VARIABLE,
    endpoint_variable,
    learner_variable,
)
from hello_helpers.errors import EndpointSyntaxError

if TYPE_CHECKING:
    from hello_helpers.connect.channel import Channel


@dataclass(frozen=True, repr=False)
class Endpoint(Address):
    """The address of an ArmoniK control plane, and what is known of the ArmoniK there.

    Attributes:
        embedded: True for the ArmoniK that this package brings along.
        shared: True for the one that all notebooks share: it is started again when it is needed.
        origin: what the answers have told of it, to the channels that were opened from here.
    """

    embedded: bool = False
    shared: bool = field(default=False, compare=False)
    origin: Origin = field(default_factory=Origin, compare=False)

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
        return cast(Endpoint, starting.starter())

    def renewed(self) -> Endpoint:
        """Return this endpoint; if it is the shared embedded ArmoniK, that runs afterwards.

        Between two cells somebody may have stopped it. It is also leased to this process again.

        Raises:
            EndpointError: if it cannot be started.
        """
        return Endpoint.start_embedded() if self.shared else self

    def describe(self) -> str:
        """Say which ArmoniK this is, without a path or a port: a stamp for what it computed."""
        if self.embedded:
            if self.shared:
                return "embedded ArmoniK on this machine"
            return "private embedded ArmoniK of this notebook"
        what = "ArmoniK" if self.origin.instance is None else "embedded ArmoniK"
        # No more is known than the address: a tunnel to somewhere else may begin there.
        where = "at a socket of this machine" if self.scheme == "unix" else f"at {self.host}"
        who = learner_variable() if self.client_certificate else None
        return f"{what} {where}, as {who}" if who else f"{what} {where}"

    def __repr__(self) -> str:
        return f"<Endpoint: {self.describe()}>"

    def open_channel(self) -> Channel:
        """Open a channel; close it when done, best by ``with endpoint.open_channel() as channel``.

        The connection itself is made with the first call, so a channel opens to a dead endpoint
        too. Each call has a deadline of 30 seconds (see `connect.channel`). The shared embedded
        ArmoniK is started if it does not run.

        Raises:
            TlsFileError: if a TLS file is missing or unusable.
            EndpointError: if the embedded ArmoniK cannot be started.
        """
        # Imported here, because half of the users of this module only parse.
        from hello_helpers.connect.channel import open_channel

        return open_channel(self.renewed(), self.origin)

    def check(self, timeout: float = 5.0) -> dict[str, str]:
        """Prove that ArmoniK answers; return its versions, ``{"core": "...", "api": "..."}``.

        Args:
            timeout: seconds after which there is an answer or an error.

        Raises:
            EndpointError: if it does not; the subclass, message and hint say why.
        """
        from hello_helpers.connect.probe import check

        with self.open_channel() as channel:
            return check(channel, timeout)
