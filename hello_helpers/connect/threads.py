"""Whether gRPC can have the threads that it needs.

gRPC itself cannot be asked: when it gets none, it aborts the process, or waits for ever.
"""

from __future__ import annotations

import functools
import os
import threading

from hello_helpers.errors import HelloError

THREADS = 4 + min(max(os.cpu_count() or 2, 2), 16)
"""How many it starts in a client, about; it has some for each processor."""


@functools.cache
def require_threads() -> None:
    """Do nothing if so many threads can be started; that they could is remembered.

    Raises:
        HelloError: they cannot.
    """
    over = threading.Event()
    threads = [threading.Thread(target=over.wait, daemon=True) for _ in range(THREADS)]
    try:
        for thread in threads:
            thread.start()
    except RuntimeError as error:
        raise HelloError(
            f"gRPC needs {THREADS} threads, and this machine gives no more.",
            "End other programs, or have the limit raised that `ulimit -u` shows.",
        ) from error
    finally:
        over.set()
