"""A lot of data up and down in chunks, against a plain file copy, and raw gRPC streams.

Everything is read from files and written to files of one folder, so of one disk. Nobody waits for
the disk: a copy is done when the operating system has it, and so is an upload.
"""

import filecmp
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import grpc
import psutil
from armonik.common import create_channel
from armonik.protogen.client.results_service_pb2_grpc import ResultsStub
from armonik.protogen.common import results_common_pb2 as results

from . import hello, raw
from .measuring import Contender, Race, Sample, seconds, tell
from .plan import OURS, Plan
from .private_socket import ID

UP, DOWN = "upload", "download"
CHUNK = 2 * 1024 * 1024
"""Bytes in one message: what GetServiceConfiguration of ArmoniK says."""

COPIES = 4
"""How often the data lies on the disk at most, and some to spare."""

Call = results.UploadResultDataRequest

Steps = Iterator[Callable[[], object]]
"""The upload and the download, to be timed one after the other."""


def fitting(wanted: float, folder: Path) -> int:
    """Return how many bytes to take: what is wanted, unless disk or memory are short of it.

    Args:
        wanted: gigabytes.
        folder: where they will lie; its pages count as memory, too.
    """
    room = min(shutil.disk_usage(folder).free, psutil.virtual_memory().available) // COPIES
    return max(1, min(round(wanted * 1e9), room))


def _ours(folder: Path, source: Path) -> Steps:
    with (
        hello.client(data=str(folder / "data")) as client,
        create_channel(client.armonik.endpoint) as channel,
    ):
        (result_id,) = client.announce(1)
        yield from _streams(channel, source, client.session_id, result_id)
    assert filecmp.cmp(source, folder / DOWN, shallow=False)


def _raw(_: Path, source: Path) -> Steps:
    size = ((raw.BYTES, str(source.stat().st_size)),)
    with raw.served() as address, grpc.insecure_channel(address) as channel:
        yield from _streams(channel, source, ID, ID, size)


def _copy(folder: Path, source: Path) -> Steps:
    yield lambda: shutil.copyfile(source, folder / UP)
    yield lambda: shutil.copyfile(folder / UP, folder / DOWN)


def _streams(
    channel: grpc.Channel,
    source: Path,
    session_id: str,
    result_id: str,
    metadata: tuple[tuple[str, str], ...] = (),
) -> Steps:
    stub = ResultsStub(channel)
    request = results.DownloadResultDataRequest(session_id=session_id, result_id=result_id)

    def down() -> None:
        call = stub.DownloadResultData(request, timeout=hello.LIMIT, metadata=metadata)
        with source.with_name(DOWN).open("wb", buffering=0) as file:
            for message in call:
                file.write(message.data_chunk)

    chunks = _upload(source, session_id, result_id)
    yield lambda: stub.UploadResultData(chunks, timeout=hello.LIMIT)
    yield down


def _upload(source: Path, session_id: str, result_id: str) -> Iterator[Any]:
    yield Call(id=Call.ResultIdentifier(session_id=session_id, result_id=result_id))
    with source.open("rb", buffering=0) as file:
        while chunk := file.read(CHUNK):
            yield Call(data_chunk=chunk)


def _source(folder: Path, size: int) -> Path:
    """Write a file of so many bytes that no file system can store as nothing."""
    path, pattern = folder / "source", bytes(range(256)) * (CHUNK // 256)
    with path.open("wb") as file:
        for start in range(0, size, CHUNK):
            file.write(pattern[: size - start])
    return path


def _measured(way: Callable[[Path, Path], Steps], size: int, rows: Sequence[str]) -> Sample:
    """Time the steps of a way to copy a file up and down, in a folder of its own."""
    with tempfile.TemporaryDirectory(prefix="armonik-") as name:
        folder = Path(name)
        took = [seconds(step) for step in way(folder, _source(folder, size))]
        assert (folder / DOWN).stat().st_size == size
    return Sample({row: [size / 1e6 / each] for row, each in zip(rows, took, strict=True)})


def races(plan: Plan) -> list[Race]:
    """Compare with a plain copy of the same file, and with streams that nobody keeps."""
    size = fitting(plan.gigabytes, Path(tempfile.gettempdir()))
    if size < round(plan.gigabytes * 1e9):
        tell(f"Disk or memory are short: {size / 1e9:.3g} GB instead of {plan.gigabytes:g}")
    rows = [f"{step} {size / 1e9:.3g} GB" for step in (UP, DOWN)]
    ways = {OURS: _ours, "file copy": _copy, "raw gRPC stream": _raw}
    contenders = [Contender(who, partial(_measured, way, size, rows)) for who, way in ways.items()]
    return [Race(dict.fromkeys(rows, "MB/s"), contenders, plan.fewer)]
