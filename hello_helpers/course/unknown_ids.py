"""What there is instead of an id that ArmoniK does not know: its owner has mixed something up."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, is_dataclass
from typing import Any

import grpc
from armonik.client import ArmoniKResults, ArmoniKSessions, ArmoniKTasks
from armonik.common import Direction, Result, ResultStatus, Task, TaskStatus

from hello_helpers.connect.deadline import with_deadline
from hello_helpers.course.mistakes import Call, kind_of_id

SECONDS = 2.0
"""How long ArmoniK may take to tell."""

SHOWN = 3
"""So many ids are told, the newest first."""

LOOKED_AT = 100
"""So many results are looked at for a name."""


def instead(told: str, call: Call, names: dict[str, Any]) -> list[str]:
    """Return, in sentences, what the id is if it is something else, or which ones there are.

    Args:
        told: ArmoniK's answer.
        call: that was made.
        names: of the notebook.
    """
    kind = next((each for each in ("session", "task", "result") if each in told.lower()), "")
    if kind == "session":
        held = [name for name, value in names.items() if _is_id(name, value, "session")]
        return [f"These hold ids of sessions: {', '.join(held)}."] if held else []
    channel = call.arguments.get("channel", names.get("channel"))
    if not kind or not isinstance(channel, grpc.Channel):
        return []
    with contextlib.suppress(grpc.RpcError, ValueError):  # ValueError: the channel is closed
        channel = with_deadline(channel, SECONDS)
        keys = _suspects(told, call, kind)
        session_id = call.arguments.get("session_id", names.get("session_id", ""))
        found = next(filter(None, (_other(channel, key, kind) for key in keys)), "")
        return [found or _those(channel, keys, kind, session_id)]
    return []


def _is_id(name: str, value: object, kind: str) -> bool:
    return isinstance(value, str) and not name.startswith("_") and kind_of_id(name) == kind


def _suspects(told: str, call: Call, kind: str) -> list[str]:
    """Return the ids that may be meant: they stand in the answer, or where such ids belong."""
    own = [value for name, value in call.arguments.items() if kind_of_id(name) == kind]
    return [text for text in _texts(call.arguments) if text in told] or [*_texts(own)][:SHOWN]


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield from [value] if value else []
    elif isinstance(value, Mapping):
        yield from _texts([*value, *value.values()])
    elif is_dataclass(value) and not isinstance(value, type):
        yield from _texts(asdict(value))
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _texts(each)


def _other(channel: grpc.Channel, key: str, kind: str) -> str:
    """Return what the id is of, if ArmoniK knows it all the same; "" if it does not."""
    get_result = ArmoniKResults(channel).get_result
    getters = {"task": ArmoniKTasks(channel).get_task, "result": get_result}
    getters["session"] = ArmoniKSessions(channel).get_session
    for other, get in getters.items():
        with contextlib.suppress(grpc.RpcError):
            found = get(key)
            if other != kind:
                return f"This is the id of a {other}, and not of a {kind}."
            if kind == "result" and found.status != ResultStatus.COMPLETED:
                status = ResultStatus(found.status).name
                return f"This result is there, and has no data: it is {status}."
    return ""


def _those(channel: grpc.Channel, keys: Sequence[str], kind: str, session_id: str) -> str:
    """Return the ids of the session; or the one that is meant, if it is called by its name."""
    newest: dict[str, Any] = {"sort_direction": Direction.DESC, "page_size": LOOKED_AT}
    if kind == "task":
        _, tasks = ArmoniKTasks(channel).list_tasks(
            Task.session_id == session_id, sort_field=Task.created_at, **newest
        )
        shown = [f"{task.id} ({TaskStatus(task.status).name})" for task in tasks]
        return _sentence("tasks", shown)
    _, results = ArmoniKResults(channel).list_results(
        Result.session_id == session_id, sort_field=Result.created_at, **newest
    )
    for result in results:
        if result.name in keys:
            return f"{result.name!r} is the name of a result; its id is {result.result_id}."
    shown = [f"{one.result_id} ({one.name}, {ResultStatus(one.status).name})" for one in results]
    return _sentence("results", shown)


def _sentence(what: str, shown: Iterable[str]) -> str:
    some = [*shown][:SHOWN]
    first = f"The last {what} of your session are" if some else f"Your session has no {what}."
    return f"{first}: {', '.join(some)}." if some else first
