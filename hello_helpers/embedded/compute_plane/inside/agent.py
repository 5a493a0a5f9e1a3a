"""The agent as the worker's code sees it: same methods and messages as the gRPC stub."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from armonik.protogen.common import agent_common_pb2 as messages

from .connection import AgentError, Connection

SMALL = 64 * 1024
"""Bytes up to which data travels in a frame; more goes through a file in the data folder."""

MUCH = 4 * 1024 * 1024
"""Bytes of small data that travel in one frame at most."""


class InsideAgent:
    """Stands where a worker has its ``AgentStub``, for the time of one task.

    Announced data stays here until the task is done; every other call goes to the pod, which
    answers it with the same code that serves workers over gRPC.
    """

    def __init__(self, connection: Connection, data: dict[str, bytes | str]) -> None:
        """Begin a task. ``data`` holds its inputs: bytes, or the path of a large one."""
        self.data = data
        self.produced: dict[str, bytes] = {}
        self.announced: dict[str, None] = {}
        self._connection = connection
        self._folder_made = False
        self._room = MUCH
        self._over = False

    def end(self) -> None:
        """End the task: nothing is accepted from here on."""
        self._over = True

    def produce(self, result_id: str, data: bytes) -> bool:
        """Keep the data of a result for the end of the task; False if it is too large."""
        self._check()
        if len(data) > SMALL or len(data) > self._room:
            self.produced.pop(result_id, None)
            return False
        self._room -= len(data)
        self.announced.pop(result_id, None)
        self.produced[result_id] = bytes(data)
        return True

    def _check(self) -> None:
        if self._over:
            raise AgentError("UNAVAILABLE", "No task is accepting request")

    def NotifyResultData(
        self, request: messages.NotifyResultDataRequest, **_: Any
    ) -> messages.NotifyResultDataResponse:
        """Note that the data of results lies in the data folder."""
        self._check()
        result_ids = [identifier.result_id for identifier in request.ids]
        for result_id in result_ids:
            self.announced[result_id] = None
            self.produced.pop(result_id, None)
        return messages.NotifyResultDataResponse(result_ids=result_ids)

    def CreateResultsMetaData(
        self, request: messages.CreateResultsMetaDataRequest, **_: Any
    ) -> messages.CreateResultsMetaDataResponse:
        """Have ids for results to come."""
        reply = self._call("CreateResultsMetaData", request)
        return messages.CreateResultsMetaDataResponse.FromString(reply)

    def CreateResults(
        self, request: messages.CreateResultsRequest, **_: Any
    ) -> messages.CreateResultsResponse:
        """Create results with their data."""
        return messages.CreateResultsResponse.FromString(self._call("CreateResults", request))

    def SubmitTasks(
        self, request: messages.SubmitTasksRequest, **_: Any
    ) -> messages.SubmitTasksResponse:
        """Submit subtasks."""
        return messages.SubmitTasksResponse.FromString(self._call("SubmitTasks", request))

    def GetResourceData(self, request: messages.DataRequest, **_: Any) -> messages.DataResponse:
        """Have the data of any completed result put into the data folder."""
        return messages.DataResponse.FromString(self._call("GetResourceData", request))

    def _call(self, method: str, request: Any) -> bytes:
        return self._connection.call(method, request.SerializeToString())

    def make_folder(self, folder: str) -> None:
        """Lay out the data folder as on a cluster: one file for the payload and each input."""
        if self._folder_made:
            return
        self._folder_made = True
        place = Path(folder)
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
        for result_id, data in self.data.items():
            if isinstance(data, bytes):
                (place / result_id).write_bytes(data)
            else:
                _copy(data, place / result_id)


def _copy(source: str, target: Path) -> None:
    import shutil  # rarely needed, and start-up time counts

    shutil.copyfile(source, target)
