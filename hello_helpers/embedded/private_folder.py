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

    Where it is: ``$HELLO_ARMONIK_DIR``, else under ``$XDG_RUNTIME_DIR``, else under the
    system's folder for temporary files. It never needs a writable home.

    Raises:
        StartError: it cannot be made, or belongs to somebody else, or is open to others.
    """
    folder = _place()
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        info = folder.lstat()
    except OSError as error:
        raise StartError(
            f"Cannot make the private folder of the embedded ArmoniK: {error.strerror}",
            f"Name one that you can write to in the environment variable {VARIABLE}",
        ) from error
    if os.name == "posix":
        foreign = info.st_uid != os.getuid() or not stat.S_ISDIR(info.st_mode)
        if foreign or info.st_mode & 0o077:
            whose = "does not belong to you" if foreign else "can be entered by others"
            raise StartError(
                f"The folder for the embedded ArmoniK {whose}: {folder}",
                f"Remove it, or name another one in the environment variable {VARIABLE}",
            )
    return folder


def _place() -> Path:
    if named := os.environ.get(VARIABLE):
        return Path(named).absolute()
    runtime = os.environ.get("XDG_RUNTIME_DIR", "")
    if runtime and os.access(runtime, os.W_OK):
        return Path(runtime) / "hello-armonik"
    user = os.getuid() if hasattr(os, "getuid") else os.environ.get("USERNAME", "user")
    return Path(tempfile.gettempdir()) / f"hello-armonik-{user}"
