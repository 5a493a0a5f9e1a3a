"""A client of versions from 3.16 to today: one class for each service.

    python services.py ENDPOINT PAYLOAD

It takes tasks through their whole life and prints what it saw, as one JSON object; statuses are
numbers there. PAYLOAD is the text of a payload that the worker of the partition understands.
"""

import json
import sys
from datetime import timedelta
from importlib import metadata

import grpc
from armonik import client
from armonik.common import TaskDefinition, TaskOptions


def main(endpoint, payload):
    with grpc.insecure_channel(endpoint) as channel:
        sessions, tasks = client.ArmoniKSessions(channel), client.ArmoniKTasks(channel)
        results = client.ArmoniKResults(channel)
        seen = {"version": metadata.version("armonik")}
        seen["core"] = client.ArmoniKVersions(channel).list_versions()["core"]
        seen["health"] = sorted(client.ArmoniKHealthChecks(channel).check_health())
        seen["partitions"] = [
            partition.id for partition in client.ArmoniKPartitions(channel).list_partitions()[1]
        ]

        options = TaskOptions(
            max_duration=timedelta(minutes=1), priority=1, max_retries=1, partition_id="default"
        )
        session = sessions.create_session(options, ["default"])
        seen["session"] = sessions.get_session(session).status
        outputs = results.create_results_metadata(["sum", "waiting", "never"], session)
        ids = {name: result.result_id for name, result in outputs.items()}
        payload_id = results.create_results({"payload": payload.encode()}, session)[
            "payload"
        ].result_id
        tasks.submit_tasks(  # up to 3.19 it returns nothing
            session,
            [
                TaskDefinition(payload_id=payload_id, expected_output_ids=[ids["sum"]]),
                TaskDefinition(
                    payload_id=payload_id,
                    expected_output_ids=[ids["waiting"]],
                    data_dependencies=[ids["never"]],
                ),
            ],
        )
        owners = results.get_owner_task_id([ids["sum"], ids["waiting"]], session)
        good, waiting = owners[ids["sum"]], owners[ids["waiting"]]
        wait(channel, session, ids["sum"])
        seen["data"] = results.download_result_data(ids["sum"], session).decode()
        seen["result"] = results.get_result(ids["sum"]).status
        seen["waiting"] = tasks.get_task(waiting).status
        total, listed = tasks.list_tasks()
        seen["listed"] = total == len(listed) and {good, waiting} <= {task.id for task in listed}
        seen["sessions"] = session in {found.session_id for found in sessions.list_sessions()[1]}
        seen["cancelled"] = sessions.cancel_session(session).status
        seen["cancelled task"] = tasks.get_task(waiting).status
        seen["cancelled result"] = results.get_result(ids["waiting"]).status
        # Not earlier: up to 3.19 the enumeration of this method lacks PENDING.
        seen["counted"] = sum(tasks.count_tasks_by_status().values()) == total
        print(json.dumps(seen))


def wait(channel, session, result_id):
    """Waits for a result as each version can: events, filtered by result, work from 3.21 on."""
    if hasattr(client, "ArmoniKSubmitter"):
        client.ArmoniKSubmitter(channel).wait_for_availability(session, result_id)
    else:
        client.ArmoniKEvents(channel).wait_for_result_availability(result_id, session)


main(*sys.argv[1:])
