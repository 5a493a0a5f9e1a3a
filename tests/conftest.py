"""Fixtures for all tests. What isolates a run from this machine is in tests/isolation.py."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A shell starts what it puts in the background without Ctrl-C; the tests of it need it.
    signal.signal(signal.SIGINT, signal.default_int_handler)

ROOT = Path(__file__).parent.parent

LONG = (
    "browser/test_lessons.py",
    "lessons/test_learner_path.py",
    "embedded/test_durability.py",
    "conformance/test_as_real.py",
    "browser/test_forms.py",
    "test_wheel.py",
    "lessons/test_second_endpoint.py",
    "lessons/test_stop_and_go_on.py",
    "embedded/test_shared.py",
    "lab/test_lab_command.py",
    "embedded/test_scale.py",
    "embedded/test_disk.py",
    "embedded/test_worker_failures.py",
    "soak/test_soak.py",
)
"""Files that take longest. They come first: no process shall have one left when others are done."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the tests of `LONG` first."""
    first = {ROOT / "tests" / name: place for place, name in enumerate(LONG)}
    items.sort(key=lambda item: first.get(item.path, len(first)))


@pytest.fixture(scope="session")
def root() -> Path:
    """The folder of the clone."""
    return ROOT
