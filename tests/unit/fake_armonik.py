"""A control plane that does what a test says: real gRPC, real messages, no scheduling at all.

It keeps what it is sent in dictionaries, which tests read and write. Results change by `complete`
and `abort`; who listens is told. What a stream of events does can be scripted, call by call.
"""

# The methods have the names and arguments of the .proto files.
# ruff: noqa: ARG001, ARG002, N802

import itertools
import re
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from importlib import import_module
from typing import Any

import grpc
from armonik.common import ResultStatus, SessionStatus, TaskStatus
from armonik.protogen.common.results_common_pb2 import ResultRaw
from armonik.protogen.common.sessions_common_pb2 import SessionRaw
from armonik.protogen.common.tasks_common_pb2 import TaskDetailed
from google.protobuf.message_factory import GetMessageClass

from hello_helpers.connect.origin import INSTANCE
from hello_helpers.messages import Payload, Result

from . import listeners

Fields = dict[str, Any]
"""The fields of an answer; {}: an answer that tells nothing."""

Script = Callable[["FakeArmonik", Any, grpc.ServicerContext], Iterator[Fields]]


class FakeArmonik(grpc.GenericRpcHandler):
    """Serves at its URL; `start` and `stop` as often as you like, nothing is forgotten.

    A method of a service is a method here, which a test may replace. It returns, or yields, the
    fields of its answer.

    Attributes:
        automatic: True: a submitted task is done at once, as the hello worker would.
        streams: what the next calls of GetEvents do, one after the other; then the usual.
        calls: names of all calls so far.
        instance: which embedded ArmoniK it is; "": none.
        errors: the code with which a call fails, by its name.
        open_streams: how many streams of events are served.
    """

    def __init__(self, url: str = "") -> None:
        self.url = url
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
        self._serving = ExitStack()

    def start(self) -> None:
        self._serving.enter_context(listeners.grpc_server(self, url=self.url))

    def replace(self, instance: str) -> None:
        """Stop it, and start another one in its place, which knows nothing."""
        self.stop()
        for known in (self.sessions, self.results, self.tasks, self.data):
            known.clear()
        self.instance = instance
        self.start()

    def stop(self) -> None:
        self._serving.close()

    def new_id(self, kind: str) -> str:
        return f"{kind}-{next(self._ids)}"

    def add_session(self, status: SessionStatus = SessionStatus.RUNNING, **fields: Any) -> str:
        session_id = self.new_id("session")
        self.sessions[session_id] = SessionRaw(session_id=session_id, status=status, **fields)
        return session_id

    def add_result(
        self, status: ResultStatus = ResultStatus.CREATED, name: str = "result", owner: str = ""
    ) -> str:
        result_id = self.new_id("result")
        self.results[result_id] = ResultRaw(
            result_id=result_id, name=name, status=status, owner_task_id=owner
        )
        return result_id

    def add_task(self, status: TaskStatus, error: str = "", **fields: Any) -> str:
        task_id = self.new_id("task")
        output = {"success": not error, "error": error}
        self.tasks[task_id] = TaskDetailed(id=task_id, status=status, output=output, **fields)
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

    # What gRPC asks for each call

    def service(self, call: Any) -> Any:
        """Write the call down, and return what serves it."""
        *_, package, service, name = re.split("[./]", call.method)
        with self.changed:
            self.calls.append(name)
            self.changed.notify_all()
        described = import_module(f"armonik.protogen.client.{package}_service_pb2").DESCRIPTOR
        known = described.services_by_name[service].methods_by_name[name]
        answer_class = GetMessageClass(known.output_type)

        def answer(request: Any, context: grpc.ServicerContext) -> Any:
            return answer_class(**self._fields(name, request, context))

        def answers(request: Any, context: grpc.ServicerContext) -> Iterator[Any]:
            for fields in self._fields(name, request, context):
                yield answer_class(**fields)

        how = {
            "request_deserializer": GetMessageClass(known.input_type).FromString,
            "response_serializer": answer_class.SerializeToString,
        }
        if known.server_streaming:
            return grpc.unary_stream_rpc_method_handler(answers, **how)
        return grpc.unary_unary_rpc_method_handler(answer, **how)

    def _fields(self, name: str, request: Any, context: grpc.ServicerContext) -> Any:
        """Tell the instance with the answer, or the error that the test wants."""
        if self.instance:
            context.set_trailing_metadata(((INSTANCE, self.instance),))
        if code := self.errors.get(name):
            context.abort(grpc.StatusCode[code], "not for you")
        return getattr(self, name)(request, context)

    # Events

    def GetEvents(self, request: Any, context: grpc.ServicerContext) -> Iterator[Fields]:
        with self.changed:
            script = self.streams.pop(0) if self.streams else usual_stream
            self.open_streams += 1
        try:
            yield from script(self, request, context)
        finally:
            with self.changed:
                self.open_streams -= 1
                self.changed.notify_all()

    # Results

    def CreateResults(self, request: Any, context: Any) -> Fields:
        created = []
        for result in request.results:
            result_id = self.add_result(ResultStatus.COMPLETED, result.name)
            self.data[result_id] = result.data
            created.append(self.results[result_id])
        return {"results": created}

    def CreateResultsMetaData(self, request: Any, context: Any) -> Fields:
        created = [self.add_result(name=result.name) for result in request.results]
        return {"results": [self.results[result_id] for result_id in created]}

    def ListResults(self, request: Any, context: Any) -> Fields:
        wanted = wanted_ids(request.filters)
        found = [result for key, result in self.results.items() if key in wanted]
        return {"results": found, "total": len(found)}

    def GetResult(self, request: Any, context: grpc.ServicerContext) -> Fields:
        return {"result": _find(self.results, request.result_id, "Result", context)}

    def DownloadResultData(self, request: Any, context: grpc.ServicerContext) -> Iterator[Fields]:
        yield {"data_chunk": _find(self.data, request.result_id, "Result data", context)}

    # Sessions

    def CreateSession(self, request: Any, context: grpc.ServicerContext) -> Fields:
        for partition in [*request.partition_ids, request.default_task_option.partition_id]:
            if partition and partition not in self.partitions:
                context.abort(grpc.StatusCode.NOT_FOUND, "Partition was not found: no such one")
        session_id = self.add_session(
            options=request.default_task_option, partition_ids=request.partition_ids
        )
        return {"session_id": session_id}

    def ListSessions(self, request: Any, context: Any) -> Fields:
        newest = list(self.sessions.values())[-1:]
        return {"sessions": newest, "total": len(newest)}

    def GetSession(self, request: Any, context: grpc.ServicerContext) -> Fields:
        return {"session": _find(self.sessions, request.session_id, "Session", context)}

    def CloseSession(self, request: Any, context: grpc.ServicerContext) -> Fields:
        answer = self.GetSession(request, context)
        answer["session"].status = SessionStatus.CLOSED
        return answer

    def CancelSession(self, request: Any, context: grpc.ServicerContext) -> Fields:
        answer = self.GetSession(request, context)
        answer["session"].status = SessionStatus.CANCELLED
        return answer

    # Tasks

    def SubmitTasks(self, request: Any, context: grpc.ServicerContext) -> Fields:
        session = _find(self.sessions, request.session_id, "Session", context)
        if session.status != SessionStatus.RUNNING:
            context.abort(
                grpc.StatusCode.FAILED_PRECONDITION, "Submission for the session is closed"
            )
        submitted = []
        for creation in request.task_creations:
            known = {
                "payload_id": creation.payload_id,
                "expected_output_ids": creation.expected_output_keys,
            }
            task_id = self.add_task(TaskStatus.SUBMITTED, options=session.options, **known)
            submitted.append({"task_id": task_id, **known})
            for result_id in creation.expected_output_keys:
                self.results[result_id].owner_task_id = task_id
                if self.automatic:
                    payload = Payload.deserialize(self.data[creation.payload_id])
                    self.complete(result_id, sum(payload.numbers))
        return {"task_infos": submitted}

    def GetTask(self, request: Any, context: grpc.ServicerContext) -> Fields:
        return {"task": _find(self.tasks, request.task_id, "Task", context)}

    def CountTasksByStatus(self, request: Any, context: Any) -> Fields:
        counts = Counter(task.status for task in self.tasks.values())
        return {"status": [{"status": status, "count": counts[status]} for status in counts]}

    def ListTasks(self, request: Any, context: Any) -> Fields:
        found = [{"id": task.id, "status": task.status} for task in self.tasks.values()]
        page = found[request.page * request.page_size :][: request.page_size]
        return {"tasks": page, "total": len(found)}

    # Others

    def ListPartitions(self, request: Any, context: Any) -> Fields:
        found = [{"id": name} for name in self.partitions]
        return {"partitions": found, "total": len(found)}

    def CheckHealth(self, request: Any, context: Any) -> Fields:
        return {
            "services": [
                {"name": name, "healthy": healthy, "message": message}
                for name, (healthy, message) in self.health.items()
            ]
        }

    def ListVersions(self, request: Any, context: Any) -> Fields:
        return {"core": "1.2.3", "api": "4.5.6"}


def usual_stream(fake: FakeArmonik, request: Any, context: Any) -> Iterator[Fields]:
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


def event(result_id: str, status: int, *, new: bool = False) -> Fields:
    """Return what is told of one result."""
    kind = "new_result" if new else "result_status_update"
    return {kind: {"result_id": result_id, "status": status}}


def deaf_stream(fake: FakeArmonik, request: Any, context: Any) -> Iterator[Fields]:
    """Tell nothing at all, as a real ArmoniK at times, until the client goes."""
    listeners.wait_until_gone(context)
    return iter(())


def broken_stream(
    fake: FakeArmonik, request: Any, context: grpc.ServicerContext
) -> Iterator[Fields]:
    context.abort(grpc.StatusCode.UNAVAILABLE, "the line is cut")
    yield


def ended_stream(fake: FakeArmonik, request: Any, context: Any) -> Iterator[Fields]:
    return iter(())


def wanted_ids(filters: Any) -> set[str]:
    """Return the ids of a filter `id == a or id == b ...`."""
    return {
        term.filter_string.value for both in getattr(filters, "or") for term in getattr(both, "and")
    }


def _find(table: dict[str, Any], key: str, what: str, context: grpc.ServicerContext) -> Any:
    if key not in table:
        context.abort(grpc.StatusCode.NOT_FOUND, f"{what} was not found")
    return table[key]
