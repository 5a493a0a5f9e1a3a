"""The code twins: the Python that a form runs, as one writes it at work; templates, filled in.

It needs `armonik`, and the messages that client and worker share; nothing else of this package.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from hello_helpers.connect.endpoint import Endpoint

HELLO = """\
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
        partition_id={partition!r},
    )
    session_id = sessions.create_session(options, partition_ids={partitions!r})

    results = ArmoniKResults(channel)
    payload = Payload({values}, subtask_threshold={threshold})
    stored = results.create_results({{"payload": payload.serialize()}}, session_id)
    announced = results.create_results_metadata(["result"], session_id)
    payload_id, result_id = stored["payload"].result_id, announced["result"].result_id

    task = TaskDefinition(payload_id=payload_id, expected_output_ids=[result_id])
    ArmoniKTasks(channel).submit_tasks(session_id, [task])

    # The library's own wait has no time limit. So let a thread wait, and look after that.
    # (The form waits with wait_for_results of hello_helpers, which has one: it listens
    # to the same events, and looks besides if none comes for a while.)
    wait = ThreadPoolExecutor(1).submit(
        ArmoniKEvents(channel).wait_for_result_availability, result_id, session_id
    )
    wait.result(timeout=120)  # seconds; if the result is ABORTED, this raises RuntimeError
    data = results.download_result_data(result_id, session_id)
    print("Result :", Result.deserialize(data).value)

    sessions.close_session(session_id)
"""

CHECK = """\
from armonik.client import ArmoniKVersions
from armonik.common import create_channel

with {channel} as channel:
    print(ArmoniKVersions(channel).list_versions())
"""


SESSION = """\
from datetime import timedelta

from armonik.client import ArmoniKSessions
from armonik.common import TaskOptions, create_channel

with {channel} as channel:
    sessions = ArmoniKSessions(channel)
    options = TaskOptions(
        max_duration=timedelta(seconds={seconds:g}),
        priority={options.priority},
        max_retries={options.max_retries},
        partition_id={partition!r},
    )
    session_id = sessions.create_session(options, partition_ids={partitions!r})
    print("Session", session_id, "has been created")

    print(sessions.get_session(session_id).options)
    sessions.close_session(session_id)
"""

PAYLOAD = """\
from armonik.client import ArmoniKResults
from armonik.common import ResultStatus, create_channel
from hello_helpers.messages import Payload

session_id = {session_id!r}

with {channel} as channel:
    results = ArmoniKResults(channel)
    payload = Payload({payload.values!r}, subtask_threshold={payload.subtask_threshold})
    stored = results.create_results({{"payload": payload.serialize()}}, session_id)
    payload_id = stored["payload"].result_id

    announced = results.create_results_metadata(["result"], session_id)
    result_id = announced["result"].result_id

    for key in (payload_id, result_id):
        found = results.get_result(key)
        print(key, found.size, "bytes", ResultStatus(found.status).name)
"""

TASK = """\
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

CLOSE = """\
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

MANY = """\
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from armonik.client import ArmoniKEvents, ArmoniKResults, ArmoniKSessions, ArmoniKTasks
from armonik.common import EventTypes, ResultStatus, TaskDefinition, TaskOptions, create_channel
from hello_helpers.messages import Payload, Result

tasks, values, batch = {tasks}, {values}, {batch}

with {channel} as channel:
    sessions, results = ArmoniKSessions(channel), ArmoniKResults(channel)
    options = TaskOptions(
        max_duration=timedelta(minutes=5), priority=1, max_retries=5, partition_id={partition!r}
    )
    session_id = sessions.create_session(options, partition_ids={partitions!r})

    payloads = {{
        str(n): Payload(
            list(range(n * values, (n + 1) * values)), subtask_threshold={threshold}
        ).serialize()
        for n in range(tasks)
    }}
    stored = results.create_results(payloads, session_id, batch_size={fitting})
    announced = results.create_results_metadata(list(payloads), session_id, batch_size=batch)
    result_ids = [announced[name].result_id for name in payloads]

    definitions = [
        TaskDefinition(
            payload_id=stored[name].result_id,
            expected_output_ids=[announced[name].result_id],
        )
        for name in payloads
    ]
    ArmoniKTasks(channel).submit_tasks(session_id, definitions, chunk_size=batch)

    missing = set(result_ids)

    def on_event(_session_id, _event_type, event):
        if event.status == ResultStatus.ABORTED:
            raise RuntimeError(f"the result {{event.result_id}} will not come")
        if event.status == ResultStatus.COMPLETED:
            missing.discard(event.result_id)
        return not missing

    # get_events has no time limit. So let a thread listen, and look after that.
    # (The form has wait_for_results of hello_helpers, which has one, and looks besides.)
    kinds = [EventTypes.NEW_RESULT, EventTypes.RESULT_STATUS_UPDATE]
    wait = ThreadPoolExecutor(1).submit(
        ArmoniKEvents(channel).get_events, session_id, kinds, [on_event]
    )
    wait.result(timeout=600)  # seconds

    with ThreadPoolExecutor(8) as pool:
        contents = pool.map(
            lambda result_id: results.download_result_data(result_id, session_id), result_ids
        )
        print("Result :", sum(Result.deserialize(content).value for content in contents))

    sessions.close_session(session_id)
"""


def code_of(template: str, endpoint: Endpoint, partition: str | None = None, **values: Any) -> str:
    """Return the Python of a form, ready to paste.

    Args:
        template: one of the templates above.
        endpoint: where to.
        partition: of the session; None for the default one.
        values: the others that the template names.
    """
    return template.format(
        channel=channel_code(endpoint),
        partition=partition,
        partitions=[partition] if partition else None,
        **values,
    )


def without_address(code: str) -> str:
    """Return a twin that names an example in place of an endpoint and its files: to be stored."""
    example = 'with create_channel("http://armonik.example.com:5001") as channel:'
    return re.sub(r"with create_channel\(.*?\) as channel:", example, code, flags=re.DOTALL)


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
