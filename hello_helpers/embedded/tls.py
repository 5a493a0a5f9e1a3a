"""Throw-away certificates for `serve --tls DIR`: an authority, a server, a client.

They are made by `trustme`, which is for tests, and so are they: whoever can read the folder can
make certificates. Both sides show one (mutual TLS), as on a real ArmoniK; the server knows its
callers by the common name of theirs.
"""

from __future__ import annotations

import datetime
import logging
import os
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from .clients import ClientList
from .errors import StartError
from .folders import write_private
from .locks import hold

if TYPE_CHECKING:
    import grpc
    import trustme
    from cryptography.x509 import Certificate

log = logging.getLogger(__name__)

CLIENT_NAME = "armonik-client"
"""The common name of the client certificate: who `GetCurrentUser` says that the caller is."""

LIFETIME = datetime.timedelta(days=365)

RENEWAL = datetime.timedelta(days=1)
"""A certificate that lives no longer than this is replaced at the next start."""

MAKER = "hello-armonik"
"""The organization in all certificates made here; those of others are not touched."""

_LOCK = ".lock"
_LOCK_LIMIT = 10.0
"""Seconds to wait for another process that is making certificates in the same folder."""


@dataclass(frozen=True)
class TlsFolder:
    """The folder of certificates and keys, all in PEM form."""

    folder: Path

    def certificate(self, whose: str) -> Path:
        """Return the file of a certificate; ``whose``: "ca", "server" or "client"."""
        return self.folder / f"{whose}.pem"

    def key(self, whose: str) -> Path:
        """Return the file of a private key."""
        return self.folder / f"{whose}-key.pem"

    @property
    def clients(self) -> ClientList:
        """Whose certificates are let in; see there."""
        return ClientList(self.folder / "clients.txt")

    def client_files(self) -> dict[str, str]:
        """Return what a client needs, as `armonik.common.create_channel` names it."""
        return {
            "certificate_authority": str(self.certificate("ca")),
            "client_certificate": str(self.certificate("client")),
            "client_key": str(self.key("client")),
        }

    def prepare(self, names: list[str]) -> None:
        """Make whatever is not there, has expired, or does not fit; keep everything else.

        Args:
            names: host names and addresses that the server's certificate must hold.

        Raises:
            StartError: a file is damaged, or the folder cannot be used or is open to others.
        """
        try:
            self._close_to_others()
            lock = hold(self.folder / _LOCK, _LOCK_LIMIT)
            if lock is None:
                raise StartError(f"Another process is working in the folder {self.folder}")
            with lock:
                authority = self._authority()
                self._leaf(authority, "server", names)
                self._leaf(authority, "client", [CLIENT_NAME])
        except OSError as error:
            raise StartError(
                f"The folder for certificates cannot be used: {error.strerror}: {self.folder}",
                "Choose another one with --tls DIR",
            ) from error

    def issue(self, name: str) -> trustme.LeafCert:
        """Make a client certificate of somebody's own; nothing of it is kept.

        Args:
            name: the common name, by which callers are known.
        """
        return self._authority().issue_cert(
            common_name=name, organization_name=MAKER, not_after=_expiry()
        )

    def credentials(self) -> grpc.ServerCredentials:
        """Return what gRPC needs to serve with mutual TLS."""
        import grpc

        pair = (self.key("server").read_bytes(), self.certificate("server").read_bytes())
        authority = self.certificate("ca").read_bytes()
        return grpc.ssl_server_credentials([pair], authority, require_client_auth=True)

    def _close_to_others(self) -> None:
        """Make the folder, or make an empty one, or one of ours, private."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if os.name != "posix" or not self.folder.stat().st_mode & 0o077:
            return
        ours = {_LOCK, self.clients.path.name} | {
            file.name
            for whose in ("ca", "server", "client")
            for file in (self.certificate(whose), self.key(whose))
        }
        if any(file.name not in ours for file in self.folder.iterdir()):
            raise StartError(
                f"The folder for certificates can be entered by others: {self.folder}",
                "Name a new folder, or make it private first: chmod 700",
            )
        self.folder.chmod(0o700)

    def _authority(self) -> trustme.CA:
        import trustme

        if self._read("ca"):
            certificate, key = self.certificate("ca"), self.key("ca")
            return trustme.CA.from_pem(certificate.read_bytes(), key.read_bytes())
        authority = trustme.CA(organization_name=MAKER)
        self._write("ca", authority.cert_pem, authority.private_key_pem)
        return authority

    def _leaf(self, authority: trustme.CA, whose: str, names: list[str]) -> None:
        """Keep the certificate of the server or the client, or issue a new one."""
        present = self._read(whose)
        signed = present and _is_signed_by(present, self.certificate("ca").read_bytes())
        if present and signed and _names_in(present) >= set(names):
            return
        issued = authority.issue_cert(
            *names,
            common_name=CLIENT_NAME if whose == "client" else None,
            organization_name=MAKER,
            not_after=_expiry(),
        )
        self._write(whose, issued.cert_chain_pems[0], issued.private_key_pem)

    def _read(self, whose: str) -> Certificate | None:
        """Return a certificate whose key is there, too; None if one is missing, or has expired.

        Raises:
            StartError: a file holds something else, or comes from elsewhere, or the two do not
                belong together.
        """
        from cryptography import x509
        from cryptography.hazmat.primitives.serialization import load_pem_private_key

        certificate, key = self.certificate(whose), self.key(whose)
        if not certificate.exists():
            return None
        try:
            read = x509.load_pem_x509_certificate(certificate.read_bytes())
            if MAKER not in (part.value for part in read.subject):
                raise StartError(
                    f"{certificate.name} was not made by `serve --tls`, in {self.folder}",
                    "Name another folder with --tls DIR; this one is left as it is",
                )
            if not key.exists():
                return None
            if load_pem_private_key(key.read_bytes(), None).public_key() != read.public_key():
                raise ValueError("they do not belong together")
        except (ValueError, TypeError) as error:  # TypeError: the key has a password
            raise StartError(
                f"{certificate.name} or {key.name} is damaged, in {self.folder}",
                "Delete both files, and new ones are made",
            ) from error
        certificate.chmod(0o600)
        key.chmod(0o600)
        left = read.not_valid_after_utc - datetime.datetime.now(datetime.timezone.utc)
        return read if left > RENEWAL else None

    def _write(self, whose: str, certificate: trustme.Blob, key: trustme.Blob) -> None:
        for path, blob in ((self.key(whose), key), (self.certificate(whose), certificate)):
            write_private(path, blob.bytes())
        log.info("Made the certificate %s", self.certificate(whose))


def _expiry() -> datetime.datetime:
    return datetime.datetime.now(datetime.timezone.utc) + LIFETIME


def _is_signed_by(certificate: Certificate, authority: bytes) -> bool:
    from cryptography import x509
    from cryptography.exceptions import InvalidSignature

    try:
        certificate.verify_directly_issued_by(x509.load_pem_x509_certificate(authority))
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


def _names_in(certificate: Certificate) -> set[str]:
    """Return the names and addresses that a certificate of ours is for."""
    from cryptography.x509 import SubjectAlternativeName

    names = certificate.extensions.get_extension_for_class(SubjectAlternativeName).value
    return {str(name.value) for name in names}


def how_to_connect(endpoint: str, folder: TlsFolder) -> str:
    """Say how a client connects: as a command, and as the environment of ArmoniK's clients."""
    files = {name: shlex.quote(path) for name, path in folder.client_files().items()}
    authority, certificate, key = files.values()
    return "\n".join(
        (
            "Clients need three files. To say hello:",
            f"hello-armonik run -e {endpoint} --ca {authority} --cert {certificate} --key {key}",
            "To tell ArmoniK's own clients in Python:",
            f"export Grpc__Endpoint={endpoint}",
            f"export Grpc__CaCert={authority}",
            f"export Grpc__ClientCert={certificate}",
            f"export Grpc__ClientKey={key}",
            "In C#, C++ and Rust:",
            f"export GrpcClient__Endpoint={endpoint}",
            f"export GrpcClient__CaCert={authority}",
            f"export GrpcClient__CertPem={certificate}",
            f"export GrpcClient__KeyPem={key}",
        )
    )
