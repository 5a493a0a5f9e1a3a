"""The file that a learner of a class gets: where its ArmoniK is, and who they are there.

    AK_ENDPOINT=https://laptop.local:5001
    AK_ENDPOINT=https://10.0.0.7:5001
    HELLO_PARTITION=default
    HELLO_LEARNER=ada
    -----BEGIN EC PRIVATE KEY-----
    …
    -----BEGIN CERTIFICATE-----
    …

It sets variables of `connect.variables`, and no others. An ArmoniK may be known under several
names: the first that answers is taken. The certificates are in the file itself, or lie beside it
(``Grpc__CaCert=ca.pem``). So it works wherever it is copied to, under any name.
"""

from __future__ import annotations

import contextlib
import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from hello_helpers.connect.endpoint import Endpoint
from hello_helpers.connect.tls_files import check_dates
from hello_helpers.connect.variables import (
    CA_VARIABLE,
    CERTIFICATE_VARIABLE,
    ENDPOINT_VARIABLES,
    KEY_VARIABLE,
    VARIABLES,
)
from hello_helpers.errors import (
    AccessDeniedError,
    EndpointError,
    InputError,
    NoAnswerError,
    TlsFileError,
    TlsMismatchError,
)

FILES = (CA_VARIABLE, CERTIFICATE_VARIABLE, KEY_VARIABLE)

LONGEST = 100_000
"""Bytes of such a file at most: what is longer is something else."""

_ASK_THE_BOARD = (
    "Is this machine in the same network, and does the class's server run? If its address"
    " is on the board, give it: --endpoint HOST:PORT"
)

_ADDRESS = re.compile(rf"^\s*(export )?({'|'.join(ENDPOINT_VARIABLES)})=", re.MULTILINE)

_BLOCK = re.compile(r"-----BEGIN ([A-Z0-9 ]+)-----.*?-----END \1-----", re.DOTALL)

TELLING = (AccessDeniedError, TlsFileError, TlsMismatchError)
"""Errors that say more than that nobody is there."""


@dataclass(frozen=True)
class ClassFile:
    """What such a file says.

    Attributes:
        name: of the file, without its folder.
        endpoints: the names of its ArmoniK, as they stand there; one at least.
        variables: all others that it sets; the paths in them are whole.
    """

    name: str
    endpoints: tuple[str, ...]
    variables: dict[str, str]

    @classmethod
    def read(cls, path: Path) -> ClassFile:
        """Read a file, and close it to others if it is open to them: it holds a key.

        Raises:
            InputError: it cannot be read, or is something else.
            TlsFileError: a certificate in it is not valid now.
        """
        try:
            path = path.expanduser().absolute()
            data = path.read_bytes()
            text = data.decode("utf-8-sig") if len(data) <= LONGEST else ""
        except UnicodeDecodeError:
            text = ""
        except (OSError, RuntimeError, ValueError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            raise InputError(
                f"The class file {path.name!r} cannot be read: {reason}.",
                "Give the path of the file that you got from your teacher: --class FOLDER/NAME.env",
            ) from error
        settings = _BLOCK.sub("", text)
        if not _ADDRESS.search(settings):
            raise InputError(
                f"{path.name!r} is no class file: it does not say where ArmoniK is.",
                "Such a file has a line that begins with AK_ENDPOINT=. Your teacher has yours.",
            )
        endpoints, variables = [], {}
        for name, value in _settings(settings, path.name):
            if name in ENDPOINT_VARIABLES:
                endpoints.append(value)
            else:
                variables[name] = str(path.parent / value) if name in FILES else value
        if settings != text:
            _check_certificates(text, path.name)
            variables = {**dict.fromkeys(FILES, str(path)), **variables}
        with contextlib.suppress(OSError):  # as on a stick, which knows no owners
            if path.stat().st_mode & 0o077:
                path.chmod(0o600)
        return cls(path.name, tuple(endpoints), variables)

    def find(self, seconds: float, text: str | None = None) -> Endpoint:
        """Return the first of its endpoints that answers; all are tried at once.

        Args:
            seconds: how long an answer may take.
            text: where ArmoniK is, if the file does not know: HOST:PORT.

        Raises:
            EndpointError: none does; it says why.
        """
        files = dict(zip(_ARGUMENTS, map(self.variables.get, FILES), strict=True))
        tried = [Endpoint.parse(each, **files) for each in ([text] if text else self.endpoints)]
        with ThreadPoolExecutor(len(tried), "class") as pool:
            errors = list(pool.map(lambda endpoint: _error_at(endpoint, seconds), tried))
        for endpoint, error in zip(tried, errors, strict=True):
            if error is None:
                return endpoint
        found = [error for error in errors if error is not None]
        for error in found:
            if isinstance(error, TELLING):
                raise error
        if len(found) == 1:
            raise type(found[0])(found[0].message, _ASK_THE_BOARD) from found[0]
        raise NoAnswerError(
            f"The ArmoniK of {self.name!r} answers at none of its addresses:"
            f" {', '.join(endpoint.where for endpoint in tried)}.",
            _ASK_THE_BOARD,
        )

    def environment(self, endpoint: Endpoint) -> dict[str, str]:
        """Return all variables of `connect.variables` as they are to be; "" takes one away."""
        return {
            **dict.fromkeys(VARIABLES, ""),
            **self.variables,
            ENDPOINT_VARIABLES[0]: endpoint.url,
        }


_ARGUMENTS = ("certificate_authority", "client_certificate", "client_key")


def _settings(text: str, file: str) -> list[tuple[str, str]]:
    found = []
    for line in map(str.strip, text.splitlines()):
        if line and not line.startswith("#"):
            name, equals, value = line.removeprefix("export ").partition("=")
            if not equals or name not in VARIABLES:
                raise InputError(
                    f"{file!r} is no class file: nothing else in it may be like {line[:40]!r}.",
                    f"It sets {', '.join(VARIABLES)}, and holds certificates.",
                )
            found.append((name, value.strip("'\"")))
    return found


def _check_certificates(text: str, file: str) -> None:
    from cryptography import x509

    try:
        certificates = x509.load_pem_x509_certificates(text.encode())
    except ValueError as error:
        raise InputError(
            f"The certificates in {file!r} are damaged.", "Copy the file again, as a whole."
        ) from error
    for certificate in certificates:
        check_dates(certificate, f"A certificate in {file!r}")


def _error_at(endpoint: Endpoint, seconds: float) -> EndpointError | None:
    try:
        endpoint.check(seconds)
    except EndpointError as error:
        return error
    return None
