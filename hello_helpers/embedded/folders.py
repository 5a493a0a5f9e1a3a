"""Folders of this user: the private one, and temporary ones that do not outlive a killed process.

The private folder is where the shared embedded ArmoniK is found. Where it is depends on the
environment alone, never on what can be written at the moment: all commands of a user find the same
one, or are told what is wrong with it.

Python removes a temporary folder when its process ends, but not if that is killed, as kernels are.
So in each `ScratchFolder` its process holds a lock. Whoever makes the next one removes those whose
lock nobody holds, and so does an embedded ArmoniK that ends because its owner was killed.
"""

from __future__ import annotations

import contextlib
import logging
import os
import re
import shlex
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .errors import EmbeddedError, StartError
from .limits import require_linux
from .locks import hold, is_held, make_held

_TOKEN = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
"""How the folder of a task is named: by its communication token."""

log = logging.getLogger(__name__)

TABLES = "tables.sqlite"
"""The file by which a folder with data is known."""

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


@contextmanager
def held_for_tasks(folder: Path) -> Iterator[None]:
    """Hold a folder in which the data of running tasks lies, and nobody else's.

    What a killed holder has left there of its tasks is removed; other things are not touched.

    Raises:
        StartError: it is missing, not yours, open to others, cannot be written, or is in use.
    """
    name = shlex.quote(str(folder))
    make = f"Make one for you alone: install -d -m 700 {name}; or name another"
    try:
        info = folder.stat()
        if not _is_mine(info):
            raise StartError(f"The shared folder is no folder of yours: {folder}", make)
        if _is_open(info):  # the names in it are the secrets by which workers are known
            raise StartError(
                f"The shared folder can be entered by others: {folder}",
                f"Close it: chmod 700 {name}; or name another",
            )
        lock = hold(folder / ".lock")
    except OSError as error:
        raise StartError(
            f"The shared folder cannot be used: {error.strerror}: {folder}", make
        ) from error
    if lock is None:
        raise StartError(f"Another embedded ArmoniK uses the shared folder {folder}", make)
    with lock:
        _remove_tasks(folder)
        yield
        _remove_tasks(folder)


def _remove_tasks(folder: Path) -> None:
    for left in folder.iterdir():
        if _TOKEN.fullmatch(left.name):
            shutil.rmtree(left, ignore_errors=True)


def close_to_others(folder: Path) -> None:
    """See to it that nobody else can enter a folder that is for data.

    It is closed to others, and the log says so, if it is empty or holds data already. One that is
    for something else is not touched.

    Raises:
        StartError: it is open to others, and it holds other files or belongs to somebody else.
        OSError: it cannot be looked at.
    """
    info = folder.stat()
    if not _is_open(info):
        return
    names = {file.name for file in folder.iterdir()}
    another = "Choose a folder of its own with --data DIR: it is made, and closed to others"
    if TABLES not in names and names - {"lock"}:
        raise StartError(
            f"The data folder can be entered by others, and holds other files: {folder}", another
        )
    try:
        folder.chmod(0o700)
    except PermissionError as error:
        raise StartError(
            f"The data folder can be entered by others, and is not yours: {folder}", another
        ) from error
    if _is_open(folder.stat()):  # a file system without modes, of Windows, say
        log.warning("The data folder %s can be read by others, and cannot be closed", folder)
    else:
        log.warning(
            "The data folder %s could be entered by others (mode %03o): it is closed to them now",
            folder,
            stat.S_IMODE(info.st_mode),
        )


def write_private(file: Path, data: bytes) -> None:
    """Put a file that only its owner can read where it belongs, at once and as a whole."""
    partial = file.with_suffix(".partial")
    partial.unlink(missing_ok=True)
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as opened:
        opened.write(data)
    partial.replace(file)


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


_OWNER = "owner"
"""The file whose lock says that a folder is in use; in a folder without one nothing is touched."""


class ScratchFolder(tempfile.TemporaryDirectory[str]):
    """A temporary folder that only you can enter; it goes with `cleanup`, or this process.

    If this process is killed, it goes with the embedded ArmoniK that the process had for itself, or
    when the next scratch folder is made.
    """

    def __init__(self) -> None:
        """Make it.

        Raises:
            StartError: there is no room for it, or no right to make it.
        """
        sweep()
        try:
            super().__init__(prefix="ak-", dir=temporary_place())  # short: a socket's path must be
            self._owner = make_held(Path(self.name, _OWNER))
        except OSError as error:
            raise no_room(error) from error

    def cleanup(self) -> None:
        """Remove it now."""
        super().cleanup()
        self._owner.close()


def sweep() -> None:
    """Remove the folders of this user whose process has ended."""
    for owner in temporary_place().glob(f"ak-*/{_OWNER}"):
        with contextlib.suppress(OSError, EmbeddedError):  # if that cannot be told, it stays
            mine = owner.lstat().st_uid == os.getuid() and not owner.parent.is_symlink()
            if mine and not is_held(owner):
                shutil.rmtree(owner.parent, ignore_errors=True)
