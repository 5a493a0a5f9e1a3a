"""The list of client certificates that are let in, one for each name.

It lies beside the certificates. Whoever serves may change it at any time, and it is read again when
it has changed: so a certificate can be replaced, or taken back, while calls are served.
"""

from __future__ import annotations

import hashlib
import ssl
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from .errors import StartError, Unauthenticated
from .folders import write_private


class ClientList:
    """A file with a line for each client: the fingerprint of the certificate, and the name."""

    def __init__(self, path: Path) -> None:
        """Take the path; the file need not be there."""
        self.path = path
        self._read_as: object = None
        self._known: dict[str, str] = {}

    def exists(self) -> bool:
        """Tell whether there is a list; if not, all that the authority has signed are let in."""
        return self.path.exists()

    def read(self) -> dict[str, str]:
        """Return the fingerprint of each name; none if there is no list.

        Raises:
            StartError: the file holds something else.
        """
        try:
            lines = self.path.read_text("utf-8").splitlines()
            return {name: mark for mark, name in (line.split(" ", 1) for line in lines)}
        except FileNotFoundError:
            return {}
        except ValueError:
            raise StartError(
                f"The list of clients is damaged: {self.path}",
                "Put a copy of it in its place, or make the class anew in another folder",
            ) from None

    def write(self, clients: Mapping[str, str]) -> None:
        """Put another list in the place of this one, at once and as a whole."""
        lines = [f"{mark} {name}\n" for name, mark in sorted(clients.items())]
        write_private(self.path, "".join(lines).encode())

    def admit(self, name: str, certificate: bytes) -> None:
        """Let the caller in who shows this certificate, in PEM form.

        Raises:
            Unauthenticated: it is not, or no longer, the one of that name.
        """
        try:
            status = self.path.stat()
            version = (status.st_mtime_ns, status.st_ino, status.st_size)
            if version != self._read_as:
                self._known, self._read_as = self.read(), version
        except (OSError, StartError):  # whoever cannot be looked up is not let in
            self._known, self._read_as = {}, None
        if self._known.get(name) != fingerprint(certificate):
            raise Unauthenticated(
                f"The certificate of {name or 'nobody'} is not, or no longer, on the list of those"
                " that are let in here"
            )


@lru_cache(1024)
def fingerprint(certificate: bytes) -> str:
    """Return the SHA-256 of a certificate in PEM form, as 64 hex digits."""
    return hashlib.sha256(ssl.PEM_cert_to_DER_cert(certificate.decode("ascii"))).hexdigest()
