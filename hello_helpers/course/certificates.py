"""Throw-away client certificates of a private embedded ArmoniK that speaks TLS."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

from hello_helpers.course.private_armonik import PrivateArmonik
from hello_helpers.errors import InputError

_NAME = re.compile(r"[a-z][a-z0-9-]{0,40}")


def certificate_folder() -> tempfile.TemporaryDirectory[str]:
    """Make a folder for certificates, that only you can enter; ``.name`` is its path.

    It goes with `cleanup`, or with this process; if that is killed, when the next one is made.
    """
    from hello_helpers.embedded import ScratchFolder

    return ScratchFolder()


def certificate_for(armonik: PrivateArmonik, name: str) -> str:
    """Make a client certificate for another user; return the path of its file.

    The file also holds the private key, and only its owner can read it. It lies beside the other
    certificates, and goes with them.

    Args:
        armonik: it must have been started with ``tls=``; its authority signs.
        name: the common name, by which ArmoniK will know the caller.

    Raises:
        InputError: if this ArmoniK has no certificates (any more), or the name cannot be used.
    """
    import trustme

    from hello_helpers.embedded import write_private

    if not _NAME.fullmatch(name):
        raise InputError(
            f"{name[:60]!r} cannot be the name of a user here.",
            "Use small letters, digits and dashes, for example ada.",
        )
    if armonik.certificate_authority is None:
        raise InputError(
            "This ArmoniK does not speak TLS.", "Start one that does: EmbeddedArmonik(tls=folder)."
        )
    folder = Path(armonik.certificate_authority).parent
    try:
        authority = trustme.CA.from_pem(
            (folder / "ca.pem").read_bytes(), (folder / "ca-key.pem").read_bytes()
        )
    except FileNotFoundError:
        raise InputError(
            "The folder of the certificates is gone.", "Start this ArmoniK again, with a new one."
        ) from None
    issued = authority.issue_cert(name, common_name=name)
    path = folder / f"user-{name}.pem"
    write_private(path, issued.private_key_and_cert_chain_pem.bytes())
    return str(path)
