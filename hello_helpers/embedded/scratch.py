"""Temporary folders that do not outlive a killed process for long.

Python removes a temporary folder when its process ends, but not if that is killed, as kernels are.
So the folders made here carry the name of their process. Whoever makes the next one removes those
whose process is gone, and so does an embedded ArmoniK that ends because its owner was killed.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import stat
import tempfile
from pathlib import Path

import psutil

from .leases import Owner

_NAME = re.compile(r"ak-([0-9a-f]{1,8})-([0-9a-f]{1,10})-\w+")
"""Process id and time of birth, in hexadecimal digits: a socket's path must be short."""


def scratch_folder() -> tempfile.TemporaryDirectory[str]:
    """Make a temporary folder that only you can enter; it goes with `cleanup`, or this process.

    If this process is killed, it goes with the embedded ArmoniK that the process had for itself, or
    when the next scratch folder is made.
    """
    home = Path(tempfile.gettempdir())
    sweep(home)
    born = int(psutil.Process().create_time())
    return tempfile.TemporaryDirectory(prefix=f"ak-{os.getpid():x}-{born:x}-", dir=home)


def sweep(home: Path | None = None) -> None:
    """Remove the folders of this user whose process has ended."""
    for folder in (home or Path(tempfile.gettempdir())).glob("ak-*-*-*"):
        name = _NAME.fullmatch(folder.name)
        with contextlib.suppress(OSError, psutil.Error):
            if name is None or not _is_own(folder):
                continue
            if not Owner(int(name[1], 16), int(name[2], 16), 0).lives():
                shutil.rmtree(folder, ignore_errors=True)


def _is_own(folder: Path) -> bool:
    info = folder.lstat()
    mine = not hasattr(os, "getuid") or info.st_uid == os.getuid()
    return mine and stat.S_ISDIR(info.st_mode)
