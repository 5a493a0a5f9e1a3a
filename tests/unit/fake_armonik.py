"""A control plane that does what a test says: real gRPC, real messages, no scheduling at all.

It keeps what it is sent in dictionaries, which tests read and write. Results change by `complete`
and `abort`; who listens is told. What a stream of events does can be scripted, call by call.
"""

# The methods have the names and arguments of the .proto files.
# ruff: noqa: ARG001, ARG002, N802

from __future__ import annotations

import itertools
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import grpc
from armonik.common import ResultStatus, SessionStatus, TaskStatus
from armonik.protogen.client import (
    events_service_pb2_grpc,
    health_checks_service_pb2_grpc,
    partitions_service_pb2_grpc,
    results_service_pb2_grpc,
    sessions_service_pb2_grpc,
    tasks_service_pb2_grpc,
    versions_service_pb2_grpc,
)
from armonik.protogen.common import (
    events_common_pb2,
    health_checks_common_pb2,
    partitions_common_pb2,
    results_common_pb2,
    sessions_common_pb2,
    tasks_common_pb2,
    versions_common_pb2,
)

from hello_helpers.connect.origin import INSTANCE
from hello_helpers.messages import Payload, Result

Script = Callable[["FakeArmonik", Any, grpc.ServicerContext], Iterator[Any]]


class FakeArmonik:
    """Serves on a Unix socket; `start` and `stop` as often as you like, nothing is forgotten.

    Attributes:
        automatic: True: a submitted task is done at once, as the hello worker would.
        streams: what the next calls of GetEvents do, one after the other; then the usual.
        calls: names of all calls so far.
        instance: which embedded ArmoniK it is; "": none.
        errors: the code with which a call fails, by its name.
        open_streams: how many streams of events are served.
    """

    def __init__(self, folder: Path) -> None:
        self.url = f"unix://{folder}/fake.sock"
        self.automatic = True
        self.streams: list[Script] = []
        self.calls: list[str] = []
        self.instance = ""
        self.partitions = ["default"]
        self.health: dict[str, tuple[int, str]] = {"database": (1, "")}
        self.sessions: dict[str, Any] = {}
        self.results: dict[str, Any] = {}
        self.tasks: dict[str, Any] = {}
        self.data: dict[str, bytes] = {}
        self.errors: dict[str, str] = {}
        self.open_streams = 0
        self.changed = threading.Condition()
        self._ids = itertools.count(1)
        self._server: grpc.Server | None = None

    def start(self) -> None:
        self._server = grpc.server(ThreadPoolExecutor(16), interceptors=[_Recorder(self)])
        services = _Services(self)
        for add in (
            events_service_pb2_grpc.add_EventsServicer_to_server,
            health_checks_service_pb2_grpc.add_HealthChecksServiceServicer_to_server,
            partitions_service_pb2_grpc.add_PartitionsServicer_to_server,
            results_service_pb2_grpc.add_ResultsServicer_to_server,
            sessions_service_pb2_grpc.add_SessionsServicer_to_server,
            tasks_service_pb2_grpc.add_TasksServicer_to_server,
            versions_service_pb2_grpc.add_VersionsServicer_to_server,
        ):
            add(services, self._server)
        assert self._server.add_insecure_port(self.url)
        self._server.start()

    def replace(self, instance: str) -> None:
        """Stop it, and start another one in its place, which knows nothing."""
        self.stop()
        for known in (self.sessions, self.results, self.tasks, self.data):
            known.clear()
        self.instance = instance
        self.start()

    def stop(self) -> None:
        if self._server is not None:
            self._server.stop(0).wait()
            self._server = None

    def restart(self) -> None:
        self.stop()
        self.start()

    def new_id(self, kind: str) -> str:
        return f"{kind}-{next(self._ids)}"

    def add_session(self, status: SessionStatus = SessionStatus.RUNNING, **fields: Any) -> str:
        session_id = self.new_id("session")
        self.sessions[session_id] = sessions_common_pb2.SessionRaw(
            session_id=session_id, status=status, **fields
        )
        return session_id

    def add_result(
        self, status: ResultStatus = ResultStatus.CREATED, name: str = "result", owner: str = ""
    ) -> str:
        result_id = self.new_id("result")
        self.results[result_id] = results_common_pb2.ResultRaw(
            result_id=result_id, name=name, status=status, owner_task_id=owner
        )
        return result_id

    def add_task(self, status: TaskStatus, error: str = "", **fields: Any) -> str:
        task_id = self.new_id("task")
        task = tasks_common_pb2.TaskDetailed(id=task_id, status=status, **fields)
        task.output.success = not error
        task.output.error = error
        self.tasks[task_id] = task
        return task_id

    def complete(self, result_id: str, value: float = 45) -> None:
        self.data[result_id] = Result(value).serialize()
        self._change(result_id, ResultStatus.COMPLETED)

    def abort(self, result_id: str) -> None:
        self._change(result_id, ResultStatus.ABORTED)

    def _change(self, result_id: str, status: ResultStatus) -> None:
        with self.changed:
            self.results[result_id].status = status
            self.changed.notify_all()

    def wait_for_call(self, name: str, count: int = 1) -> None:
        """Return when `name` has been called `count` times."""
        with self.changed:
            assert self.changed.wait_for(lambda: self.calls.count(name) >= count, 10), self.calls

    def wait_until_no_stream_is_open(self) -> None:
        """Return when all clients have ended their streams of events."""
        with self.changed:
            assert self.changed.wait_for(lambda: not self.open_streams, 10)


class _Recorder(grpc.ServerInterceptor):
    """Writes calls down, and tells the instance with each answer."""

    def __init__(self, fake: FakeArmonik) -> None:
        self._fake = fake

    def intercept_service(self, continuation: Any, details: Any) -> Any:
        with self._fake.changed:
            self._fake.calls.append(details.method.rpartition("/")[2])
            self._fake.changed.notify_all()
        handler = continuation(details)
        for kind in ("unary_unary", "unary_stream", "stream_unary"):
            if self._fake.instance and getattr(handler, kind) is not None:
                handler = handler._replace(**{kind: self._telling(getattr(handler, kind))})
        return handler

    def _telling(self, method: Callable[..., Any]) -> Callable[..., Any]:
        def tell(request: Any, context: grpc.ServicerContext) -> Any:
            context.send_initial_metadata(((INSTANCE, self._fake.instance),))
            return method(request, context)

        return tell


class _Services(
    events_service_pb2_grpc.EventsServicer,
    health_checks_service_pb2_grpc.HealthChecksServiceServicer,
    partitions_service_pb2_grpc.PartitionsServicer,
    results_service_pb2_grpc.ResultsServicer,
    sessions_service_pb2_grpc.SessionsServicer,
    tasks_service_pb2_grpc.TasksServicer,
    versions_service_pb2_grpc.VersionsServicer,
):
    def __init__(self, fake: FakeArmonik) -> None:
        self._fake = fake

    # Events

    def GetEvents(self, request: Any, context: grpc.ServicerContext) -> Iterator[Any]:
        fake = self._fake
        with fake.changed:
            script = fake.streams.pop(0) if fake.streams else usual_stream
            fake.open_streams += 1
        try:
            yield from script(fake, request, context)
        finally:
            with fake.changed:
                fake.open_streams -= 1
                fake.changed.notify_all()

    # Results

    def CreateResults(self, request: Any, context: Any) -> Any:
        reply = results_common_pb2.CreateResultsResponse()
        for result in request.results:
            result_id = self._fake.add_result(ResultStatus.COMPLETED, result.name)
            self._fake.data[result_id] = result.data
            reply.results.append(self._fake.results[result_id])
        return reply

    def CreateResultsMetaData(self, request: Any, context: Any) -> Any:
        created = [self._fake.add_result(name=result.name) for result in request.results]
        return results_common_pb2.CreateResultsMetaDataResponse(
            results=[self._fake.results[result_id] for result_id in created]
        )

    def ListResults(self, request: Any, context: grpc.ServicerContext) -> Any:
        if code := self._fake.errors.get("ListResults"):
            context.abort(grpc.StatusCode[code], "not for you")
        wanted = wanted_ids(request.filters)
        found = [result for key, result in self._fake.results.items() if key in wanted]
        return results_common_pb2.ListResultsResponse(results=found, total=len(found))

    def GetResult(self, request: Any, context: grpc.ServicerContext) -> Any:
        found = _find(self._fake.results, request.result_id, "Result", context)
        return results_common_pb2.GetResultResponse(result=found)

    def DownloadResultData(self, request: Any, context: grpc.ServicerContext) -> Iterator[Any]:
        data = _find(self._fake.data, request.result_id, "Result data", context)
        yield results_common_pb2.DownloadResultDataResponse(data_chunk=data)

    # Sessions

    def CreateSession(self, request: Any, context: grpc.ServicerContext) -> Any:
        for partition in [*request.partition_ids, request.default_task_option.partition_id]:
            if partition and partition not in self._fake.partitions:
                context.abort(grpc.StatusCode.NOT_FOUND, "Partition was not found: no such one")
        session_id = self._fake.add_session(
            options=request.default_task_option, partition_ids=request.partition_ids
        )
        return sessions_common_pb2.CreateSessionReply(session_id=session_id)

    def GetSession(self, request: Any, context: grpc.ServicerContext) -> Any:
        found = _find(self._fake.sessions, request.session_id, "Session", context)
        return sessions_common_pb2.GetSessionResponse(session=found)

    def CloseSession(self, request: Any, context: grpc.ServicerContext) -> Any:
        session = _find(self._fake.sessions, request.session_id, "Session", context)
        session.status = SessionStatus.CLOSED
        return sessions_common_pb2.CloseSessionResponse(session=session)

    def CancelSession(self, request: Any, context: grpc.ServicerContext) -> Any:
        session = _find(self._fake.sessions, request.session_id, "Session", context)
        session.status = SessionStatus.CANCELLED
        return sessions_common_pb2.CancelSessionResponse(session=session)

    # Tasks

    def SubmitTasks(self, request: Any, context: grpc.ServicerContext) -> Any:
        reply = tasks_common_pb2.SubmitTasksResponse()
        session = _find(self._fake.sessions, request.session_id, "Session", context)
        if session.status != SessionStatus.RUNNING:
            context.abort(
                grpc.StatusCode.FAILED_PRECONDITION, "Submission for the session is closed"
            )
        for creation in request.task_creations:
            task_id = self._fake.add_task(
                TaskStatus.SUBMITTED,
                payload_id=creation.payload_id,
                expected_output_ids=creation.expected_output_keys,
                options=session.options,
            )
            reply.task_infos.add(
                task_id=task_id,
                payload_id=creation.payload_id,
                expected_output_ids=creation.expected_output_keys,
            )
            for result_id in creation.expected_output_keys:
                self._fake.results[result_id].owner_task_id = task_id
                if self._fake.automatic:
                    payload = Payload.deserialize(self._fake.data[creation.payload_id])
                    self._fake.complete(result_id, sum(payload.numbers))
        return reply

    def GetTask(self, request: Any, context: grpc.ServicerContext) -> Any:
        found = _find(self._fake.tasks, request.task_id, "Task", context)
        return tasks_common_pb2.GetTaskResponse(task=found)

    def CountTasksByStatus(self, request: Any, context: Any) -> Any:
        counts = Counter(task.status for task in self._fake.tasks.values())
        reply = tasks_common_pb2.CountTasksByStatusResponse()
        for status, count in counts.items():
            reply.status.add(status=status, count=count)
        return reply

    def ListTasks(self, request: Any, context: Any) -> Any:
        found = list(self._fake.tasks.values())
        page = found[request.page * request.page_size :][: request.page_size]
        tasks = [tasks_common_pb2.TaskSummary(id=task.id, status=task.status) for task in page]
        return tasks_common_pb2.ListTasksResponse(tasks=tasks, total=len(found))

    # Others

    def ListPartitions(self, request: Any, context: Any) -> Any:
        found = [partitions_common_pb2.PartitionRaw(id=name) for name in self._fake.partitions]
        return partitions_common_pb2.ListPartitionsResponse(partitions=found, total=len(found))

    def CheckHealth(self, request: Any, context: Any) -> Any:
        reply = health_checks_common_pb2.CheckHealthResponse()
        for name, (healthy, message) in self._fake.health.items():
            reply.services.add(name=name, healthy=healthy, message=message)
        return reply

    def ListVersions(self, request: Any, context: Any) -> Any:
        return versions_common_pb2.ListVersionsResponse(core="1.2.3", api="4.5.6")


def usual_stream(fake: FakeArmonik, request: Any, context: Any) -> Iterator[Any]:
    """What a sound ArmoniK does: tell what is there, then what changes, until the client goes."""
    wanted = wanted_ids(request.results_filters)
    told: dict[str, int] = {}
    while context.is_active():
        with fake.changed:
            keys = wanted or set(fake.results)  # no filter: everything
            known = {key: fake.results[key].status for key in keys if key in fake.results}
            news = {key: status for key, status in known.items() if told.get(key) != status}
            if not news:
                fake.changed.wait(0.05)
        for key, status in news.items():
            yield event(key, status, new=key not in told)
            told[key] = status


def event(result_id: str, status: int, *, new: bool = False) -> Any:
    """Return the message for one result."""
    reply = events_common_pb2.EventSubscriptionResponse()
    update = reply.new_result if new else reply.result_status_update
    update.result_id, update.status = result_id, status
    return reply


def deaf_stream(fake: FakeArmonik, request: Any, context: Any) -> Iterator[Any]:
    """Tell nothing at all, as a real ArmoniK at times, until the client goes."""
    gone = threading.Event()
    if context.add_callback(gone.set):
        gone.wait()
    return iter(())


def broken_stream(fake: FakeArmonik, request: Any, context: grpc.ServicerContext) -> Iterator[Any]:
    context.abort(grpc.StatusCode.UNAVAILABLE, "the line is cut")
    yield


def ended_stream(fake: FakeArmonik, request: Any, context: Any) -> Iterator[Any]:
    return iter(())


def forbidden_stream(fake: FakeArmonik, request: Any, context: Any) -> Iterator[Any]:
    context.abort(grpc.StatusCode.PERMISSION_DENIED, "not for you")
    yield


def wanted_ids(filters: Any) -> set[str]:
    """Return the ids of a filter `id == a or id == b ...`."""
    return {
        term.filter_string.value for both in getattr(filters, "or") for term in getattr(both, "and")
    }


def _find(table: dict[str, Any], key: str, what: str, context: grpc.ServicerContext) -> Any:
    if key not in table:
        context.abort(grpc.StatusCode.NOT_FOUND, f"{what} was not found")
    return table[key]
