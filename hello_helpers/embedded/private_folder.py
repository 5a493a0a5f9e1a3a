"""The private folder of this user: where the shared embedded ArmoniK is found."""

from __future__ import annotations

import os
import stat
import tempfile
from pathlib import Path

from .errors import StartError

VARIABLE = "HELLO_ARMONIK_DIR"
"""Environment variable that names another folder."""


def private_folder() -> Path:
    """Return the folder, made if need be; nobody else can enter it.

    One of yours that is there and empty is closed to others. One with files in it is not touched:
    somebody may have put them there.

    Where it is: ``$HELLO_ARMONIK_DIR``, else under ``$XDG_RUNTIME_DIR``, else under the
    system's folder for temporary files. It never needs a writable home.

    Raises:
        StartError: it cannot be made, or belongs to somebody else, or is open to others.
    """
    folder = _place()
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        info = folder.lstat()
        if os.name == "posix" and _is_mine(info) and _is_open(info) and not any(folder.iterdir()):
            folder.chmod(0o700)
            info = folder.lstat()
    except OSError as error:
        which = f"that {VARIABLE} names" if os.environ.get(VARIABLE) else "of the embedded ArmoniK"
        raise StartError(
            f"The private folder {which} cannot be made or used: {error.strerror}",
            f"Name one that you can write to in the environment variable {VARIABLE}",
        ) from error
    if os.name == "posix":
        another = f"Name another folder in the environment variable {VARIABLE}"
        if not _is_mine(info):
            raise StartError(
                f"The folder for the embedded ArmoniK does not belong to you: {folder}",
                another,
            )
        if _is_open(info):
            raise StartError(
                f"The folder for the embedded ArmoniK can be entered by others: {folder}",
                f"{another}, which is for nothing else: it is made, and closed to others",
            )
    return folder


def _is_mine(info: os.stat_result) -> bool:
    return info.st_uid == os.getuid() and stat.S_ISDIR(info.st_mode)


def _is_open(info: os.stat_result) -> bool:
    return bool(info.st_mode & 0o077)


def _place() -> Path:
    if named := os.environ.get(VARIABLE):
        return Path(named).absolute()
    runtime = os.environ.get("XDG_RUNTIME_DIR", "")
    if runtime and os.access(runtime, os.W_OK):
        return Path(runtime) / "hello-armonik"
    user = os.getuid() if hasattr(os, "getuid") else os.environ.get("USERNAME", "user")
    return Path(tempfile.gettempdir()) / f"hello-armonik-{user}"
