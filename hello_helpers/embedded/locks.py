"""Locks that the kernel lets go of when their holder ends, however it ends.

They are how our own processes say that they live. A held lock is an open file: closing it lets go.
"""

from __future__ import annotations

import atexit
import os
import time
from pathlib import Path
from typing import IO

from .errors import StartError

LOOK_EVERY = 0.02
"""Seconds between two tries to take a lock; the kernel has no such deadline."""


def hold(path: Path, within: float = 0.0) -> IO[bytes] | None:
    """Take a lock; its file is made if need be.

    Args:
        within: seconds to wait for another holder to let go.

    Returns:
        What holds the lock until it is closed; None if somebody else has held it all the time.

    Raises:
        StartError: there are no locks where this file is.
        OSError: the file cannot be made or opened.
    """
    deadline = time.monotonic() + within
    file = os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600), "r+b")
    while not _locked(file, path, exclusive=True):
        if time.monotonic() >= deadline:
            file.close()
            return None
        time.sleep(LOOK_EVERY)
    return file


def make_held(path: Path) -> IO[bytes]:
    """Make a file whose lock is held from the moment at which it is there; see `hold`."""
    partial = path.with_name(f".{path.name}")
    file = hold(partial)
    assert file is not None, "nobody else knows this name"
    partial.rename(path)
    return file


def until_exit(lock: IO[bytes]) -> IO[bytes]:
    """Close a lock when Python ends, and not later: as a file that is forgotten, it would warn."""
    atexit.register(lock.close)
    return lock


def is_held(path: Path) -> bool:
    """Tell whether somebody holds a lock; for this it is taken for a moment, if nobody does.

    Raises:
        StartError: there are no locks where this file is.
    """
    try:
        with path.open("rb") as file:
            return not _locked(file, path, exclusive=False)
    except FileNotFoundError:
        return False


def _locked(file: IO[bytes], path: Path, *, exclusive: bool) -> bool:
    import fcntl  # not there on Windows, where this is never called

    try:
        fcntl.flock(file, (fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH) | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):  # some file systems say the latter
        return False
    except OSError as error:  # for example NFS without its lock service
        raise StartError(
            f"The file system has no locks: {error.strerror}: {path.parent}",
            "Name a folder on a disk of this machine, in HELLO_ARMONIK_DIR, TMPDIR or --data",
        ) from error
    return True
