"""What to write in a worker's program, by what its log says has gone wrong."""

from __future__ import annotations

import difflib
import re

REMEDIES = (
    ("'function' object has no attribute 'run'", "Write @armonik_worker() above the function."),
    (r"armonik_worker\(\) takes 0 positional", "Write @armonik_worker(), with the brackets."),
    (r"\w+\(\) missing 1 .*: 'task'", "The last line must start the worker: .run()."),
    (r"Output.to_message\(\) missing", "Write return Output(), with the brackets."),
    (
        r"Output.__init__\(\) got",
        'Output() is for success, Output("what is wrong") for an error.',
    ),
    (
        "'(?:bytes|str|list)' object has no attribute 'items'",
        "send_results takes a dictionary, {id}.",
    ),
    ("unhashable type: 'list'", "expected_results is a list of ids, so take one of them: {id}."),
    (
        "bytes-like object is required",
        "Send bytes: serialize() or encode() makes them.",
    ),
    (
        "'bytes' object has no attribute 'values'",
        "Write Payload.deserialize(task.payload).",
    ),
    ("'TaskHandler' object has no attribute 'decode'", "The bytes are in task.payload."),
)
"""What the last line of a traceback says, and what to do."""

ID = "{task.expected_results[0]: ...}"

OF_TASK = (
    *("payload", "data_dependencies", "expected_results", "send_results", "submit_tasks"),
    *("create_results", "create_results_metadata", "task_id", "session_id", "task_options"),
)


def remedy_of(log: str) -> str:
    """Return what to write instead; "" if the log does not tell of a usual mistake."""
    for told, todo in REMEDIES:
        if re.search(told, log):
            return todo.replace("{id}", ID)
    if missing := re.search(r"'TaskHandler' object has no attribute '(\w+)'", log):
        near = difflib.get_close_matches(missing[1], OF_TASK, 1)
        return f"Did you mean task.{near[0]}?" if near else f"A task has: {', '.join(OF_TASK)}."
    return ""
