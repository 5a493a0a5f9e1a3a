"""Lesson 06: a program with an argument more."""

from __future__ import annotations

import grpc
from armonik.client import ArmoniKSessions, ArmoniKTasks
from armonik.common import SessionStatus, Task, TaskStatus

from hello_helpers.exercises.core import Exercise, wrong_if
from hello_helpers.exercises.looking import look_up

PRIORITY = 3

SOLUTION = """\
from pathlib import Path

code = Path("hello_client.py").read_text()
if "--priority" not in code:  # else you have written this line already
    last = "    return parser.parse_args()"
    code = code.replace(last, '    add("--priority", type=int, default=1)\\n' + last)
code = code.replace("priority=1,", "priority=args.priority,")
Path("my_client.py").write_text(code)

shown = run_client("--priority", "3", program="my_client.py")
print(shown)
my_session_id = shown.split()[1]  # "Session ... has been created"
"""


def _look(channel: grpc.Channel, answer: object) -> str:
    wrong_if(
        isinstance(answer, str) and answer.startswith("usage:"),
        "This is no id: the program has refused its arguments.",
        "Write the new line in parse_arguments, and run the cell with %%writefile again.",
    )
    session = look_up(ArmoniKSessions(channel).get_session, answer, "session")
    _, tasks = ArmoniKTasks(channel).list_tasks(Task.session_id == session.session_id)
    priority, status = session.options.priority, SessionStatus(session.status).name
    wrong_if(
        priority != PRIORITY,
        f"ArmoniK has this session, and the priority of its tasks is {priority}.",
        f"Give it to TaskOptions, and run the program with --priority {PRIORITY}.",
    )
    wrong_if(
        not any(task.status == TaskStatus.COMPLETED for task in tasks),
        f"The priority is {PRIORITY}. But no task of this session is COMPLETED.",
        "Let the program run to its end.",
    )
    wrong_if(
        status != "CLOSED",
        f"Priority and result are right. But the session is {status}.",
        "At its end the program closes the session.",
    )
    return f"Your program has sent a task with priority {PRIORITY}, and closed its session."


exercise_06 = Exercise(
    "exercise_06",
    _look,
    (
        "parse_arguments needs one line more, and in main the 1 after priority= must go.",
        'The line is add("--priority", type=int, default=1). Its value is then args.priority.',
        'run_client("--priority", "3") returns what the program prints. The first line is '
        '"Session ... has been created".',
    ),
    SOLUTION,
)
