"""Fixtures of the unit tests."""

from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest

from hello_helpers.connect.endpoint import Endpoint

from .fake_armonik import FakeArmonik


@pytest.fixture
def fake(tmp_path: Path) -> Iterator[FakeArmonik]:
    """A control plane that does what the test says."""
    armonik = FakeArmonik(f"unix://{tmp_path}/fake.sock")
    armonik.start()
    yield armonik
    armonik.stop()


@pytest.fixture
def channel(fake: FakeArmonik) -> Iterator[grpc.Channel]:
    """A channel to it."""
    with Endpoint.parse(fake.url).open_channel() as opened:
        yield opened
