"""Temporary folders that do not outlive a killed process for long.

Python removes a temporary folder when its process ends, but not if that is killed, as kernels are.
So in each folder made here its process holds a lock. Whoever makes the next one removes those whose
lock nobody holds, and so does an embedded ArmoniK that ends because its owner was killed.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from pathlib import Path

from .errors import EmbeddedError
from .locks import is_held, make_held
from .private_folder import no_room, temporary_place

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
