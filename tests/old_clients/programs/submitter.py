"""A client of versions 3.12 to 3.19, as people wrote it then: ArmoniKSubmitter does nearly all.

    python submitter.py ENDPOINT PAYLOAD

It takes tasks through their whole life and prints what it saw, as one JSON object; statuses are
numbers there. PAYLOAD is the text of a payload that the worker of the partition understands.
"""

import json
import sys
from datetime import timedelta
from importlib import metadata

import grpc
from armonik import client
from armonik.common import TaskDefinition, TaskOptions, TaskStatus

LARGE = 5 << 20  # bytes: more than two chunks


def main(endpoint, payload):
    with grpc.insecure_channel(endpoint) as channel:
        submitter = client.ArmoniKSubmitter(channel)
        # Up to 3.15 the class has the first name, then the second.
        results = getattr(client, "ArmoniKResult", getattr(client, "ArmoniKResults", None))(channel)
        seen = {"version": metadata.version("armonik")}

        session = submitter.create_session(
            TaskOptions(max_duration=timedelta(minutes=1), priority=1, max_retries=1), ["default"]
        )
        seen["chunk"] = submitter.get_service_configuration().data_chunk_max_size
        seen["nothing submitted"] = submitter.submit(session, [])

        # Two tasks that succeed. Blanks around JSON do not matter, so payloads may be large.
        ids = results.get_results_ids(session, ["small", "large", "bad", "never", "waiting"])
        payloads = {"small": payload.encode(), "large": payload.encode() + b" " * LARGE}
        good, errors = submitter.submit(
            session, [definition(data, ids[name]) for name, data in payloads.items()]
        )
        seen["errors"] = errors
        outputs = [task.expected_output_ids for task in good]
        seen["outputs in order"] = outputs == [[ids[name]] for name in payloads]
        seen["failures"] = [
            submitter.wait_for_availability(session, ids[name]).errors for name in payloads
        ]
        seen["data"] = [submitter.get_result(session, ids[name]).decode() for name in payloads]
        good_ids = [task.id for task in good]
        seen["counts"] = counts(submitter.wait_for_completion(task_ids=good_ids))
        seen["statuses"] = [
            number(status) for status in submitter.get_task_status(good_ids).values()
        ]
        seen["task"] = number(client.ArmoniKTasks(channel).get_task(good_ids[0]).status)

        # One that fails.
        (bad,), _ = submitter.submit(session, [definition(b"nonsense", ids["bad"])])
        seen["bad availability"] = submitter.wait_for_availability(session, ids["bad"]).errors
        seen["bad data"] = outcome(lambda: submitter.get_result(session, ids["bad"]))
        seen["bad counts"] = counts(submitter.wait_for_completion(task_ids=[bad.id]))
        everything = submitter.wait_for_completion(session_ids=[session])
        seen["all over"] = sum(everything.values()) == len(submitter.list_tasks([session]))
        seen["stopped"] = TaskStatus.ERROR in submitter.wait_for_completion(
            session_ids=[session], stop_on_first_task_error=True
        )

        # One that waits for data that never comes, until the session is cancelled.
        (waiting,), _ = submitter.submit(
            session, [definition(payload.encode(), ids["waiting"], [ids["never"]])]
        )
        seen["waiting data"] = submitter.get_result(session, ids["waiting"])
        seen["waiting status"] = outcome(
            lambda: number(submitter.get_task_status([waiting.id])[waiting.id])
        )
        open_tasks = submitter.list_tasks(
            session_ids=[session], excluded_statuses=[TaskStatus.COMPLETED, TaskStatus.ERROR]
        )
        seen["open"] = open_tasks == [waiting.id]
        seen["failed"] = submitter.list_tasks(
            session_ids=[session], included_statuses=[TaskStatus.ERROR]
        ) == [bad.id]
        submitter.cancel_session(session)
        seen["cancelled"] = number(submitter.get_task_status([waiting.id])[waiting.id])
        seen["cancelled counts"] = counts(submitter.wait_for_completion(task_ids=[waiting.id]))
        seen["cancelled availability"] = len(
            submitter.wait_for_availability(session, ids["waiting"]).errors
        )
        seen["kept"] = submitter.get_result(session, ids["small"]).decode()
        print(json.dumps(seen))


def definition(payload, output, data_dependencies=()):
    return TaskDefinition(
        payload=payload, expected_output_ids=[output], data_dependencies=list(data_dependencies)
    )


def number(status):
    """The number of a status: a member of an enumeration up to 3.12, a plain number later."""
    return getattr(status, "value", status)


def counts(by_status):
    """How many tasks there are, by the number of their status, as pairs."""
    return sorted((number(status), count) for status, count in by_status.items())


def outcome(call):
    """What a call returns, or the text of its exception."""
    try:
        return call()
    except Exception as error:
        return str(error)


main(*sys.argv[1:])
