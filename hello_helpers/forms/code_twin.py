"""The code twins: the Python that a form runs, as one writes it at work. Pure functions.

It needs `armonik`, and the messages that client and worker share; nothing else of this package.
"""

from __future__ import annotations

from pathlib import Path

from armonik.common import TaskOptions

from hello_helpers.connect.endpoint import Endpoint
from hello_helpers.labels import COURSE, OWN
from hello_helpers.messages import Payload

_HELLO = """\
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from armonik.client import ArmoniKEvents, ArmoniKResults, ArmoniKSessions, ArmoniKTasks
from armonik.common import TaskDefinition, TaskOptions, create_channel
from hello_helpers.messages import Payload, Result

with {channel} as channel:
    sessions = ArmoniKSessions(channel)
    options = TaskOptions(
        max_duration=timedelta(seconds={seconds:g}),
        priority={options.priority},
        max_retries={options.max_retries},
        partition_id={partition},
    )
    session_id = sessions.create_session(options, partition_ids={partitions})

    results = ArmoniKResults(channel)
    payload = Payload({values}, subtask_threshold={threshold})
    stored = results.create_results({{"payload": payload.serialize()}}, session_id)
    announced = results.create_results_metadata(["result"], session_id)
    payload_id, result_id = stored["payload"].result_id, announced["result"].result_id

    task = TaskDefinition(payload_id=payload_id, expected_output_ids=[result_id])
    ArmoniKTasks(channel).submit_tasks(session_id, [task])

    # The library's own wait has no time limit. So let a thread wait, and look after that.
    wait = ThreadPoolExecutor(1).submit(
        ArmoniKEvents(channel).wait_for_result_availability, result_id, session_id
    )
    wait.result(timeout=120)  # seconds; if the result is ABORTED, this raises RuntimeError
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


_SESSION = """\
from datetime import timedelta

from armonik.client import ArmoniKSessions
from armonik.common import TaskOptions, create_channel

with {channel} as channel:
    sessions = ArmoniKSessions(channel)
    options = TaskOptions(
        max_duration=timedelta(seconds={seconds:g}),
        priority={options.priority},
        max_retries={options.max_retries},
        partition_id={options.partition_id!r},
    )
    session_id = sessions.create_session(options, partition_ids=[{options.partition_id!r}])
    print("Session", session_id, "has been created")

    print(sessions.get_session(session_id).options)
    sessions.close_session(session_id)
"""

_PAYLOAD = """\
from armonik.client import ArmoniKResults
from armonik.common import create_channel
from hello_helpers.messages import Payload

session_id = {session_id!r}

with {channel} as channel:
    results = ArmoniKResults(channel)
    payload = Payload({payload.values!r}, subtask_threshold={payload.subtask_threshold})
    stored = results.create_results({{"payload": payload.serialize()}}, session_id)
    payload_id = stored["payload"].result_id

    announced = results.create_results_metadata(["result"], session_id)
    result_id = announced["result"].result_id
"""

_TASK = """\
import dataclasses

from armonik.client import ArmoniKResults, ArmoniKSessions, ArmoniKTasks
from armonik.common import TaskDefinition, create_channel
from hello_helpers.messages import Payload

session_id = {session_id!r}

with {channel} as channel:
    results = ArmoniKResults(channel)
    payload = Payload({payload.values!r})
    stored = results.create_results({{"payload": payload.serialize()}}, session_id)
    announced = results.create_results_metadata(["result"], session_id)

    options = ArmoniKSessions(channel).get_session(session_id).options
    task = TaskDefinition(
        payload_id=stored["payload"].result_id,
        expected_output_ids=[announced["result"].result_id],
        options=dataclasses.replace(options, priority={priority}),
    )
    (sent,) = ArmoniKTasks(channel).submit_tasks(session_id, [task])
    print("Task", sent.id, "has been submitted")
"""

_CLOSE = """\
from armonik.client import ArmoniKSessions
from armonik.common import Session, SessionStatus, create_channel

mine = Session.status == SessionStatus.RUNNING
mine &= Session.options["learner"] == {learner!r}
mine &= (Session.options["hello"] == {course!r}) | (Session.options["hello"] == {own!r})

with {channel} as channel:
    sessions = ArmoniKSessions(channel)
    _, found = sessions.list_sessions(mine)
    for session in found:
        sessions.close_session(session.session_id)
"""


def hello_code(endpoint: Endpoint, values: str, threshold: int, options: TaskOptions) -> str:
    """Return the whole client, from channel to result.

    Args:
        endpoint: where to.
        values: a Python expression for the list of values.
        threshold: of the subtasks.
        options: of the session; without a partition it is the default one.
    """
    partition = options.partition_id or None
    return _HELLO.format(
        channel=channel_code(endpoint),
        values=values,
        threshold=threshold,
        options=options,
        seconds=options.max_duration.total_seconds(),
        partition=repr(partition),
        partitions=repr([partition] if partition else None),
    )


def check_code(endpoint: Endpoint) -> str:
    """Return the code that asks an endpoint for its versions."""
    return _CHECK.format(channel=channel_code(endpoint))


def session_code(endpoint: Endpoint, options: TaskOptions) -> str:
    """Return the code that creates a session with these options, and closes it."""
    return _SESSION.format(
        channel=channel_code(endpoint),
        options=options,
        seconds=options.max_duration.total_seconds(),
    )


def payload_code(endpoint: Endpoint, session_id: str, payload: Payload) -> str:
    """Return the code that stores a payload and announces an output."""
    return _PAYLOAD.format(channel=channel_code(endpoint), session_id=session_id, payload=payload)


def task_code(endpoint: Endpoint, session_id: str, payload: Payload, priority: int) -> str:
    """Return the code that submits a task with a priority of its own."""
    return _TASK.format(
        channel=channel_code(endpoint), session_id=session_id, payload=payload, priority=priority
    )


def close_code(endpoint: Endpoint, learner: str) -> str:
    """Return the code that closes the running sessions of a learner."""
    return _CLOSE.format(channel=channel_code(endpoint), learner=learner, course=COURSE, own=OWN)


def channel_code(endpoint: Endpoint) -> str:
    """Return the expression that opens a channel to an endpoint."""
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
