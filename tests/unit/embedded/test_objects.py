"""Large objects are written, read and erased in threads, so that nobody waits for the disk."""

import asyncio
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from hello_helpers.embedded.data_plane import object_writer, objects
from hello_helpers.embedded.data_plane.object_writer import SMALL
from hello_helpers.embedded.data_plane.plane import DataPlane

LARGE = b"x" * (SMALL + 1)


@pytest.fixture
def plane(tmp_path: Path) -> Iterator[DataPlane]:
    with closing(DataPlane(tmp_path / "data")) as plane:
        yield plane


def files(plane: DataPlane) -> list[Path]:
    return list((plane.folder / "objects").iterdir())


class Watched:
    """A function in whose place it stands; notes in which threads it is called, and may hold it."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self.threads: list[threading.Thread] = []
        self.called = threading.Event()
        self.go_on = threading.Event()
        self.go_on.set()
        self._function = function

    def __call__(self, *arguments: Any) -> Any:
        self.threads.append(threading.current_thread())
        self.called.set()
        assert self.go_on.wait(10)
        return self._function(*arguments)


def watch(monkeypatch: pytest.MonkeyPatch, where: Any, name: str) -> Watched:
    watched = Watched(getattr(where, name))
    monkeypatch.setattr(where, name, watched)
    return watched


def test_the_thread_that_serves_everybody_writes_reads_and_erases_no_large_object(
    plane: DataPlane, monkeypatch: pytest.MonkeyPatch
):
    seen = [
        watch(monkeypatch, object_writer, "_write_all"),
        watch(monkeypatch, os, "fdatasync"),
        watch(monkeypatch, os, "pread"),
        watch(monkeypatch, objects, "erase_in_thread"),
        watch(monkeypatch, object_writer, "erase_files"),
    ]
    monkeypatch.setattr(object_writer, "SYNC_EVERY", len(LARGE))

    async def go() -> None:
        with plane.objects.writer() as writer:
            await writer.append(b"y")
            await writer.append(LARGE)
            await writer.append(LARGE)
            opaque_id = writer.finish()
        assert b"".join([chunk async for chunk in plane.objects.read(opaque_id)]) == (
            b"y" + 2 * LARGE
        )
        plane.objects.remove([opaque_id])
        with plane.objects.writer() as given_up:
            await given_up.append(LARGE)

    asyncio.run(go())
    plane.objects.close()
    assert files(plane) == []
    here = threading.current_thread()
    written, synced, read, erasing, erased = (watched.threads for watched in seen)
    assert all((written, synced, read, erased))
    assert here not in [*written, *synced, *read, *erased]
    assert erasing == [here]  # it says so, and no more


def test_others_are_served_while_the_disk_takes_its_time(
    plane: DataPlane, monkeypatch: pytest.MonkeyPatch
):
    writing = watch(monkeypatch, object_writer, "_write_all")
    writing.go_on.clear()

    async def go() -> None:
        with plane.objects.writer() as writer:
            appending = asyncio.create_task(writer.append(LARGE))
            while not writing.called.is_set():
                await asyncio.sleep(0)
            with plane.transaction() as tx:  # by somebody else
                assert tx.row("SELECT 1")
            assert not appending.done()
            writing.go_on.set()
            await appending
            writer.finish()

    asyncio.run(go())
    assert [file.stat().st_size for file in files(plane)] == [len(LARGE)]


def test_an_upload_given_up_amid_a_write_leaves_nothing_when_that_is_over(
    plane: DataPlane, monkeypatch: pytest.MonkeyPatch
):
    writing = watch(monkeypatch, object_writer, "_write_all")
    writing.go_on.clear()

    async def upload() -> None:
        with plane.objects.writer() as writer:
            await writer.append(LARGE)

    async def go() -> None:
        uploading = asyncio.create_task(upload())
        while not writing.called.is_set():
            await asyncio.sleep(0)
        uploading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await uploading

    asyncio.run(go())
    assert len(files(plane)) == 1
    writing.go_on.set()
    plane.objects.close()
    assert files(plane) == []
