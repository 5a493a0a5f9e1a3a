"""ArmoniK's ``TaskHandler`` and the agent as the worker's code sees them: small data is at hand.

The data folder still is what ArmoniK promises: whoever looks at `data_folder` finds it laid out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from armonik.protogen.common import agent_common_pb2 as messages
from armonik.protogen.common.worker_common_pb2 import ProcessRequest
from armonik.worker.taskhandler import TaskHandler

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


class Inputs(Mapping[str, bytes]):
    """The data of a task's dependencies by result id, read when asked for."""

    def __init__(self, ids: list[str], data: Mapping[str, bytes | str]) -> None:
        self._ids = dict.fromkeys(ids)
        self._data = data

    def __getitem__(self, result_id: str) -> bytes:
        if result_id not in self._ids:
            raise KeyError(result_id)
        return read(self._data[result_id])

    def __iter__(self) -> Iterator[str]:
        return iter(self._ids)

    def __len__(self) -> int:
        return len(self._ids)


def read(data: bytes | str) -> bytes:
    """Return data that is at hand, or lies in a file."""
    return data if isinstance(data, bytes) else Path(data).read_bytes()


class InsideTaskHandler(TaskHandler):  # type: ignore[misc]
    """What the worker's function gets."""

    def __init__(self, request: ProcessRequest, agent_client: InsideAgent) -> None:
        self._agent = agent_client
        self._folder = ""
        self._watched = False
        super().__init__(request, agent_client)
        self._watched = True
        self.data_dependencies = Inputs(list(request.data_dependencies), agent_client.data)

    @property
    def data_folder(self) -> str:
        """The folder with payload and inputs; it is made when somebody asks for it."""
        if self._watched:
            self._agent.make_folder(self._folder)
        return self._folder

    @data_folder.setter
    def data_folder(self, folder: str) -> None:
        self._folder = folder

    @property
    def payload(self) -> bytes:
        """The data of the payload."""
        return read(self._agent.data[self.payload_id])

    def send_results(self, results_data: dict[str, Any]) -> None:
        """Send the data of results."""
        large = {}
        for result_id, data in results_data.items():
            result_id.encode()  # raises, as a file of that name would, if no encoding knows it
            if not isinstance(data, bytes | bytearray | memoryview):
                raise TypeError(f"a bytes-like object is required, not {type(data).__name__!r}")
            if not self._agent.produce(result_id, data):  # type: ignore[arg-type]
                large[result_id] = data
        if large:
            super().send_results(large)
