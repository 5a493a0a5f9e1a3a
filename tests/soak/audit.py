"""Looks at the tables and objects of an embedded ArmoniK that has ended, and lists what is wrong.

It knows the state machines from the description of ArmoniK's behaviour, not from the code that it
checks.
"""

from __future__ import annotations

import itertools
import json
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path

from armonik.common import ResultStatus, SessionStatus, TaskStatus

from tests.conformance.driver import INSTANTS

T = TaskStatus
FINAL = {T.COMPLETED, T.ERROR, T.CANCELLED, T.TIMEOUT, T.RETRIED}
RAN = {T.COMPLETED, T.TIMEOUT}  # statuses that a task reaches only after its worker was called
WAITS = {T.CREATING, T.PENDING}

TRANSITIONS = {
    T.CREATING: {T.PENDING, T.ERROR, T.CANCELLING},
    T.PENDING: {T.SUBMITTED, T.PAUSED, T.ERROR, T.CANCELLING},
    T.SUBMITTED: {T.DISPATCHED, T.PAUSED, T.CANCELLING},
    T.PAUSED: {T.SUBMITTED, T.CANCELLING},
    T.DISPATCHED: {T.PROCESSING, T.SUBMITTED, T.PAUSED, T.RETRIED, T.ERROR, T.CANCELLING},
    T.PROCESSING: {T.COMPLETED, T.ERROR, T.TIMEOUT, T.RETRIED, T.SUBMITTED, T.CANCELLING},
    T.CANCELLING: {T.CANCELLED},
}

SAME_IN_ALL_ATTEMPTS = (
    "session_id",
    "payload_id",
    "parent_task_ids",
    "data_dependencies",
    "expected_output_ids",
    "partition_id",
    "max_retries",
    "max_duration",
    "priority",
    "options",
)


def audit(data: Path, *, at_rest: bool = True) -> list[str]:
    """Return a line about each thing that is wrong in a data folder.

    Args:
        at_rest: all work is done, so every task must have ended.
    """
    with closing(sqlite3.connect(data / "tables.sqlite")) as tables:
        tables.row_factory = sqlite3.Row
        (verdict,) = tables.execute("PRAGMA integrity_check").fetchone()
        tasks = tables.execute("SELECT * FROM task ORDER BY seq").fetchall()
        results = {row["result_id"]: row for row in tables.execute("SELECT * FROM result")}
        return [
            *([] if verdict == "ok" else [f"the tables are damaged: {verdict}"]),
            *_sessions(tables.execute("SELECT * FROM session").fetchall()),
            *itertools.chain.from_iterable(_task(task, at_rest) for task in tasks),
            *_chains(tasks, results),
            *_subtasks(tasks),
            *_results(results.values(), {task["task_id"] for task in tasks}),
            *_waiting(tables, tasks, results),
            *_objects(tables, data),
        ]


def _sessions(sessions: Iterable[sqlite3.Row]) -> Iterator[str]:
    when = {
        SessionStatus.CANCELLED: "cancelled_at",
        SessionStatus.CLOSED: "closed_at",
        SessionStatus.PURGED: "purged_at",
    }
    for session in sessions:
        status = SessionStatus(session["status"])
        instant = when.get(status)
        submission = session["client_submission"] or session["worker_submission"]
        rules = {
            "is there": status is SessionStatus.DELETED,
            f"has no {instant}": instant and session[instant] is None,
            "takes tasks": instant and submission,
        }
        yield from _broken(f"session {session['session_id']} ({status.name})", rules)


def _task(task: sqlite3.Row, at_rest: bool) -> Iterator[str]:
    status = TaskStatus(task["status"])
    name = f"task {task['task_id']} ({status.name})"
    set_ = [(field, task[field]) for field in INSTANTS if task[field] is not None]
    for (before, early), (after, late) in itertools.pairwise(set_):
        if early > late:
            yield f"{name}: {before} is after {after}"
    final, queued = status in FINAL, status in {T.SUBMITTED, T.PAUSED, *WAITS}
    failed = status in {T.RETRIED, T.ERROR, T.TIMEOUT}
    ended = bool(task["ended_at"])
    ran = status in RAN
    owned = task["owner_pod_id"] and task["pod_hostname"]
    rules = {
        "has not ended": at_rest and not final,
        "has ended, but ended_at is not set": final and not ended,
        "has not ended, but ended_at is set": not final and status is not T.CANCELLING and ended,
        "has run, but not all its instants are set": ran and len(set_) < len(INSTANTS),
        "has run, but nobody knows where": ran and not owned,
        "is in the queue and has an owner": queued
        and (task["owner_pod_id"] or task["acquired_at"]),
        f"has an error: {task['error']}": status is T.COMPLETED
        and (task["error"] or not task["success"]),
        "does not say what was wrong": failed and (not task["error"] or task["success"]),
    }
    yield from _broken(name, rules)


def _chains(tasks: list[sqlite3.Row], results: dict[str, sqlite3.Row]) -> Iterator[str]:
    """Check that the attempts of each task are a chain that ends in exactly one outcome."""
    chains = defaultdict(list)
    for task in tasks:
        chains[task["initial_task_id"]].append(task)
    for initial, chain in chains.items():
        ids = [task["task_id"] for task in chain]
        if ids != [initial, *(f"{initial}###{number}" for number in range(1, len(chain)))]:
            yield f"task {initial}: its attempts are {ids}"
            continue
        if len(chain) > chain[0]["max_retries"] + 1:
            yield f"task {initial} was tried {len(chain)} times"
        for number, task in enumerate(chain):
            if json.loads(task["retry_of_ids"]) != ids[:number]:
                yield f"task {ids[number]} says that it is a retry of {task['retry_of_ids']}"
            last = number == len(chain) - 1
            if (task["status"] == T.RETRIED) == last:
                yield f"task {ids[number]} of {len(chain)} is {TaskStatus(task['status']).name}"
            if number and task["created_by"] != ids[number - 1]:
                yield f"task {ids[number]} was created by {task['created_by']}"
            for field in SAME_IN_ALL_ATTEMPTS:
                if task[field] != chain[0][field]:
                    yield f"task {ids[number]}: its {field} is not that of the first attempt"
        yield from _outputs(chain[-1], results)


def _outputs(task: sqlite3.Row, results: dict[str, sqlite3.Row]) -> Iterator[str]:
    status = TaskStatus(task["status"])
    for result_id in json.loads(task["expected_output_ids"]):
        output = results.get(result_id)
        if output is None or output["owner_task_id"] != task["task_id"]:
            continue  # deleted, or a subtask's, or claimed by somebody else
        found = ResultStatus(output["status"])
        if status in {T.ERROR, T.TIMEOUT, T.CANCELLED} and found is ResultStatus.CREATED:
            yield f"result {result_id} is CREATED, but its task {task['task_id']} {status.name}"


def _subtasks(tasks: list[sqlite3.Row]) -> Iterator[str]:
    """Check that only successful attempts have subtasks."""
    statuses = {task["task_id"]: task["status"] for task in tasks}
    for task in tasks:
        parent = task["created_by"]
        is_retry = task["task_id"] != task["initial_task_id"]
        if parent and not is_retry and statuses.get(parent) != T.COMPLETED:
            yield f"task {task['task_id']} is the subtask of {parent}, which did not succeed"


def _results(results: Iterable[sqlite3.Row], task_ids: set[str]) -> Iterator[str]:
    for result in results:
        status = ResultStatus(result["status"])
        name, has_data = f"result {result['result_id']} ({status.name})", bool(result["opaque_id"])
        complete, owner = status is ResultStatus.COMPLETED, result["owner_task_id"]
        rules = {
            "does not own an object": complete and not has_data,
            "owns an object": has_data and not complete,
            "has no completed_at": complete and not result["completed_at"],
            f"is owned by {owner}, which does not exist": owner
            and owner != result["session_id"]
            and owner not in task_ids,
        }
        yield from _broken(name, rules)


def _broken(name: str, rules: dict[str, object]) -> Iterator[str]:
    """Tell which of some things are wrong with something."""
    yield from (f"{name} {what}" for what, wrong in rules.items() if wrong)


def _waiting(
    tables: sqlite3.Connection, tasks: list[sqlite3.Row], results: dict[str, sqlite3.Row]
) -> Iterator[str]:
    statuses = {task["task_id"]: TaskStatus(task["status"]) for task in tasks}
    waiting = defaultdict(set)
    for row in tables.execute("SELECT * FROM waiting"):
        waiting[row["task_id"]].add(row["result_id"])
    for task_id, result_ids in waiting.items():
        if statuses.get(task_id) not in WAITS:
            yield f"task {task_id} waits for {len(result_ids)} results, but is not PENDING"
        for result_id in result_ids:
            if results[result_id]["status"] != ResultStatus.CREATED:
                yield f"task {task_id} waits for {result_id}, which is not CREATED"
    for task_id, status in statuses.items():
        if status is T.PENDING and not waiting[task_id]:
            yield f"task {task_id} is PENDING, and waits for nothing"


def _objects(tables: sqlite3.Connection, data: Path) -> Iterator[str]:
    """Check that each object is named by a result, and has its size; and nothing else is there."""
    sizes = {path.name: path.stat().st_size for path in (data / "objects").iterdir()}
    for opaque_id, size in tables.execute("SELECT opaque_id, length(data) FROM object"):
        sizes[opaque_id.decode()] = size
    named = Counter()
    for result_id, opaque_id, size in tables.execute(
        "SELECT result_id, opaque_id, size FROM result WHERE opaque_id != x''"
    ):
        named[opaque_id.decode()] += 1
        if sizes.get(opaque_id.decode()) != size:
            yield f"result {result_id} has {size} bytes, its object {sizes.get(opaque_id.decode())}"
    shared = {row[0].decode() for row in tables.execute("SELECT opaque_id FROM shared_object")}
    for opaque_id in sizes.keys() - named.keys():
        yield f"object {opaque_id} is named by no result"
    for opaque_id, times in named.items():
        if times > 1 and opaque_id not in shared:
            yield f"object {opaque_id} is named by {times} results"
    if (data / "shared").exists():
        for folder in (data / "shared").iterdir():
            yield f"the folder of an attempt is left: {folder}"
