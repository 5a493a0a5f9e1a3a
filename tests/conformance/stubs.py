"""One endpoint's channel, and the stubs of all its public services, each call with a deadline."""

from __future__ import annotations

import functools
import os
from typing import Any

import grpc
from armonik.common.channel import create_channel
from armonik.protogen.client.applications_service_pb2_grpc import ApplicationsStub
from armonik.protogen.client.auth_service_pb2_grpc import AuthenticationStub
from armonik.protogen.client.events_service_pb2_grpc import EventsStub
from armonik.protogen.client.health_checks_service_pb2_grpc import HealthChecksServiceStub
from armonik.protogen.client.partitions_service_pb2_grpc import PartitionsStub
from armonik.protogen.client.results_service_pb2_grpc import ResultsStub
from armonik.protogen.client.sessions_service_pb2_grpc import SessionsStub
from armonik.protogen.client.submitter_service_pb2_grpc import SubmitterStub
from armonik.protogen.client.tasks_service_pb2_grpc import TasksStub
from armonik.protogen.client.versions_service_pb2_grpc import VersionsStub
from armonik.protogen.common.versions_common_pb2 import ListVersionsRequest

from hello_helpers.connect.origin import INSTANCE

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
    """A connection to one ArmoniK; every service is an attribute."""

    def __init__(self, endpoint: str, partition: str):
        self.endpoint = endpoint
        self.partition = partition
        self.bare_channel = create_channel(
            endpoint,
            options=(("grpc.max_receive_message_length", -1),),
            **{name: os.environ.get(variable) for name, variable in TLS_FILES.items()},
        )
        self.channel = channel = grpc.intercept_channel(self.bare_channel, Deadline())
        self.sessions = SessionsStub(channel)
        self.tasks = TasksStub(channel)
        self.results = ResultsStub(channel)
        self.events = EventsStub(channel)
        self.partitions = PartitionsStub(channel)
        self.applications = ApplicationsStub(channel)
        self.auth = AuthenticationStub(channel)
        self.health = HealthChecksServiceStub(channel)
        self.versions = VersionsStub(channel)
        self.submitter = SubmitterStub(channel)

    def close(self) -> None:
        self.bare_channel.close()

    @functools.cached_property
    def embedded(self) -> bool:
        """Whether this is an embedded ArmoniK: where a real one has a known defect, it differs."""
        _, call = self.versions.ListVersions.with_call(ListVersionsRequest())
        return any(key == INSTANCE for key, _ in call.initial_metadata())
