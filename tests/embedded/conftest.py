"""What the tests of the embedded ArmoniK share."""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from shutil import rmtree

import pytest


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """With --endpoint, skip everything in this folder."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.embedded_only)


@pytest.fixture
def folder() -> Iterator[Path]:
    """A new folder with a short name: the path of a socket may have about 100 bytes."""
    path = Path(tempfile.mkdtemp(prefix="e-"))
    yield path
    rmtree(path, ignore_errors=True)


@pytest.fixture
def as_root() -> None:
    """Needed to be another user, or to mount."""
    if os.geteuid() != 0:
        (pytest.fail if os.environ.get("CI") else pytest.skip)("this needs root")
