"""ArmoniK's ``TaskHandler``, with small data at hand instead of in files.

The data folder still is what ArmoniK promises: whoever looks at `data_folder` finds it laid out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from armonik.protogen.common.worker_common_pb2 import ProcessRequest
from armonik.worker.taskhandler import TaskHandler

from .agent import InsideAgent


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
