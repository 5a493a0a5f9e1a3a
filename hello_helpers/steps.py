"""The five steps of a client, from a channel to a result; one notebook each, 01 to 05.

    with open_channel() as channel:                                          # 01 channel
        session_id = create_session(channel)                                 # 02 session
        data = create_payload(channel, session_id, Payload([1, 2, 3]))       # 03 payload
        submit_task(channel, session_id, data)                               # 04 submit
        print(wait_for_result(channel, session_id, data.result_id).value)    # 05 wait

Steps 2 to 4, and the download of 5, hold the ArmoniK call as you write it at work. Around it there
is only what turns an error into a sentence (`explained`). The channel and the wait are the course's
own; lessons 01 and 05 show ArmoniK's.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import NamedTuple

import grpc
from armonik.client import ArmoniKResults, ArmoniKSessions, ArmoniKTasks
from armonik.common import TaskDefinition, TaskOptions

from hello_helpers.connect.endpoint import Endpoint
from hello_helpers.connect.grpc_errors import explained
from hello_helpers.errors import MessageError
from hello_helpers.labels import APPLICATION, VERSION, own_labels
from hello_helpers.messages import Payload, Result
from hello_helpers.wait.cancellation import Cancellation
from hello_helpers.wait.waiting import Progress, wait_for_results

OTHER_WORKER = (
    "This was made by another worker than the hello worker. Name the partition in which that one "
    "runs: HELLO_PARTITION, or -p on the command line."
)


class Data(NamedTuple):
    """The two results of a task: its payload, which is there, and its output, which is not yet."""

    payload_id: str
    result_id: str


def open_channel(endpoint: Endpoint | str | None = None) -> grpc.Channel:
    """Step 1: open a channel to the control plane (no argument: the environment, or embedded)."""
    if not isinstance(endpoint, Endpoint):
        endpoint = Endpoint.find(endpoint)
    return endpoint.open_channel()


def default_task_options(
    partition: str | None = None, labels: dict[str, str] | None = None
) -> TaskOptions:
    """Return the options of the course: what a task gets if it says nothing itself.

    Args:
        partition: where the tasks run; None for ArmoniK's default partition.
        labels: free texts that ArmoniK keeps with each task, and can search for.
    """
    return TaskOptions(
        max_duration=timedelta(seconds=300),  # a task that runs longer is stopped
        priority=1,  # from 1 to 99; larger goes first
        max_retries=5,  # after a crash the task is tried again: up to six executions in all
        partition_id=partition,
        application_name=APPLICATION,  # by this, and by its version, the Admin GUI groups tasks
        application_version=VERSION,
        options=labels or {},
    )


def create_session(
    channel: grpc.Channel, partition: str | None = None, labels: dict[str, str] | None = None
) -> str:
    """Step 2: create a session, the frame for everything that follows; return its id.

    Args:
        channel: to the control plane.
        partition: where its tasks run; None for ArmoniK's default partition.
        labels: see `default_task_options`; None for those that say whose session it is.

    Raises:
        PartitionError: if there is no such partition; the hint says which ones exist.
    """
    labels = own_labels() if labels is None else labels
    with explained(channel):
        return str(
            ArmoniKSessions(channel).create_session(
                default_task_options=default_task_options(partition, labels),
                partition_ids=[partition] if partition else None,
            )
        )


def create_payload(channel: grpc.Channel, session_id: str, payload: Payload) -> Data:
    """Step 3: store the payload, and announce the result that the task will produce."""
    results = ArmoniKResults(channel)
    with explained(channel):
        stored = results.create_results({"payload": payload.serialize()}, session_id)
        announced = results.create_results_metadata(["result"], session_id)
    return Data(stored["payload"].result_id, announced["result"].result_id)


def submit_task(
    channel: grpc.Channel, session_id: str, data: Data, options: TaskOptions | None = None
) -> str:
    """Step 4: submit the task that makes one from the other; options go over its session's."""
    task = TaskDefinition(payload_id=data.payload_id, expected_output_ids=[data.result_id])
    with explained(channel):
        return str(ArmoniKTasks(channel).submit_tasks(session_id, [task], options)[0].id)


def wait_for_result(
    channel: grpc.Channel,
    session_id: str,
    result_id: str,
    timeout: float = 60.0,
    on_event: Callable[[Progress], None] | None = None,
    cancellation: Cancellation | None = None,
) -> Result:
    """Step 5: wait until the result is there, and download it.

    Raises:
        MessageError: if it was made by another worker than the hello worker.
        HelloError: see `wait_for_results`.
    """
    wait_for_results(channel, session_id, [result_id], timeout, on_event, cancellation)
    with explained(channel):
        data = ArmoniKResults(channel).download_result_data(result_id, session_id)
    try:
        return Result.deserialize(data)
    except MessageError as error:
        raise MessageError(error.message, OTHER_WORKER) from error
