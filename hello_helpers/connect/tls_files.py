"""Reading the files that TLS needs, and saying at once what is wrong with them.

gRPC itself finds out during the handshake, and then says no more than "Failed to create security
handshaker".
"""

from __future__ import annotations

import codecs
import datetime
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from hello_helpers.connect.address import Address
from hello_helpers.errors import TlsFileError

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

_MARKS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}


@dataclass(frozen=True)
class TlsFiles:
    """The contents of the files of an endpoint, in PEM form; None where there is none."""

    certificate_authority: bytes | None = None
    client_certificate: bytes | None = None
    client_key: bytes | None = None


def read_tls_files(address: Address) -> TlsFiles:
    """Read and check the TLS files of an endpoint.

    Raises:
        TlsFileError: if one is missing, unreadable, holds something else, or is not valid now.
    """
    authority = _read(address.certificate_authority, "CA file")
    if authority is not None:
        _check_authority(authority, _name(address.certificate_authority))
    certificate = _read(address.client_certificate, "client certificate")
    if certificate is None:
        return TlsFiles(authority)
    name = _name(address.client_certificate)
    key, key_name = _read(address.client_key, "client key"), _name(address.client_key)
    if key is None:  # certificate and key are in one file, PKCS#12 or PEM
        certificate, key = _unpack(certificate, name) or (certificate, certificate)
        key_name = name
    _check_client(certificate, key, name, key_name)
    return TlsFiles(authority, certificate, key)


def _name(path: str | None) -> str:
    """Return how a message calls the file: by its name, not by the folders of this machine."""
    return repr(Path(path).name) if path else ""


def _read(path: str | None, what: str) -> bytes | None:
    if path is None:
        return None
    try:
        return _without_mark(Path(path).expanduser().read_bytes())
    except (OSError, ValueError, RuntimeError) as error:  # ValueError: a NUL byte in the path
        reason = getattr(error, "strerror", None) or str(error)
        raise TlsFileError(
            f"The {what} {_name(path)} cannot be read: {reason}.",
            "Check the path and who may read the file.",
        ) from error


def _without_mark(data: bytes) -> bytes:
    """Return text without the byte order mark that some editors of Windows write before it."""
    for mark, encoding in _MARKS.items():
        if data.startswith(mark):
            return data.decode(encoding, "replace").encode()
    return data


def _check_authority(data: bytes, name: str) -> None:
    from cryptography import x509

    try:
        certificates = x509.load_pem_x509_certificates(data)
    except ValueError as error:
        raise TlsFileError(
            f"The CA file {name} holds no certificate in PEM form.",
            'Such a file starts with "-----BEGIN CERTIFICATE-----".',
        ) from error
    check_dates(certificates[0], f"The CA file {name}")


def _unpack(data: bytes, name: str) -> tuple[bytes, bytes] | None:
    """Return certificate and key of a PKCS#12 file in PEM form; None if it is no such file."""
    from cryptography.hazmat.primitives.serialization import (
        Encoding,
        NoEncryption,
        PrivateFormat,
        pkcs12,
    )

    try:
        pair = pkcs12.load_pkcs12(data, b"")
    except ValueError:
        return None
    if pair.cert is None or pair.key is None:
        raise TlsFileError(f"The client certificate {name} lacks its certificate or its key.")
    return (
        pair.cert.certificate.public_bytes(Encoding.PEM),
        pair.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
    )


def _check_client(certificate: bytes, key: bytes, name: str, key_name: str) -> None:
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        parsed = x509.load_pem_x509_certificates(certificate)[0]
    except ValueError as error:
        raise TlsFileError(
            f"The client certificate {name} holds no certificate in PEM form.",
            "A PKCS#12 file (.p12, .pfx) is read too, if it has an empty password.",
        ) from error
    try:
        private = load_pem_private_key(key, password=None)
    except TypeError as error:
        raise TlsFileError(
            f"The client key {key_name} is protected by a password.",
            "gRPC cannot ask for it. Write the key without one: openssl pkey -in KEY -out NEW",
        ) from error
    except ValueError as error:
        if key is certificate:
            raise TlsFileError(
                f"The client certificate {name} holds no private key, and no key file is given.",
                "Name the file of its key, too: client_key, --key, or Grpc__ClientKey.",
            ) from error
        raise TlsFileError(
            f"The client key {key_name} holds no private key in PEM form.",
            'Such a file has a line like "-----BEGIN PRIVATE KEY-----".',
        ) from error
    if private.public_key() != parsed.public_key():
        raise TlsFileError(
            f"The client key {key_name} does not belong to the client certificate {name}.",
            "Take the two that were made together.",
        )
    check_dates(parsed, f"The client certificate {name}")


def check_dates(certificate: Certificate, what: str) -> None:
    """Do nothing if a certificate is valid now; ``what`` it is begins the message if not.

    Raises:
        TlsFileError: it is not yet, or no more.
    """
    now = datetime.datetime.now(datetime.timezone.utc)
    begin, end = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    if now < begin:
        raise TlsFileError(
            f"{what} is not valid before {begin:%Y-%m-%d %H:%M} UTC.",
            "Look at the clock of this machine: date -u",
        )
    if end < now:
        raise TlsFileError(
            f"{what} expired on {end:%Y-%m-%d}.",
            f"This machine says that today is {now:%Y-%m-%d}. If that is right, fetch a new one."
            " (Those of a local ArmoniK deployment live for some days only.)",
        )
