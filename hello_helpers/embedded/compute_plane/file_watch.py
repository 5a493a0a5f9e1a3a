"""Being told when a file is written to: Linux's inotify, which Python does not have."""

from __future__ import annotations

import asyncio
import ctypes
import os
from collections.abc import AsyncGenerator
from pathlib import Path

IN_MODIFY = 0x2  # linux/inotify.h
EVENTS = 4096  # bytes read at once; what they say is known, there is one file


async def writes(path: Path, pause: float, without: float) -> AsyncGenerator[None, None]:
    """Yield at once, and after a file has been written to, however often; then pause.

    Args:
        pause: seconds in which nothing is asked of the system after each time.
        without: seconds from one time to the next where the system cannot tell.
    """
    try:
        descriptor = _watch(path)
    except (OSError, AttributeError):  # no inotify, or this user has too many of them
        while True:
            await asyncio.sleep(without)
            yield
    try:
        yield  # for what was written before
        while True:
            await asyncio.sleep(pause)
            await _readable(descriptor)
            os.read(descriptor, EVENTS)
            yield
    finally:
        os.close(descriptor)


def _watch(path: Path) -> int:
    libc = ctypes.CDLL(None, use_errno=True)
    descriptor: int = libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
    if descriptor < 0:
        raise OSError(ctypes.get_errno(), "inotify_init1")
    if libc.inotify_add_watch(descriptor, os.fsencode(path), IN_MODIFY) < 0:
        os.close(descriptor)
        raise OSError(ctypes.get_errno(), "inotify_add_watch")
    return descriptor


async def _readable(descriptor: int) -> None:
    loop = asyncio.get_running_loop()
    ready = asyncio.Event()
    loop.add_reader(descriptor, ready.set)
    try:
        await ready.wait()
    finally:
        loop.remove_reader(descriptor)
