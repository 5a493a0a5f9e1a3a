"""The code twins: the Python that a form runs, as one writes it at work. Pure functions.

It needs `armonik`, and the messages that client and worker share; nothing else of this package.
"""

from __future__ import annotations

from pathlib import Path

from hello_helpers.endpoint import Endpoint

_HELLO = """\
from datetime import timedelta

from armonik.client import ArmoniKEvents, ArmoniKResults, ArmoniKSessions, ArmoniKTasks
from armonik.common import TaskDefinition, TaskOptions, create_channel
from hello_helpers.messages import Payload, Result

with {channel} as channel:
    sessions = ArmoniKSessions(channel)
    options = TaskOptions(
        max_duration=timedelta(seconds=300), priority=1, max_retries=5, partition_id={partition}
    )
    session_id = sessions.create_session(options, partition_ids={partitions})

    results = ArmoniKResults(channel)
    payload = Payload({values}, subtask_threshold={threshold})
    stored = results.create_results({{"payload": payload.serialize()}}, session_id)
    announced = results.create_results_metadata(["result"], session_id)
    payload_id, result_id = stored["payload"].result_id, announced["result"].result_id

    task = TaskDefinition(payload_id=payload_id, expected_output_ids=[result_id])
    ArmoniKTasks(channel).submit_tasks(session_id, [task])

    # The library's own wait has no deadline; the form waits with hello_helpers.wait_for_result.
    ArmoniKEvents(channel).wait_for_result_availability(result_id, session_id)
    data = results.download_result_data(result_id, session_id)
    print("Result :", Result.deserialize(data).value)

    sessions.close_session(session_id)
"""

_CHECK = """\
from armonik.client import ArmoniKVersions
from armonik.common import create_channel

with {channel} as channel:
    print(ArmoniKVersions(channel).list_versions())
"""


def hello_code(
    endpoint: Endpoint, values: str, threshold: int, partition: str | None = None
) -> str:
    """Return the whole client, from channel to result.

    Args:
        endpoint: where to.
        values: a Python expression for the list of values.
        threshold: of the subtasks.
        partition: None for the default one.
    """
    return _HELLO.format(
        channel=_channel(endpoint),
        values=values,
        threshold=threshold,
        partition=repr(partition),
        partitions=repr([partition] if partition else None),
    )


def check_code(endpoint: Endpoint) -> str:
    """Return the code that asks an endpoint for its versions."""
    return _CHECK.format(channel=_channel(endpoint))


def _channel(endpoint: Endpoint) -> str:
    arguments = [repr(endpoint.url)]
    if endpoint.is_local and endpoint.scheme != "unix":
        arguments.append('options=(("grpc.enable_http_proxy", 0),)')
    for name in ("certificate_authority", "client_certificate", "client_key"):
        if path := getattr(endpoint, name):
            arguments.append(f"{name}={str(Path(path).expanduser())!r}")
    if len(arguments) == 1:
        return f"create_channel({arguments[0]})"
    lines = "".join(f"    {argument},\n" for argument in arguments)
    return f"create_channel(\n{lines})"
