"""The loop inside a Python worker: a task comes, ``ArmoniKWorker.Process`` runs it, it is done."""

from __future__ import annotations

import os
import threading
import traceback
from typing import Any

from armonik.protogen.common.worker_common_pb2 import HealthCheckReply, ProcessReply, ProcessRequest

from .connection import DONE, HEALTH, HELLO, Connection, Frame
from .task import InsideAgent


def serve(worker: Any, path: str) -> None:
    """Take tasks for an ``ArmoniKWorker`` until the pod closes the socket.

    As with ArmoniK's own server, tasks run one at a time, in a thread that is not the main one,
    and a question for the worker's health waits its turn behind them.
    """
    connection = Connection(path)
    function = _Watched(worker.processing_function)
    worker.processing_function = function

    def run() -> None:
        try:
            while frame := connection.tasks.get():
                if frame.kind == HEALTH:
                    connection.send(Frame(HEALTH, {"status": _health(worker)}))
                else:
                    connection.send(_run(worker, connection, function, frame))
        except SystemExit as end:  # sys.exit() in a task ends the worker
            traceback.print_exc()
            os._exit(end.code if isinstance(end.code, int) else 1)

    threading.Thread(target=run, name="armonik-tasks", daemon=True).start()
    connection.send(Frame(HELLO))
    connection.follow()


def _health(worker: Any) -> int:
    try:
        return int(worker.health_check())
    except Exception:
        traceback.print_exc()
        return int(HealthCheckReply.UNKNOWN)


def _run(worker: Any, connection: Connection, function: _Watched, frame: Frame) -> Frame:
    """Run one task; return the frame that tells of its end."""
    request = ProcessRequest.FromString(frame.parts[0])
    inline = dict(zip(frame.values["data"], frame.parts[1:], strict=True))
    agent = worker._client = InsideAgent(connection, {**inline, **frame.values["files"]})
    function.error = ""
    reply: ProcessReply | None = None
    try:
        reply = worker.Process(request, None)
    except Exception as error:  # a worker class of its own, with another Process
        function.remember(error)
    agent.end()
    values = {
        "token": request.communication_token,
        "reply": reply is not None,
        "error": function.error,
        "data": list(agent.produced),
        "announced": list(agent.announced),
    }
    encoded = [reply.SerializeToString()] if reply is not None else []
    return Frame(DONE, values, [*encoded, *agent.produced.values()])


class _Watched:
    """The worker's function; remembers the exception that ``Process`` only logs."""

    def __init__(self, function: Any) -> None:
        self._function = function
        self.error = ""

    def __call__(self, task_handler: Any) -> Any:
        try:
            return self._function(task_handler)
        except Exception as error:
            self.remember(error)
            raise

    def remember(self, error: Exception) -> None:
        """Keep the text of an exception, without its traceback."""
        self.error = "".join(traceback.format_exception_only(type(error), error)).strip()
