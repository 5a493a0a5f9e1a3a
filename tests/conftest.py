"""Fixtures for all tests. What isolates a run from this machine is in tests/isolation.py."""

from __future__ import annotations

from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

LONG = ("embedded/test_scale.py", "chaos/test_chaos.py", "browser/test_lessons.py")
"""Files that take longest. They come first: of two processes, none shall have one left at last."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the tests of `LONG` first."""
    first = {ROOT / "tests" / name: place for place, name in enumerate(LONG)}
    items.sort(key=lambda item: first.get(item.path, len(first)))


@pytest.fixture(scope="session")
def root() -> Path:
    """The folder of the clone."""
    return ROOT
