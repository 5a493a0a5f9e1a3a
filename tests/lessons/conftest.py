"""What the tests of the lessons have in common: an ArmoniK, and a channel to it."""

from collections.abc import Iterator

import grpc
import pytest

from hello_helpers import Endpoint


@pytest.fixture(scope="module")
def endpoint() -> Endpoint:
    """The shared embedded ArmoniK, or the one that the environment names."""
    return Endpoint.find()


@pytest.fixture
def channel(endpoint: Endpoint) -> Iterator[grpc.Channel]:
    """A channel to it."""
    with endpoint.open_channel() as opened:
        yield opened
