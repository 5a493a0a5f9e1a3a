"""A server, and two channels to it: one is watched, the other is what it should be like."""

from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest

from hello_helpers.connect.channel import Channel
from hello_helpers.connect.deadline import with_deadline
from hello_helpers.wire import Wire, on_the_wire
from tests.unit.listeners import grpc_server

from .server import Echo, EchoServer


@pytest.fixture
def server(tmp_path: Path) -> Iterator[EchoServer]:
    echo = EchoServer(tmp_path)
    with grpc_server(echo.handler, url=echo.url):
        yield echo
        echo.go_on.set()


@pytest.fixture
def channel(server: EchoServer) -> Iterator[Channel]:
    with with_deadline(grpc.insecure_channel(server.url)) as opened:
        yield opened


@pytest.fixture
def wire(channel: Channel) -> Iterator[Wire]:
    """What is recorded of `echo`."""
    with on_the_wire(channel) as recorded:
        yield recorded


@pytest.fixture
def echo(channel: Channel) -> Echo:
    """The methods of the channel that can be watched."""
    return Echo(channel)


@pytest.fixture(params=["plain", "dormant", "watched"])
def any_echo(request: pytest.FixtureRequest, server: EchoServer) -> Iterator[Echo]:
    """The same methods of three channels: a plain one, one that could be watched, one that is."""
    with grpc.insecure_channel(server.url) as plain:
        if request.param == "plain":
            yield Echo(plain)
        elif request.param == "dormant":
            yield Echo(with_deadline(plain))
        else:
            with with_deadline(plain) as channel, on_the_wire(channel) as recorded:
                yield Echo(channel)
            assert recorded.calls
