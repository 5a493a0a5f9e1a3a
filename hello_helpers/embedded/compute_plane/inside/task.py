"""ArmoniK's ``TaskHandler`` as the worker's code sees it: small data is at hand, without files.

The data folder still is what ArmoniK promises: whoever looks at `data_folder` finds it laid out,
and from then on everything goes through it, in the library's own way. So does whatever is not
plainly the usual: only bytes under the id of a result are kept back.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from armonik.protogen.common.worker_common_pb2 import ProcessRequest
from armonik.worker.taskhandler import LazyLoadDict, TaskHandler

SMALL = 64 * 1024
"""Bytes up to which data travels in a frame; more goes through a file in the data folder."""

ROOM = 4 * 1024 * 1024
"""Bytes of data and ids that travel in one frame at most."""

RESULT_ID = re.compile(r"[0-9a-f-]{36}", re.ASCII)
"""An id as ArmoniK makes them. Any other may be no name for a file, as the library will find."""


class DataFolder:
    """The data folder of one task, made when somebody looks at it; until then data is at hand."""

    def __init__(self, path: str, inputs: Mapping[str, bytes | str]) -> None:
        """Begin a task. ``inputs`` holds its data: bytes, or the path of what is large."""
        self._path = path
        self._inputs = inputs
        self._sent: dict[str, bytes] = {}
        self._room = ROOM
        self._is_made = False
        self._lock = threading.Lock()  # a task may have threads

    def input(self, result_id: str) -> bytes | None:
        """Return the data of payload or dependency; None once it is to be read in the folder."""
        if self._is_made:
            return None
        data = self._inputs[result_id]
        return data if isinstance(data, bytes) else Path(data).read_bytes()

    def keep(self, results: Any) -> bool:
        """Keep the data of results for the end of the task; False if it is to go in files."""
        if type(results) is not dict or not all(_is_plain(*item) for item in results.items()):
            return False
        with self._lock:
            self._room -= sum(len(result_id) + len(data) for result_id, data in results.items())
            if self._is_made or self._room < 0:
                return False
            self._sent.update((result_id, bytes(data)) for result_id, data in results.items())
        return True

    def make(self) -> None:
        """Lay out what the task was given, and what it has sent so far: each in a file."""
        with self._lock:
            if self._is_made:
                return
            self._is_made = True
            folder = Path(self._path)
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            for result_id, data in {**self._inputs, **self._sent}.items():
                if isinstance(data, bytes):
                    (folder / result_id).write_bytes(data)
                else:
                    _copy(data, folder / result_id)

    def end(self) -> tuple[list[str], dict[str, bytes]]:
        """End the task: nothing is kept from here on.

        Returns:
            The ids of results that were kept and are files by now, and the data of all others.
        """
        with self._lock:
            was_made, self._is_made = self._is_made, True
            return (list(self._sent), {}) if was_made else ([], self._sent)


def _is_plain(result_id: Any, data: Any) -> bool:
    return (
        type(result_id) is str
        and RESULT_ID.fullmatch(result_id) is not None
        and type(data) in (bytes, bytearray)
        and len(data) <= SMALL
    )


def _copy(source: str, target: Path) -> None:
    import shutil  # rarely needed, and start-up time counts

    shutil.copyfile(source, target)


class InsideTaskHandler(TaskHandler):  # type: ignore[misc]
    """What the worker's function gets."""

    def __init__(self, folder: DataFolder, request: ProcessRequest, agent_client: Any) -> None:
        self._inside: DataFolder | None = None  # the library may name the folder, not look at it
        self._payload: bytes | None
        super().__init__(request, agent_client)
        self._own_token = self.token
        self._inside = folder
        ids = list(request.data_dependencies)
        self.data_dependencies = _Dependencies(self._path, ids, folder)

    @property
    def data_folder(self) -> str:
        """The folder with payload and inputs; it is made when somebody asks for it."""
        if self._inside:
            self._inside.make()
        return self._path

    @data_folder.setter
    def data_folder(self, folder: str) -> None:
        if self._inside:
            self._inside.make()
        self._path = folder

    @property
    def payload(self) -> bytes:
        """The data of the payload."""
        if self._payload is None and self._inside:
            self._payload = self._inside.input(self.payload_id)
        data: bytes = super().payload
        return data

    def send_results(self, results_data: dict[str, Any]) -> None:
        """Send the data of results."""
        plain = self._inside and self.token == self._own_token
        if not (plain and self._inside.keep(results_data)):  # type: ignore[union-attr]
            super().send_results(results_data)

    def get_resource_data(self, result_id: str) -> bytes:
        """Have the agent put the data of any completed result into the data folder; read it."""
        _ = self.data_folder  # laid out before, or it would be laid out over what the agent brings
        data: bytes = super().get_resource_data(result_id)
        return data


# Python's error about a misspelt method names the class: as everywhere else, TaskHandler.
InsideTaskHandler.__name__ = TaskHandler.__name__


class _Dependencies(LazyLoadDict):  # type: ignore[misc]
    """The data of a task's dependencies by result id, read when asked for."""

    def __init__(self, path: str, ids: list[str], folder: DataFolder) -> None:
        super().__init__(path, ids)
        self._folder = folder

    def __getitem__(self, result_id: str) -> bytes:
        if self._data.get(result_id, b"") is None:
            self._data[result_id] = self._folder.input(result_id)
        data: bytes = super().__getitem__(result_id)
        return data
