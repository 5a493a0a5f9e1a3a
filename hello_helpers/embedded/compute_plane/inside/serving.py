"""The loop inside a Python worker: a task comes, ``ArmoniKWorker.Process`` runs it, it is done."""

from __future__ import annotations

import threading
import traceback
from functools import partial
from typing import Any

from armonik.protogen.common.objects_pb2 import Empty
from armonik.protogen.common.worker_common_pb2 import HealthCheckReply, ProcessReply, ProcessRequest
from armonik.worker import worker as library

from .connection import DONE, HEALTH, Connection, Frame
from .task import DataFolder, InsideTaskHandler


def serve(worker: Any, path: str) -> None:
    """Take tasks for an ``ArmoniKWorker`` until the pod closes the socket.

    As with ArmoniK's own server, tasks run one at a time, in a thread that is not the main one,
    and a question for the worker's health waits its turn behind them.
    """
    connection = Connection(path)

    def run() -> None:
        while frame := connection.tasks.get():
            try:
                answer = _health if frame.kind == HEALTH else _run
                connection.send(answer(worker, frame))
            except BaseException:  # `sys.exit()` in a task: gRPC's server does not answer, either
                traceback.print_exc()

    threading.Thread(target=run, name="armonik-tasks", daemon=True).start()
    connection.follow()


def _health(worker: Any, _: Frame) -> Frame:
    try:
        status = worker.HealthCheck(Empty(), None).status
    except Exception:
        traceback.print_exc()
        status = HealthCheckReply.UNKNOWN
    return Frame(HEALTH, {"status": status})


def _run(worker: Any, frame: Frame) -> Frame:
    """Run one task; return the frame that tells of its end."""
    request = ProcessRequest.FromString(frame.parts[0])
    inline = dict(zip(frame.values["data"], frame.parts[1:], strict=True))
    folder = DataFolder(request.data_folder, {**inline, **frame.values["files"]})
    library.TaskHandler = partial(InsideTaskHandler, folder)  # what `Process` makes
    reply: ProcessReply | None = None
    failure = ["INTERNAL", "Failed to serialize response!"]  # which is what gRPC makes of None
    try:
        reply = worker.Process(request, None)
    except Exception as error:  # not the function's: `Process` has failed at logging that
        failure = ["UNKNOWN", f"Exception calling application: {error}"]
    finally:
        announced, sent = folder.end()
    if reply is None:
        return Frame(DONE, {"token": request.communication_token, "failure": failure})
    values = {"token": request.communication_token, "announced": announced, "data": list(sent)}
    return Frame(DONE, values, [reply.SerializeToString(), *sent.values()])
