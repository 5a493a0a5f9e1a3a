"""What one learner queues holds up nobody else: the rules of the queues, seen from outside."""

from pathlib import Path

import pytest
from armonik.common import TaskStatus
from armonik.protogen.common.tasks_common_pb2 import TaskDetailed
from grpc import StatusCode

from tests.conformance.driver import ArmoniK, Submitted
from tests.conformance.waiting import fails_with

from .served import Served


def order_of_starts(client: ArmoniK, submitted: list[Submitted]) -> list[str]:
    """Wait for tasks; return their sessions in the order in which they were begun."""
    return in_order([client.wait_task(each.task_id, TaskStatus.COMPLETED) for each in submitted])


def in_order(tasks: list[TaskDetailed]) -> list[str]:
    """Return the sessions of tasks in the order in which they were begun."""
    return [
        task.session_id for task in sorted(tasks, key=lambda task: task.started_at.ToNanoseconds())
    ]


@pytest.mark.parametrize("options", [(), ("--first-come",)], ids=["fair", "first come"])
def test_a_hello_waits_for_one_task_of_another_learner_and_not_for_all(
    options: tuple[str, ...], tmp_path: Path
):
    with Served(tmp_path, pods=1, options=options) as served, served.client() as client:
        bulk = client.create_session(options={"learner": "careless"})
        polite = client.create_session(options={"learner": "polite"})
        busy, gate = client.submit_busy(bulk)
        many = [client.submit(bulk, ["send", 0, "x"]) for _ in range(5)]
        hello = client.submit(polite, ["send", 0, "hello"])
        client.upload(bulk, gate, b"open")
        order = order_of_starts(client, [busy, *many, hello])
    assert order.index(polite) == (len(many) + 1 if options else 2)


def test_subtasks_count_for_the_learner_whose_task_has_made_them(tmp_path: Path):
    with Served(tmp_path, pods=1) as served, served.client() as client:
        flood = client.create_session(options={"learner": "careless"})
        polite = client.create_session(options={"learner": "polite"})
        (gate,) = client.create_results(flood, "gate")
        child = ["subtask", [["gate", gate], ["send", 0, "x"]], ["output"]]
        parent = client.submit(flood, *[child] * 5, ["send", 0, "made"])
        client.wait_task(parent.task_id, TaskStatus.COMPLETED)
        hello = client.submit(polite, ["send", 0, "hello"])
        client.upload(flood, gate, b"open")
        began = [client.wait_task(hello.task_id, TaskStatus.COMPLETED)]
        children = [task for task in client.session_tasks(flood) if task.id != parent.task_id]
        began += [client.wait_task(task.id, TaskStatus.COMPLETED) for task in children]
        assert len(children) == 5
    assert in_order(began).index(polite) <= 2


def test_one_learner_leaves_one_pod_to_others_and_priorities_have_a_limit(tmp_path: Path):
    options = ("--leave-one-pod", "--max-priority", "3")
    with Served(tmp_path, pods=2, options=options) as served, served.client() as client:
        long, polite = (client.create_session(options={"learner": name}) for name in "ab")
        busy, gate = client.submit_busy(long)
        second = client.submit(long, ["send", 0, "second"], task_options=client.options(priority=3))
        hello = client.submit(polite, ["send", 0, "hello"])
        client.wait_task(hello.task_id, TaskStatus.COMPLETED)
        assert client.task(second.task_id).status == TaskStatus.SUBMITTED
        client.upload(long, gate, b"open")
        for each in (busy, second):
            client.wait_task(each.task_id, TaskStatus.COMPLETED)
        for refused in (
            lambda: client.create_session(priority=4),
            lambda: client.submit(long, task_options=client.options(priority=4)),
        ):
            with fails_with(StatusCode.INVALID_ARGUMENT, saying="Max priority is 3, not 4"):
                refused()
