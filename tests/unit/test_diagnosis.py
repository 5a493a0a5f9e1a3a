"""From facts to a cause and a remedy, and from ArmoniK to the facts."""

import pytest
from armonik.common import ResultStatus, SessionStatus, TaskStatus
from armonik.protogen.common.objects_pb2 import TaskOptions
from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp

from hello_helpers.wait.diagnosis import Facts, diagnose
from hello_helpers.wait.evidence import collect

from . import listeners
from .fake_armonik import FakeArmonik

OPTIONS = TaskOptions(partition_id="default", max_duration=Duration(seconds=300))


def facts(**known: object) -> Facts:
    """Return facts of a sound session and a result that is not there yet."""
    return Facts(**{"session_status": "RUNNING", "result_status": "CREATED", **known})


@pytest.mark.parametrize(
    ("known", "cause", "remedy"),
    [
        (Facts(unreachable="UNAVAILABLE: refused"), "does not answer (UNAVAILABLE", "it runs"),
        (facts(result_status=""), "no such result", "result id"),
        (facts(result_status="DELETED"), "deleted", "again"),
        (facts(result_status="COMPLETED"), "just now", "Download"),
        (facts(session_status="", task_status="SUBMITTED"), "no such session", "new session"),
        (facts(session_status="PAUSED", task_status="PAUSED"), "paused", "resume_session"),
        (facts(session_status="CANCELLED", task_status="CANCELLED"), "cancelled", "new session"),
        (facts(session_status="CLOSED", task_status="SUBMITTED"), "closed", "new session"),
        (facts(session_status="PURGED", result_status="ABORTED"), "purged", "new session"),
        (facts(), "none was submitted", "TaskDefinition"),
        (facts(task_status="ERROR", task_error="no luck"), "failed: no luck", "Mend"),
        (facts(task_status="ERROR"), "does not say why", "Mend"),
        (facts(task_status="TIMEOUT", max_seconds=3.0), "max_duration of 3 seconds", "larger"),
        (facts(task_status="CANCELLED"), "The task was cancelled", "again"),
        (facts(task_status="COMPLETED"), "never sent this result", "send_results"),
        (facts(result_status="ABORTED"), "aborted", "again"),
        (
            facts(task_status="PENDING", missing_inputs=("data dependency 'x' (CREATED)",)),
            "waits for its input: data dependency 'x' (CREATED)",
            "Upload",
        ),
        (
            facts(task_status="SUBMITTED", partition="typo", partitions=("a", "b")),
            "'typo', which does not exist",
            "a, b",
        ),
        (
            facts(
                task_status="SUBMITTED",
                partition="a",
                partitions=("a",),
                complaints=("a: the worker does not start",),
            ),
            "the worker does not start",
            "Mend",
        ),
        (
            facts(task_status="SUBMITTED", partition="a", partitions=("a",)),
            "no pod takes it",
            "busy",
        ),
        (
            facts(task_status="PROCESSING", running_seconds=12.3, max_seconds=300.0),
            "running, for 12 seconds by now; it may take 300",
            "Wait longer",
        ),
        (facts(task_status="RETRIED"), "Nothing is wrong", "Wait longer"),
        (facts(session_status="CLOSED", task_status="PROCESSING"), "running", "Wait longer"),
        (facts(session_status="PAUSED", task_status="PROCESSING"), "running", "Wait longer"),
    ],
)
def test_the_likely_cause_and_the_remedy_are_named(known, cause, remedy):
    found = diagnose(known)
    assert cause in found.cause
    assert remedy in found.remedy


def test_the_facts_about_a_waiting_task_are_collected(fake: FakeArmonik, channel):
    session = fake.add_session(SessionStatus.PAUSED)
    payload = fake.add_result(ResultStatus.COMPLETED, "payload")
    other = fake.add_result(ResultStatus.CREATED, "half")
    task = fake.add_task(
        TaskStatus.PENDING, payload_id=payload, data_dependencies=[other], options=OPTIONS
    )
    result = fake.add_result(owner=task)
    fake.health = {"database": (1, ""), "default": (3, "no pod")}
    assert collect(channel, session, result) == Facts(
        session_status="PAUSED",
        result_name="result",
        result_status="CREATED",
        task_status="PENDING",
        max_seconds=300.0,
        missing_inputs=("data dependency 'half' (CREATED)",),
        partition="default",
        partitions=("default",),
        complaints=("default: no pod",),
    )


def test_the_facts_about_a_running_task_say_for_how_long(fake, channel):
    started = Timestamp(seconds=1_000_000_000)
    task = fake.add_task(TaskStatus.PROCESSING, started_at=started, options=OPTIONS)
    found = collect(channel, fake.add_session(), fake.add_result(owner=task))
    assert found.running_seconds > 700_000_000


def test_what_does_not_exist_is_left_out(fake, channel):
    assert collect(channel, "no session", "no result") == Facts(partitions=("default",))
    without_task = collect(channel, fake.add_session(), fake.add_result())
    assert (without_task.result_status, without_task.task_status) == ("CREATED", "")


def test_an_armonik_that_is_gone_is_the_only_fact():
    from hello_helpers.steps import open_channel

    with open_channel(f"localhost:{listeners.closed_port()}") as channel:
        found = collect(channel, "s", "r")
    assert found.unreachable.startswith("UNAVAILABLE")
    assert found == Facts(unreachable=found.unreachable)
