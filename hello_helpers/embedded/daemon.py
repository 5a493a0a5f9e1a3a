"""The process of the shared embedded ArmoniK: ``python -m hello_helpers.embedded.daemon FOLDER``.

It is started by `shared.shared_endpoint`, never by hand.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
from logging.handlers import RotatingFileHandler
from pathlib import Path

from filelock import FileLock, Timeout

from .errors import EmbeddedError
from .logs import log_to
from .serving import serve
from .shared import SharedFolder

log = logging.getLogger(__name__)

LOOK_EVERY = 1.0
"""Seconds between two looks at the leases."""


def main() -> int:
    """Serve until the last lease is over; return the exit status."""
    shared = SharedFolder(Path(sys.argv[1]))
    log_to(RotatingFileHandler(shared.log, maxBytes=1_000_000, backupCount=1, encoding="utf-8"))
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    ending = shared.lock()

    def announce(endpoint: str) -> None:
        shared.note_running(endpoint)
        sys.stdout.write(endpoint + "\n")
        sys.stdout.flush()
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # nobody reads on

    try:
        serve(shared.configuration(), announce, until=lambda: _unneeded(shared, ending))
    except EmbeddedError as error:
        log.error("%s", error)
        return 1
    except Exception:
        log.exception("The embedded ArmoniK failed")
        return 1
    finally:
        if ending.is_locked:  # nobody needs it: nothing of it stays
            shared.clean()
            ending.release()
    return 0


async def _unneeded(shared: SharedFolder, ending: FileLock) -> None:
    """Return, holding the lock, when no lease is left.

    The lock keeps everybody from taking a new lease between the last look and the end.
    """
    while True:
        await asyncio.sleep(LOOK_EVERY)
        if shared.leases.any_left():
            continue
        try:
            ending.acquire(timeout=0)
        except Timeout:
            continue
        if not shared.leases.any_left():
            return
        ending.release()


if __name__ == "__main__":
    sys.exit(main())
