"""Long work in turns: some thousand rows in a transaction, and then others have their turn."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import TypeVar

T = TypeVar("T")

CHUNK = 1_000
"""Tasks or results that are changed in one transaction; it takes some 10 ms."""


async def in_turns(items: Sequence[T]) -> AsyncIterator[Sequence[T]]:
    """Yield slices of at most `CHUNK` items; between two of them, others have their turn."""
    for start in range(0, len(items), CHUNK):
        if start:
            await asyncio.sleep(0)
        yield items[start : start + CHUNK]
