"""How many files and connections this process may have open at once.

Each connection of a client is an open file, as is each thing that a pod needs. If clients used all
of them up, nothing else could be opened: no object, no socket for a new worker. So connections are
limited to what is to spare; a client beyond that gets UNAVAILABLE at once.
"""

from __future__ import annotations

import contextlib

MOST_FILES = 10_240
"""The limit that is asked for: what macOS grants at most. Often it is 256 or 1,024 at first."""

FILES_APART = 100
"""Open files that everything else needs: tables, objects on their way, logs, the event loop."""

FILES_PER_POD = 6

FEWEST_CONNECTIONS = 16


def raise_file_limit() -> int:
    """Let this process open as many files as it may, up to `MOST_FILES`; return how many."""
    try:
        import resource
    except ImportError:  # Windows, where there is no such limit
        return MOST_FILES
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
