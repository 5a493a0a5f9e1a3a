"""Each answer tells which start of the embedded ArmoniK gives it."""

import uuid
from collections.abc import Iterator
from contextlib import suppress

import grpc
import pytest

from hello_helpers.embedded import EmbeddedArmonik
from hello_helpers.embedded.interceptor import INSTANCE_KEY

from .wire import Method, method

# What gRPC answers itself has no metadata, and an answer that its caller does not wait for; all
# else has.
CALLS = [
    ("Versions.ListVersions", [b""], grpc.StatusCode.OK),
    ("Sessions.GetSession", [b""], grpc.StatusCode.NOT_FOUND),
    ("Sessions.GetSession", [b"\xff"], grpc.StatusCode.INVALID_ARGUMENT),
    ("Results.DownloadResultData", [b""], grpc.StatusCode.NOT_FOUND),
    ("Results.UploadResultData", [b""], grpc.StatusCode.INVALID_ARGUMENT),
    ("Events.GetEvents", [b"\xff"], grpc.StatusCode.INVALID_ARGUMENT),
]


@pytest.fixture(scope="module")
def armonik() -> Iterator[EmbeddedArmonik]:
    with EmbeddedArmonik(pods=1) as embedded:
        yield embedded


def told(channel: grpc.Channel, called: Method, requests: list[bytes]) -> tuple[str, object]:
    """Return the instance that an answer names, and the status."""
    call = called.call(channel, requests, timeout=1)
    with suppress(grpc.RpcError):
        list(call)
    metadata = dict(call.trailing_metadata())
    return metadata.get(INSTANCE_KEY), call.code()


@pytest.mark.parametrize(("name", "requests", "status"), CALLS)
def test_every_kind_of_answer_names_the_same_instance(
    armonik: EmbeddedArmonik, name: str, requests: list[bytes], status: grpc.StatusCode
):
    with grpc.insecure_channel(armonik.endpoint) as channel:
        first, _ = told(channel, method("Versions.ListVersions"), [b""])
        assert told(channel, method(name), requests) == (first, status)
    assert uuid.UUID(first).version == 4


def test_each_start_is_another_instance(armonik: EmbeddedArmonik):
    with EmbeddedArmonik(pods=1) as another:
        instances = set()
        for each in (armonik, another):
            with grpc.insecure_channel(each.endpoint) as channel:
                instances.add(told(channel, method("Versions.ListVersions"), [b""])[0])
    assert len(instances) == 2
