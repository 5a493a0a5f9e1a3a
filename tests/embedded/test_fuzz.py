"""Whatever clients send, the embedded ArmoniK says what is wrong with it, and goes on.

Random messages, valid as protobuf, go through every method of every service. Half of what they
name exists: sessions, tasks, results, a partition. UNKNOWN and INTERNAL would mean that the server
did not see it coming, so neither may ever be the answer.
"""

from collections.abc import Iterator

import pytest
from armonik.protogen.common.sessions_common_pb2 import CreateSessionRequest
from google.protobuf.message import Message
from grpc import StatusCode
from hypothesis import HealthCheck, given, settings

from hello_helpers.embedded import EmbeddedArmonik
from tests.conformance.driver import ArmoniK

from .random_messages import put_in, requests_for
from .wire import METHODS, Method, method

EXAMPLES = 25  # for each method
QUICK = settings(
    deadline=None,
    database=None,
    max_examples=EXAMPLES,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
SILENT = ["sh", "-c", "sleep 3600"]  # a worker that never takes a task: what is queued stays so

EXPECTED = {
    StatusCode.OK,
    StatusCode.INVALID_ARGUMENT,
    StatusCode.NOT_FOUND,
    StatusCode.FAILED_PRECONDITION,
    StatusCode.RESOURCE_EXHAUSTED,
}


@pytest.fixture(scope="module")
def client() -> Iterator[ArmoniK]:
    """A client of an embedded ArmoniK whose tasks are never run."""
    with EmbeddedArmonik({"default": SILENT}, pods=1) as embedded:
        armonik = ArmoniK(embedded.endpoint, "default")
        yield armonik
        armonik.close()
        assert embedded.process.poll() is None, embedded.log
        assert "Traceback" not in embedded.log, embedded.log


@pytest.fixture
def things(client: ArmoniK) -> dict[str, str]:
    """One of each kind of thing: the ids that the names in random messages stand for."""
    session, paused, closed = (client.create_session() for _ in range(3))
    client.move("Pause", paused)
    client.move("Close", closed)
    created, gate, output = client.create_results(session, "created", "gate", "output")
    return {
        "<session>": session,
        "<paused>": paused,
        "<closed>": closed,
        "<created>": created,
        "<output>": output,
        "<completed>": client.create_data(session, b"data"),
        "<pending>": client.submit(session, payload_id=gate).task_id,
        "<task>": client.submit(session, ["send", 0, "x"]).task_id,
    }


@pytest.mark.parametrize("target", METHODS, ids=str)
def test_every_answer_to_random_messages_is_one_that_was_meant(
    client: ArmoniK, things: dict[str, str], target: Method
):
    fine = EXPECTED | ({StatusCode.DEADLINE_EXCEEDED} if target.endless else set())
    if target.path.endswith("/WatchResults"):
        fine = {StatusCode.UNIMPLEMENTED}

    @QUICK
    @given(requests_for(target))
    def check(requests: list[Message]) -> None:
        sent = [put_in(request, things) for request in requests]
        code, details = target.status(client.channel, sent, 0.1 if target.endless else 10.0)
        assert code in fine, f"{code.name}: {details}"
        assert code is StatusCode.OK or details, "a refusal says why"

    check()
    assert method("Versions.ListVersions").status(client.channel, [b""])[0] is StatusCode.OK


@pytest.mark.parametrize(("seconds", "kept"), [(2**63 - 1, 9223372036), (-(2**63), -9223372036)])
def test_a_time_limit_beyond_what_tables_hold_is_taken_for_the_nearest_that_they_do(
    client: ArmoniK, seconds: int, kept: int
):
    options = client.options()
    options.max_duration.seconds = seconds
    request = CreateSessionRequest(default_task_option=options, partition_ids=["default"])
    session = client.session(client.sessions.CreateSession(request).session_id)
    assert session.options.max_duration.seconds == kept
