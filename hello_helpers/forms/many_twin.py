"""The code twin of the form for many tasks."""

from __future__ import annotations

from hello_helpers.batches import BATCH_BYTES
from hello_helpers.connect.endpoint import Endpoint
from hello_helpers.forms.code_twin import channel_code
from hello_helpers.messages import DEFAULT_SUBTASK_THRESHOLD, Payload

_CODE = """\
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


def many_code(
    endpoint: Endpoint, tasks: int, values: int, batch: int, partition: str | None
) -> str:
    """Return the client that does the same, ready to paste."""
    largest = len(Payload(list(range((tasks - 1) * values, tasks * values))).serialize())
    fitting = max(1, BATCH_BYTES // largest)  # a message has a limit
    return _CODE.format(
        channel=channel_code(endpoint),
        tasks=tasks,
        values=values,
        batch=batch,
        fitting="batch" if batch <= fitting else fitting,
        partition=partition,
        partitions=[partition] if partition else None,
        threshold=max(values, DEFAULT_SUBTASK_THRESHOLD),
    )
