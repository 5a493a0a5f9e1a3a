"""The pictures of the lessons: how ArmoniK is made, and which states things go through."""

from __future__ import annotations

import itertools

from hello_helpers.display.drawing import Arrow, Box, Label, Picture
from hello_helpers.display.drawing import Point as At
from hello_helpers.display.signs import TASKS

ROAD = ("CREATING", "PENDING", "SUBMITTED", "DISPATCHED", "PROCESSING", "COMPLETED")
"""The states of a task if all goes well."""

WHO = ("control plane", "control plane", "queue; or PAUSED", "agent", "worker", "over")
"""Who has the task then."""


def channel() -> Picture:
    """One channel, many calls."""
    client = Box(10, 20, 190, 150, ["Your client"], title_on_top=True)
    services = ["Sessions", "Results", "Tasks", "Events"]
    classes = [Box(25, 52 + 28 * n, 160, 24, [f"ArmoniK{name}"]) for n, name in enumerate(services)]
    control = Box(560, 20, 190, 150, ["Control plane"], title_on_top=True)
    answers = [Box(575, 52 + 28 * n, 160, 24, [name]) for n, name in enumerate(services)]
    pipe = Box(250, 70, 260, 60, ["Channel", "one connection, many calls"])
    return Picture(
        "One channel carries all calls",
        [
            "On the left is your client, with one object for each service that it calls: "
            "ArmoniKSessions, ArmoniKResults, ArmoniKTasks, ArmoniKEvents.",
            "All of them use the same channel, which is one connection.",
            "On the right is the control plane, with the services that answer.",
        ],
        760,
        190,
        [
            *(client, *classes, control, *answers, pipe),
            Arrow([client.right._replace(y=100), pipe.left], both=True),
            Arrow([pipe.right, control.left._replace(y=100)], both=True),
        ],
    )


def session_states() -> Picture:
    """The states of a session, and which call leads from one to the next."""
    running = Box(150, 80, 120, 44, ["RUNNING"], "RUNNING")
    paused = Box(410, 10, 120, 44, ["PAUSED"], "PAUSED")
    closed = Box(410, 80, 120, 44, ["CLOSED"], "CLOSED")
    cancelled = Box(410, 150, 120, 44, ["CANCELLED"], "CANCELLED")
    purged = Box(680, 80, 120, 44, ["PURGED"], "PURGED")
    return Picture(
        "The states of a session",
        [
            "create_session makes a session that is RUNNING.",
            "pause_session makes it PAUSED, and resume_session makes it RUNNING again.",
            "close_session makes a RUNNING or PAUSED session CLOSED.",
            "cancel_session makes a RUNNING, PAUSED or CLOSED session CANCELLED.",
            "purge_session deletes the data of a CLOSED or CANCELLED session: it is PURGED.",
            "delete_session removes a session in any state; nothing is left to ask for.",
        ],
        880,
        215,
        [
            *(running, paused, closed, cancelled, purged),
            Arrow([At(20, 102), running.left], "create_session", At(66, 94)),
            Arrow([At(210, 80), At(210, 26), At(410, 26)], "pause_session", At(310, 20)),
            Arrow([At(410, 44), At(244, 44), At(244, 80)], "resume_session", At(325, 60)),
            Arrow([running.right, closed.left], "close_session"),
            Arrow([At(210, 124), At(210, 172), At(410, 172)], "cancel_session", At(310, 166)),
            Arrow([closed.right, purged.left], "purge_session", At(605, 94)),
            Arrow([cancelled.right, At(740, 172), purged.bottom], "purge_session", At(620, 166)),
            Arrow([closed.bottom, cancelled.top], "cancel_session", At(478, 141), anchor="start"),
            Label(At(540, 37), "can be closed or cancelled, too", anchor="start"),
        ],
    )


def results() -> Picture:
    """Payload and output of a task, both results."""
    payload = Box(
        30, 30, 190, 80, ["Result: payload", "numbers as bytes", "COMPLETED"], "COMPLETED"
    )
    task = Box(340, 30, 150, 80, ["Task", "lesson 04"], dashed=True)
    output = Box(
        610, 30, 190, 80, ["Result: output", "no data yet", "CREATED"], "CREATED", dashed=True
    )
    return Picture(
        "A task turns one result into another",
        [
            "On the left is the payload: a result that has data, so its state is COMPLETED.",
            "The task, which comes in lesson 04, reads the payload.",
            "On the right is the output: a result that is only announced, so its state is CREATED. "
            "The task will give it data.",
        ],
        830,
        150,
        [
            *(payload, task, output),
            Arrow([payload.right, task.left], "input"),
            Arrow([task.right, output.left], "expected output"),
            Label(At(payload.bottom.x, 132), "create_results"),
            Label(At(output.bottom.x, 132), "create_results_metadata"),
        ],
    )


def task_states() -> Picture:
    """The states of a task: the good road, and the others."""
    road = [
        Box(10 + 148 * n, 30, 128, 62, [state, *who.split("; ")], state)
        for n, (state, who) in enumerate(zip(ROAD, WHO, strict=True))
    ]
    failed = Box(750, 130, 128, 62, ["ERROR", "or TIMEOUT"], "ERROR", dashed=True)
    retried = Box(750, 222, 128, 62, ["RETRIED", "a copy goes on"], "RETRIED", dashed=True)
    cancelled = Box(
        10, 160, 650, 62, ["CANCELLING, then CANCELLED", "at your request"], "CANCELLED"
    )
    return Picture(
        "The states of a task",
        [
            *(f"{name}: {TASKS[name].word}." for name in ROAD),
            "In a paused session it is PAUSED instead of SUBMITTED.",
            "Instead of COMPLETED it can end as ERROR or TIMEOUT; or as RETRIED, and then a copy "
            "of it is tried again.",
            "A task that is not over yet can be cancelled: CANCELLING, then CANCELLED.",
        ],
        880,
        300,
        [
            *(*road, failed, retried, cancelled),
            *(Arrow([one.right, other.left]) for one, other in itertools.pairwise(road)),
            Arrow([At(700, 92), At(700, 161), failed.left]),
            Arrow([At(680, 92), At(680, 253), retried.left]),
            *(Arrow([one.bottom, At(one.bottom.x, 160)], dashed=True) for one in road[:4]),
            Arrow([At(635, 92), At(635, 160)], dashed=True),
        ],
    )


def pod() -> Picture:
    """A pod: agent and worker, who calls whom, and where the data lie."""
    frame = Box(10, 10, 620, 240, ["Pod"], title_on_top=True)
    agent = Box(30, 50, 150, 90, ["Agent", "from ArmoniK"])
    worker = Box(460, 50, 150, 90, ["Worker", "your program"])
    folder = Box(215, 185, 210, 50, ["Folder", "payload, data, results"])
    return Picture(
        "Who calls whom in a pod",
        [
            "In the pod are the agent, which is a part of ArmoniK, and the worker, your program.",
            "The agent calls the worker for each task: Process.",
            "While it runs, the worker calls the agent: here are results, here are more tasks.",
            "Both see a folder, where payload, dependencies and results lie as files.",
        ],
        640,
        260,
        [
            *(frame, agent, worker, folder),
            Arrow([At(180, 76), At(460, 76)], "Process: a task", At(320, 70)),
            Arrow([At(460, 116), At(180, 116)], "results, more tasks", At(320, 132)),
            Arrow([agent.bottom, At(105, 210), folder.left], both=True),
            Arrow([worker.bottom, At(535, 210), folder.right], both=True),
        ],
    )


def handshake() -> Picture:
    """How a channel with TLS on both sides is opened."""
    client = Box(5, 10, 152, 320, ["Your client"], title_on_top=True)
    armonik = Box(453, 10, 152, 320, ["ArmoniK"], title_on_top=True)
    first = Box(12, 108, 138, 82, ["Check", "signed by ca.pem?", "the host's name", "in it?"])
    second = Box(460, 208, 138, 82, ["Check", "signed by an", "authority that", "I know?"])
    steps = [
        (70, True, "Let us speak TLS."),
        (108, False, "This is my certificate."),
        (208, True, "This is mine, client.pem, and I have its key."),
        (308, True, "all calls, encrypted"),
    ]
    return Picture(
        "How a secure channel is opened",
        [
            "The client asks for TLS.",
            "ArmoniK shows its certificate. The client checks whether the authority in ca.pem has "
            "signed it, and whether the name of the host is in it.",
            "Then the client shows its own one, client.pem, and proves that it has the key.",
            "ArmoniK checks whether an authority that it knows has signed that one.",
            "After that, all calls are encrypted.",
        ],
        610,
        340,
        [
            *(client, armonik, first, second),
            *(
                Arrow([At(157, y), At(453, y)] if out else [At(453, y), At(157, y)], words)
                for y, out, words in steps
            ),
        ],
    )
