"""A lot of data up and down in chunks, against a plain file copy, and raw gRPC streams.

Everything is read from files and written to files of one folder, so of one disk. Nobody waits for
the disk: a copy is done when the operating system has it, and so is an upload.
"""

from __future__ import annotations

import filecmp
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import grpc
import psutil
from armonik.common import create_channel
from armonik.protogen.client.results_service_pb2_grpc import ResultsStub
from armonik.protogen.common import results_common_pb2 as results

from .. import hello, raw
from ..measuring import Contender, Race, Sample, seconds, tell
from ..plan import OURS, Plan
from ..private_socket import ID

UP, DOWN = "upload", "download"
CHUNK = 2 * 1024 * 1024
"""Bytes in one message: what GetServiceConfiguration of ArmoniK says."""

COPIES = 4
"""How often the data lies on the disk at most, and some to spare."""

Call = results.UploadResultDataRequest


def fitting(wanted: float, folder: Path) -> int:
    """Return how many bytes to take: what is wanted, unless disk or memory are short of it.

    Args:
        wanted: gigabytes.
        folder: where they will lie; its pages count as memory, too.
    """
    room = min(shutil.disk_usage(folder).free, psutil.virtual_memory().available) // COPIES
    return max(1, min(round(wanted * 1e9), room))


def _ours(size: int) -> Sample:
    with tempfile.TemporaryDirectory(prefix="armonik-") as name:
        folder = Path(name)
        source = _source(folder, size)
        with (
            hello.client(data=str(folder / "data")) as (armonik, client),
            create_channel(armonik.endpoint) as channel,
        ):
            (result_id,) = client.announce(1)
            sample = _streams(channel, folder, source, (client.session_id, result_id), ())
        assert filecmp.cmp(source, folder / DOWN, shallow=False)
    return sample


def _raw(size: int) -> Sample:
    with tempfile.TemporaryDirectory(prefix="armonik-") as name:
        folder = Path(name)
        source = _source(folder, size)
        with raw.served() as address, grpc.insecure_channel(address) as channel:
            return _streams(channel, folder, source, (ID, ID), ((raw.BYTES, str(size)),))


def _copy(size: int) -> Sample:
    with tempfile.TemporaryDirectory(prefix="armonik-") as name:
        source = _source(Path(name), size)
        return _sample(
            size,
            lambda: shutil.copyfile(source, source.with_name(UP)),
            lambda: shutil.copyfile(source.with_name(UP), source.with_name(DOWN)),
        )


def _streams(
    channel: grpc.Channel,
    folder: Path,
    source: Path,
    ids: tuple[str, str],
    metadata: tuple[tuple[str, str], ...],
) -> Sample:
    stub, (session_id, result_id) = ResultsStub(channel), ids
    request = results.DownloadResultDataRequest(session_id=session_id, result_id=result_id)
    target = folder / DOWN

    def up() -> None:
        stub.UploadResultData(_upload(source, session_id, result_id), timeout=hello.LIMIT)

    def down() -> None:
        call = stub.DownloadResultData(request, timeout=hello.LIMIT, metadata=metadata)
        _save(call, target)

    size = source.stat().st_size
    sample = _sample(size, up, down)
    assert target.stat().st_size == size
    return sample


def _upload(source: Path, session_id: str, result_id: str) -> Iterator[Any]:
    yield Call(id=Call.ResultIdentifier(session_id=session_id, result_id=result_id))
    with source.open("rb", buffering=0) as file:
        while chunk := file.read(CHUNK):
            yield Call(data_chunk=chunk)


def _save(call: Iterable[Any], target: Path) -> None:
    with target.open("wb", buffering=0) as file:
        for message in call:
            file.write(message.data_chunk)


def _source(folder: Path, size: int) -> Path:
    """Write a file of so many bytes that no file system can store as nothing."""
    path, pattern = folder / "source", bytes(range(256)) * (CHUNK // 256)
    with path.open("wb") as file:
        for start in range(0, size, CHUNK):
            file.write(pattern[: size - start])
    return path


def _sample(size: int, up: Callable[[], object], down: Callable[[], object]) -> Sample:
    megabytes = size / 1e6
    return Sample({UP: [megabytes / seconds(up)], DOWN: [megabytes / seconds(down)]})


def races(plan: Plan) -> list[Race]:
    """Compare with a plain copy of the same file, and with streams that nobody keeps."""
    size = fitting(plan.gigabytes, Path(tempfile.gettempdir()))
    if size < round(plan.gigabytes * 1e9):
        tell(f"Disk or memory are short: {size / 1e9:.3g} GB instead of {plan.gigabytes:g}")
    up, down = f"{UP} {size / 1e9:.3g} GB", f"{DOWN} {size / 1e9:.3g} GB"

    def named(measure: Callable[[int], Sample]) -> Sample:
        sample = measure(size)
        return Sample({up: sample.values[UP], down: sample.values[DOWN]})

    contenders = [
        Contender(OURS, partial(named, _ours)),
        Contender("file copy", partial(named, _copy)),
        Contender("raw gRPC stream", partial(named, _raw)),
    ]
    return [Race({up: "MB/s", down: "MB/s"}, contenders, plan.fewer)]
