"""Why does a result not come? From facts to a likely cause and a remedy. A pure function.

ArmoniK says little by itself: a task whose partition has no pod waits for ever, without an error.
"""

from __future__ import annotations

from dataclasses import dataclass

from hello_helpers.errors import EndedError


@dataclass(frozen=True)
class Facts:
    """What is known. Statuses are ArmoniK's names; "" means that there is no such thing.

    Attributes:
        ended: an error that says so if the embedded ArmoniK that was used has ended.
        unreachable: why ArmoniK does not answer; "" if it does.
        session_status: of the session.
        result_name: of the result that is waited for.
        result_status: of it.
        task_status: of the task that shall produce it.
        task_error: what the task says went wrong.
        running_seconds: since the task was started; 0 if it was not.
        max_seconds: how long the task may run.
        missing_inputs: the payload and the data dependencies that are not there, with status.
        partition: where the task shall run.
        partitions: those that exist.
        complaints: of the parts of ArmoniK that do not feel well.
    """

    ended: EndedError | None = None
    unreachable: str = ""
    session_status: str = ""
    result_name: str = ""
    result_status: str = ""
    task_status: str = ""
    task_error: str = ""
    running_seconds: float = 0.0
    max_seconds: float = 0.0
    missing_inputs: tuple[str, ...] = ()
    partition: str = ""
    partitions: tuple[str, ...] = ()
    complaints: tuple[str, ...] = ()


@dataclass(frozen=True)
class Diagnosis:
    """What is probably wrong, and what to do, one or two sentences each."""

    cause: str
    remedy: str = ""


def diagnose(facts: Facts) -> Diagnosis:
    """Return the first explanation that fits, from the outside inwards: endpoint to task."""
    if facts.ended is not None:
        return Diagnosis(facts.ended.message, facts.ended.hint)
    if facts.unreachable:
        return Diagnosis(
            f"ArmoniK does not answer ({facts.unreachable}).",
            "Check that it runs, and open the channel again; endpoint.check() says more.",
        )
    return _of_result(facts) or _of_end(facts) or _of_session(facts) or _of_task(facts)


def _of_result(facts: Facts) -> Diagnosis | None:
    by_status = {
        "": Diagnosis(
            "ArmoniK knows no such result.",
            "Check the result id; perhaps it belongs to another ArmoniK.",
        ),
        "COMPLETED": Diagnosis("It has come just now.", "Download it."),
        "DELETED": Diagnosis("Its data was deleted.", "Submit the task again, for a new result."),
    }
    return by_status.get(facts.result_status)


def _of_end(facts: Facts) -> Diagnosis | None:
    """Explain a task that has ended, and a result that was given up."""
    match facts.task_status:
        case "ERROR":
            return Diagnosis(
                f"The task failed: {facts.task_error or 'it does not say why'}",
                "Mend the cause and submit it again, for a new result.",
            )
        case "TIMEOUT":
            return Diagnosis(
                f"The task was stopped: it ran longer than its max_duration of "
                f"{facts.max_seconds:g} seconds.",
                "Submit it again with a larger max_duration, or as several smaller tasks.",
            )
        case "COMPLETED":
            return Diagnosis(
                "The task has ended well, but it never sent this result.",
                "The worker must call send_results for each of its expected outputs.",
            )
        case "CANCELLED" | "CANCELLING" if facts.session_status == "RUNNING":
            return Diagnosis("The task was cancelled.", "Submit it again, for a new result.")
    if facts.result_status == "ABORTED" and facts.session_status == "RUNNING":
        return Diagnosis("The result was aborted.", "Submit the task again, for a new result.")
    return None


def _of_session(facts: Facts) -> Diagnosis | None:
    if facts.session_status in ("PAUSED", "CLOSED") and facts.task_status == "PROCESSING":
        return None  # what runs goes on
    by_status = {
        "": Diagnosis("ArmoniK knows no such session.", "Create a new session."),
        "PAUSED": Diagnosis(
            "The session is paused, so its tasks are not started.",
            "Resume it: ArmoniKSessions(channel).resume_session(session_id).",
        ),
        "CLOSED": Diagnosis(
            "The session was closed, and a closed session starts no task that still waits.",
            "Create a new session, and close it when the results are there.",
        ),
        "CANCELLED": Diagnosis("The session was cancelled.", "Create a new session."),
        "PURGED": Diagnosis("The session was purged.", "Create a new session."),
    }
    return by_status.get(facts.session_status)


def _of_task(facts: Facts) -> Diagnosis:
    """Explain a task that has not ended."""
    match facts.task_status:
        case "":
            return Diagnosis(
                "No task makes this result: none was submitted with it as expected output.",
                "Submit one: TaskDefinition(payload_id=..., expected_output_ids=[result_id]).",
            )
        case "CREATING" | "PENDING" if facts.missing_inputs:
            return Diagnosis(
                f"The task waits for its input: {', '.join(facts.missing_inputs)}.",
                "Upload the data, or see why the task that makes it does not.",
            )
        case "SUBMITTED" | "DISPATCHED":
            return _of_queue(facts)
        case "PROCESSING":
            return Diagnosis(
                f"The task is running, for {facts.running_seconds:.0f} seconds by now; "
                f"it may take {facts.max_seconds:g}.",
                "Wait longer, with a larger timeout. Or the function never ends: see its log.",
            )
    return Diagnosis(
        f"Nothing is wrong as far as can be seen; the task is {facts.task_status}.",
        "Wait longer, with a larger timeout.",
    )


def _of_queue(facts: Facts) -> Diagnosis:
    """Explain a task that is ready, and that no worker has."""
    if facts.partitions and facts.partition not in facts.partitions:
        return Diagnosis(
            f"The task waits in the partition {facts.partition!r}, which does not exist.",
            f"Use one that does: {', '.join(facts.partitions)}.",
        )
    if facts.complaints:
        return Diagnosis(
            f"The task waits in the partition {facts.partition!r}, and no pod takes it. "
            f"ArmoniK complains: {'; '.join(facts.complaints)}.",
            "Mend that first.",
        )
    return Diagnosis(
        f"The task waits in the partition {facts.partition!r}, and no pod takes it.",
        "Its pods are busy with other tasks, or it has none. Wait longer, or ask who runs them.",
    )
