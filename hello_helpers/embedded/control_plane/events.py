"""The Events service: what happens in a session, as a stream without end.

A stream first opens its subscription and then shows what is there already, so nothing falls
between the two; a change may therefore be seen twice. That is how ArmoniK does it.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from typing import Any, TypeAlias

from armonik.protogen.client.events_service_pb2_grpc import EventsServicer
from armonik.protogen.common import events_common_pb2 as messages

from ..data_plane.feed import ANYTHING, Change, ChangeKind, Subscription
from ..data_plane.fields import RESULTS, TASKS, Fields
from ..data_plane.filters import EVERYTHING, Where, compile_filters, matching
from ..data_plane.plane import DataPlane
from ..interceptor import Context
from .service import Service

Response: TypeAlias = messages.EventSubscriptionResponse

BATCH = 500
"""Changes or rows that are looked up at once."""

_COLUMNS = {
    TASKS.table: "seq, task_id, status, payload_id, initial_task_id, expected_output_ids,"
    " data_dependencies, retry_of_ids, parent_task_ids",
    RESULTS.table: "seq, result_id, status, owner_task_id",
}
_KINDS = {
    messages.EVENTS_ENUM_NEW_TASK: ChangeKind.NEW_TASK,
    messages.EVENTS_ENUM_TASK_STATUS_UPDATE: ChangeKind.TASK_STATUS,
    messages.EVENTS_ENUM_NEW_RESULT: ChangeKind.NEW_RESULT,
    messages.EVENTS_ENUM_RESULT_STATUS_UPDATE: ChangeKind.RESULT_STATUS,
    messages.EVENTS_ENUM_RESULT_OWNER_UPDATE: ChangeKind.RESULT_OWNER,
}
_WORDS: dict[ChangeKind, Callable[[Change], dict[str, Any]]] = {
    ChangeKind.TASK_STATUS: lambda change: {
        "task_status_update": {"task_id": change.object_id, "status": change.status}
    },
    ChangeKind.RESULT_STATUS: lambda change: {
        "result_status_update": {"result_id": change.object_id, "status": change.status}
    },
    ChangeKind.RESULT_OWNER: lambda change: {
        "result_owner_update": {"result_id": change.object_id, "current_owner_id": change.owner}
    },
    ChangeKind.NEW_RESULT: lambda change: {
        "new_result": {
            "result_id": change.object_id,
            "owner_id": change.owner,
            "status": change.status,
        }
    },
}
"""What a response says of a change. (Of a new task it says what is in the task's row.)"""

_OF_TASKS = frozenset({ChangeKind.NEW_TASK, ChangeKind.TASK_STATUS})
_OF_RESULTS = frozenset(ChangeKind) - _OF_TASKS


class Events(Service, EventsServicer):  # type: ignore[misc]
    """Streams what happens to the tasks and results of a session."""

    async def GetEvents(
        self, request: messages.EventSubscriptionRequest, _: Context
    ) -> AsyncIterator[Response]:
        """Show what is there, then what changes, until the caller hangs up.

        An unknown session is not an error: it may be created later. A filter is about what a
        task or result is when it is told, not about what it was when it changed.
        """
        view = _View(self._plane, request)
        with view.subscribed() as subscription:
            async for response in view.snapshot():
                yield response
            async for response in view.follow(subscription):
                yield response


class _View:
    """What one subscriber wants to see of one session."""

    def __init__(self, plane: DataPlane, request: messages.EventSubscriptionRequest) -> None:
        self._plane = plane
        self._session_id = request.session_id
        self._kinds = {
            _KINDS[number] for number in request.returned_events or _KINDS if number in _KINDS
        }
        self._tasks = compile_filters(request.tasks_filters, TASKS)
        self._results = compile_filters(request.results_filters, RESULTS)
        self._task_ids, self._result_ids = self._tasks.ids(TASKS), self._results.ids(RESULTS)

    def subscribed(self) -> AbstractContextManager[Subscription]:
        """Listen to what this subscriber can be told of: to certain ids, if filters name them."""
        about: set[str] = set()
        for ids, kinds in ((self._task_ids, _OF_TASKS), (self._result_ids, _OF_RESULTS)):
            if not self._kinds.isdisjoint(kinds):
                about |= {ANYTHING} if ids is None else ids
        topics = [ANYTHING] if ANYTHING in about else about
        return self._plane.feed.subscribe(self._session_id, about=topics, kinds=self._kinds)

    async def snapshot(self) -> AsyncIterator[Response]:
        """Yield everything that exists, with its present status, as new: results first."""
        if ChangeKind.NEW_RESULT in self._kinds:
            async for row in self._existing(RESULTS, self._results):
                yield self._said(
                    new_result={
                        "result_id": row["result_id"],
                        "owner_id": row["owner_task_id"],
                        "status": row["status"],
                    }
                )
        if ChangeKind.NEW_TASK in self._kinds:
            async for row in self._existing(TASKS, self._tasks):
                yield self._said(new_task=_new_task(row, row["status"]))

    async def follow(self, subscription: Subscription) -> AsyncIterator[Response]:
        """Yield changes as they come; after a lag, the present status of everything."""
        while True:
            changes = await subscription.next_batch(BATCH)
            if not changes:
                async for response in self._catch_up():
                    yield response
            for response in self._responses(changes):
                yield response

    async def _catch_up(self) -> AsyncIterator[Response]:
        if self._kinds & _OF_RESULTS:
            async for row in self._existing(RESULTS, self._results):
                update = {"result_id": row["result_id"], "status": row["status"]}
                yield self._said(result_status_update=update)
        if self._kinds & _OF_TASKS:
            async for row in self._existing(TASKS, self._tasks):
                update = {"task_id": row["task_id"], "status": row["status"]}
                yield self._said(task_status_update=update)

    async def _existing(self, fields: Fields, where: Where) -> AsyncIterator[sqlite3.Row]:
        """Yield the session's matching rows, a batch at a time, in order of arrival.

        Where an index leads to them they are read at once: in a thread, each row would have to
        wait until the event loop lets go of the interpreter, and many streams may be opened.
        """
        database = self._plane.database
        named = where.ids(fields)
        is_quick = where.sql == EVERYTHING or (named is not None and len(named) <= BATCH)
        last = -1
        sql = (
            f"SELECT {_COLUMNS[fields.table]} FROM {fields.table}"
            f" WHERE session_id = ? AND seq > ? AND ({where.sql}) ORDER BY seq LIMIT {BATCH}"
        )
        while True:
            parameters = (self._session_id, last, *where.parameters)
            if is_quick:
                rows = database.rows(sql, parameters)
            else:
                rows = await database.read_rows(sql, parameters)
            for row in rows:
                yield row
            if len(rows) < BATCH:
                return
            last = rows[-1]["seq"]

    def _responses(self, changes: list[Change]) -> Iterator[Response]:
        """Yield the messages for those changes that pass the filters.

        To a filter on status or date, a status that has passed by already is not told.
        """
        tasks = {change.object_id for change in changes if change.kind in _OF_TASKS}
        results = {change.object_id for change in changes if change.kind not in _OF_TASKS}
        present = {
            **self._matching(TASKS, tasks, self._tasks),
            **self._matching(RESULTS, results, self._results),
        }
        for change in changes:
            if change.object_id not in present:
                continue
            where = self._tasks if change.kind in _OF_TASKS else self._results
            if where.passing and change.status not in (0, present[change.object_id]):
                continue
            if response := self._response(change):
                yield response

    def _matching(self, fields: Fields, ids: set[str], where: Where) -> Mapping[str, int]:
        """Return which of these match, with their status where that is of interest."""
        if where.sql == EVERYTHING:
            return dict.fromkeys(ids, 0)
        if (named := where.ids(fields)) is not None:
            return dict.fromkeys(ids & named, 0)
        return matching(self._plane.database, fields, ids, where) if ids else {}

    def _response(self, change: Change) -> Response | None:
        if change.kind is not ChangeKind.NEW_TASK:
            return self._said(**_WORDS[change.kind](change))
        task_id = change.object_id
        row = self._plane.database.row("SELECT * FROM task WHERE task_id = ?", (task_id,))
        return self._said(new_task=_new_task(row, change.status)) if row else None

    def _said(self, **what: Any) -> Response:
        return Response(session_id=self._session_id, **what)


def _new_task(row: sqlite3.Row, status: int) -> messages.EventSubscriptionResponse.NewTask:
    return Response.NewTask(
        task_id=row["task_id"],
        payload_id=row["payload_id"],
        origin_task_id=row["initial_task_id"],
        status=status,
        expected_output_keys=json.loads(row["expected_output_ids"]),
        data_dependencies=json.loads(row["data_dependencies"]),
        retry_of_ids=json.loads(row["retry_of_ids"]),
        parent_task_ids=json.loads(row["parent_task_ids"]),
    )
