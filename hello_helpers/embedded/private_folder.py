"""The private folder of this user: where the shared embedded ArmoniK is found.

Where it is depends on the environment alone, never on what can be written at the moment: all
commands of a user find the same one, or are told what is wrong with it.
"""

from __future__ import annotations

import contextlib
import os
import stat
from pathlib import Path

from .errors import StartError
from .limits import require_linux

VARIABLE = "HELLO_ARMONIK_DIR"
"""Environment variable that names another folder."""


def private_folder() -> Path:
    """Return the folder, made if need be; nobody else can enter it.

    One of yours that is there and empty is closed to others. One with files in it is not touched:
    somebody may have put them there.

    Where it is: ``$HELLO_ARMONIK_DIR`` (from your home folder, if it is not absolute); else under
    ``$XDG_RUNTIME_DIR``, if that is yours; else under ``$TMPDIR`` or ``/tmp``. It never needs a
    writable home.

    Raises:
        StartError: it cannot be made, or belongs to somebody else, or is open to others.
    """
    require_linux()
    folder = _place()
    another = f"Name another folder in the environment variable {VARIABLE}"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        info = folder.lstat()
        if _is_mine(info) and _is_open(info) and not any(folder.iterdir()):
            folder.chmod(0o700)
            info = folder.lstat()
    except OSError as error:
        raise StartError(
            f"The private folder of the embedded ArmoniK cannot be made or used: {error.strerror}:"
            f" {folder}",
            another,
        ) from error
    if not _is_mine(info):
        raise StartError(
            f"The folder for the embedded ArmoniK does not belong to you: {folder}", another
        )
    if _is_open(info):
        raise StartError(
            f"The folder for the embedded ArmoniK can be entered by others: {folder}",
            f"{another}, which is for nothing else: it is made, and closed to others",
        )
    return folder


def temporary_place() -> Path:
    """Return the folder for temporary files: ``$TMPDIR``, or ``/tmp``.

    Python's own choice is another one while this is full, even the current folder.
    """
    named = Path(os.environ.get("TMPDIR", ""))
    return named if named.is_absolute() else Path("/tmp")


def no_room(error: OSError) -> StartError:
    """Return what to raise if nothing can be made in the `temporary_place`."""
    return StartError(
        f"Temporary files cannot be made: {error.strerror}: {temporary_place()}",
        "Make room there, or name another folder for temporary files in TMPDIR",
    )


def _is_mine(info: os.stat_result) -> bool:
    return info.st_uid == os.geteuid() and stat.S_ISDIR(info.st_mode)


def _is_open(info: os.stat_result) -> bool:
    return bool(info.st_mode & 0o077)


def _place() -> Path:
    if named := os.environ.get(VARIABLE):
        try:
            folder = Path(named).expanduser()
            return folder if folder.is_absolute() else Path.home() / folder
        except RuntimeError as error:
            raise StartError(
                f"There is no such folder as {VARIABLE} names: {error}", "Write its whole path"
            ) from error
    runtime = Path(os.environ.get("XDG_RUNTIME_DIR", ""))
    with contextlib.suppress(OSError):
        if runtime.is_absolute() and runtime.stat().st_uid == os.geteuid():
            return runtime / "hello-armonik"  # with sudo it is still another user's
    return temporary_place() / f"hello-armonik-{os.geteuid()}"
