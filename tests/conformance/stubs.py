"""One endpoint's channel, and the stubs of all its public services, each call with a deadline."""

import functools
import importlib
import os
from typing import Any

import grpc
from armonik.common.channel import create_channel
from armonik.protogen.common.versions_common_pb2 import ListVersionsRequest

from hello_helpers.connect.origin import INSTANCE

SERVICES = {  # by the beginnings of their modules' names
    "sessions": "Sessions",
    "tasks": "Tasks",
    "results": "Results",
    "events": "Events",
    "partitions": "Partitions",
    "applications": "Applications",
    "auth": "Authentication",
    "health_checks": "HealthChecksService",
    "versions": "Versions",
    "submitter": "Submitter",
}

TLS_FILES = {  # variables of ArmoniK's own clients, for endpoints with TLS
    "certificate_authority": "Grpc__CaCert",
    "client_certificate": "Grpc__ClientCert",
    "client_key": "Grpc__ClientKey",
}

CALL_TIMEOUT = 20.0  # seconds: no call of these tests takes longer on a sound endpoint


class Deadline(
    grpc.UnaryUnaryClientInterceptor,
    grpc.UnaryStreamClientInterceptor,
    grpc.StreamUnaryClientInterceptor,
    grpc.StreamStreamClientInterceptor,
):
    """Gives a deadline to every call that has none."""

    def _call(self, continuation: Any, details: Any, request: Any) -> Any:
        if details.timeout is None:
            details = details._replace(timeout=CALL_TIMEOUT)
        return continuation(details, request)

    intercept_unary_unary = _call
    intercept_unary_stream = _call
    intercept_stream_unary = _call
    intercept_stream_stream = _call


class Stubs:
    """A connection to one ArmoniK; every service is an attribute: sessions, tasks, health, ..."""

    def __init__(self, endpoint: str, partition: str):
        self.endpoint = endpoint
        self.partition = partition
        self.bare_channel = create_channel(
            endpoint,
            options=(("grpc.max_receive_message_length", -1),),
            **{name: os.environ.get(variable) for name, variable in TLS_FILES.items()},
        )
        self.channel = grpc.intercept_channel(self.bare_channel, Deadline())
        for name, service in SERVICES.items():
            module = f"armonik.protogen.client.{name}_service_pb2_grpc"
            stub = getattr(importlib.import_module(module), f"{service}Stub")
            setattr(self, name.partition("_")[0], stub(self.channel))  # health, not health_checks

    def close(self) -> None:
        self.bare_channel.close()

    @functools.cached_property
    def embedded(self) -> bool:
        """Whether this is an embedded ArmoniK: where a real one has a known defect, it differs."""
        _, call = self.versions.ListVersions.with_call(ListVersionsRequest())
        return any(key == INSTANCE for key, _ in call.trailing_metadata())
