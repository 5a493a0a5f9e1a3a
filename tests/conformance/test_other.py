"""The smaller services, and what is not there (statements 85, 86, 91)."""

import re
import uuid
from collections.abc import Callable

import pytest
from armonik.common import ServiceHealthCheckStatus
from armonik.protogen.common.auth_common_pb2 import GetCurrentUserRequest
from armonik.protogen.common.health_checks_common_pb2 import CheckHealthRequest
from armonik.protogen.common.partitions_common_pb2 import GetPartitionRequest
from armonik.protogen.common.results_common_pb2 import WatchResultRequest
from armonik.protogen.common.submitter_common_pb2 import (
    WatchResultRequest as LegacyWatchResultRequest,
)
from armonik.protogen.common.versions_common_pb2 import ListVersionsRequest
from grpc import StatusCode

from tests.listings import APPLICATIONS

from .driver import ArmoniK
from .waiting import fails_with

NewSession = Callable[..., str]


@pytest.mark.statement(85)
def test_without_authentication_everybody_is_anonymous_and_may_do_everything(armonik: ArmoniK):
    user = armonik.auth.GetCurrentUser(GetCurrentUserRequest()).user
    assert (user.username, list(user.roles)) == ("Anonymous", [])
    some = {"Sessions:CreateSession", "Tasks:SubmitTasks", "Results:DownloadResultData"}
    assert set(user.permissions) >= some
    assert all(permission.count(":") == 1 for permission in user.permissions)
    assert user.permissions[0].startswith("Submitter:")
    assert "General:Impersonate" in user.permissions


@pytest.mark.statement(86)
def test_the_health_of_database_objects_and_queue_is_told(armonik: ArmoniK):
    services = armonik.health.CheckHealth(CheckHealthRequest()).services
    assert {service.name for service in services} >= {"database", "object", "queue"}
    for service in services:
        if service.name in ("database", "object", "queue"):
            assert service.healthy == ServiceHealthCheckStatus.HEALTHY, service.message


@pytest.mark.statement(86)
def test_the_versions_of_core_and_api_are_told(armonik: ArmoniK):
    versions = armonik.versions.ListVersions(ListVersionsRequest())
    for version in (versions.core, versions.api):
        assert re.match(r"\d+\.\d+\.\d+(\W|$)", version), "as ArmoniK's Admin GUI reads it"
    if armonik.embedded:
        assert re.fullmatch(r"\d+\.\d+\.\d+\+[0-9a-f]{40}", versions.core)


@pytest.mark.statement(86)
def test_applications_are_the_distinct_ones_of_all_tasks(armonik: ArmoniK, new_session: NewSession):
    name = uuid.uuid4().hex
    session = new_session(application_name=name, application_namespace="space")
    for version in ("1.0", "2.0", "1.0", "1.0"):
        options = armonik.options(application_version=version)
        armonik.submit(session, ["send", 0, "x"], task_options=options)
    mine = [APPLICATIONS.field("NAME").condition("EQUAL", name)]
    rows = armonik.rows(APPLICATIONS, mine, by=[APPLICATIONS.field("VERSION")])
    assert [APPLICATIONS.key(row) for row in rows] == [
        (name, "1.0", "space", ""),
        (name, "2.0", "space", ""),
    ]


@pytest.mark.statement(86)
def test_a_partition_can_be_read_and_an_unknown_one_is_not_found(armonik: ArmoniK):
    request = GetPartitionRequest(id=armonik.partition)
    partition = armonik.partitions.GetPartition(request).partition
    assert partition.id == armonik.partition
    assert partition.pod_max >= 1
    with fails_with(StatusCode.NOT_FOUND, saying="Partition was not found"):
        armonik.partitions.GetPartition(GetPartitionRequest(id="no-such-partition"))


@pytest.mark.statement(91)
def test_watch_results_is_not_implemented_in_either_service(armonik: ArmoniK):
    with fails_with(StatusCode.UNIMPLEMENTED):
        list(armonik.results.WatchResults(iter([WatchResultRequest()])))
    with fails_with(StatusCode.UNIMPLEMENTED):
        list(armonik.submitter.WatchResults(iter([LegacyWatchResultRequest()])))


@pytest.mark.statement(91)
def test_the_health_service_of_grpc_itself_is_not_there(armonik: ArmoniK):
    check = armonik.channel.unary_unary("/grpc.health.v1.Health/Check")
    with fails_with(StatusCode.UNIMPLEMENTED):
        check(b"")
