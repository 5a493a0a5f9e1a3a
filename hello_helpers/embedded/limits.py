"""What the system must have, or allows at most: Linux, open files, threads.

Each connection of a client is an open file, as is each thing that a pod needs. If clients used all
of them up, nothing else could be opened: no object, no socket for a new worker. So connections are
limited to what is to spare; a client beyond that gets UNAVAILABLE at once.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import threading

from .errors import StartError

MOST_FILES = 10_240
"""The limit that is asked for: what macOS grants at most. Often it is 256 or 1,024 at first."""

FILES_APART = 100
"""Open files that everything else needs: tables, objects on their way, logs, the event loop."""

FILES_PER_POD = 6

FEWEST_CONNECTIONS = 16

MIB = 1024 * 1024

MAX_MESSAGE = 64
"""MiB that a message of a client may have, once it is unpacked. A message is in memory whole, three
to four times at the worst, and a gigabyte of zeros takes a megabyte on its way. More data goes in
a stream of messages; ArmoniK says 2 MiB for each of these."""

LEAST_MESSAGE, MOST_MESSAGE = 4, 2047
"""MiB: what clients take in one message by default, and what gRPC can count in bytes."""

THREADS = 8 + min(max(os.cpu_count() or 2, 2), 16)
"""How many threads a process with gRPC has, about; gRPC itself has some for each processor."""

MOST_PODS_ASKED = 4
"""Of so many pods it is looked whether their workers can have their threads: that takes time."""


def require_linux() -> None:
    """Do nothing where the embedded ArmoniK can run.

    Raises:
        StartError: it cannot; this is Windows.
    """
    if importlib.util.find_spec("fcntl") is None:
        raise StartError(
            "The embedded ArmoniK runs on Linux",
            "On Windows it runs inside WSL; or use an ArmoniK elsewhere, by its endpoint",
        )


def require_threads(pods: int) -> None:
    """Do nothing if there can be as many threads as are needed here, in the workers, and a client.

    gRPC cannot be asked: when it gets no thread, it aborts the process, or waits for ever.

    Raises:
        StartError: there can not.
    """
    over = threading.Event()
    number = THREADS * (2 + min(pods, MOST_PODS_ASKED))
    threads = [threading.Thread(target=over.wait) for _ in range(number)]
    try:
        for thread in threads:
            thread.start()
    except RuntimeError as error:
        raise StartError(
            f"The embedded ArmoniK needs {number} threads, and this machine gives no more",
            "End other programs, or have the limit raised that `ulimit -u` shows",
        ) from error
    finally:
        over.set()


def raise_file_limit() -> int:
    """Let this process open as many files as it may, up to `MOST_FILES`; return how many."""
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST_FILES if hard == resource.RLIM_INFINITY else min(hard, MOST_FILES)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with contextlib.suppress(ValueError, OSError):  # then it stays as it is
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
            soft = wanted
    return MOST_FILES if soft == resource.RLIM_INFINITY else soft


def connections_to_spare(files: int, pods: int) -> int:
    """Return how many connections clients may have.

    Args:
        files: how many files this process may open.
        pods: of all partitions together.
    """
    return max(FEWEST_CONNECTIONS, files - FILES_APART - FILES_PER_POD * pods)
