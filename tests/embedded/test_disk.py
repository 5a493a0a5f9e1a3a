"""A full disk or a read-only folder: calls fail with a clear code, nothing is lost, all goes on."""

import contextlib
import errno
import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from unittest.mock import Mock

import pytest
from armonik.common import ResultStatus, TaskStatus
from armonik.protogen.common import health_checks_common_pb2 as health
from grpc import StatusCode

from hello_helpers.embedded.data_plane import object_writer, partitions, results, sessions
from hello_helpers.embedded.data_plane.options import TaskOptions
from hello_helpers.embedded.data_plane.plane import DataPlane
from hello_helpers.embedded.errors import NotFound, StorageError
from tests.conformance.driver import ArmoniK, long_road
from tests.conformance.waiting import eventually, fails_with
from tests.soak.audit import audit

from .served import SCRIPTED, Served

MIB = 1024 * 1024
DISK = 16  # MiB
SENTENCE = "The disk that holds the data folder is full; make room and retry"


def mount(*arguments: str) -> None:
    """Mount, or skip the test where that is not allowed; in CI it must be."""
    try:
        subprocess.run(["mount", *arguments], check=True, capture_output=True, text=True)
    except (OSError, subprocess.CalledProcessError) as error:
        give_up = pytest.fail if os.environ.get("CI") else pytest.skip
        give_up(f"cannot mount a small disk here: {getattr(error, 'stderr', error)}")


def unmount(place: Path) -> None:
    subprocess.run(["umount", "-l", str(place)], check=False)


@pytest.fixture
def disk(folder: Path) -> Iterator[Path]:
    """A disk of 16 MiB."""
    place = folder / "disk"
    place.mkdir()
    mount("-t", "tmpfs", "-o", f"size={DISK}m", "tmpfs", str(place))
    yield place
    unmount(place)


class Ballast:
    """A file that takes all the room there is."""

    def __init__(self, disk: Path) -> None:
        self._file = disk / "ballast"

    def load(self, but: int = 0) -> None:
        """Leave so many bytes."""
        with self._file.open("wb", buffering=0) as file:
            for size in (MIB, 4096, 1):
                with contextlib.suppress(OSError):  # no space left
                    while True:
                        file.write(bytes(size))
            file.truncate(file.tell() - but)

    def drop(self) -> None:
        self._file.unlink()


@pytest.fixture
def ballast(disk: Path) -> Ballast:
    return Ballast(disk)


@pytest.fixture(params=["short", "long"])
def served(folder: Path, disk: Path, request: pytest.FixtureRequest) -> Iterator[Served]:
    """An embedded ArmoniK with its data on the small disk."""
    command = SCRIPTED if request.param == "short" else long_road(SCRIPTED)
    with Served(folder, {"default": command}, data=disk / "data") as served:
        yield served


def used(disk: Path) -> int:
    """Bytes that are in use."""
    found = os.statvfs(disk)
    return (found.f_blocks - found.f_bfree) * found.f_frsize


# --- with a real disk -----------------------------------------------------------------------------


@pytest.mark.parametrize("served", ["short"], indirect=True)
def test_uploads_to_a_full_disk_are_refused_and_what_was_there_stays_readable(
    served: Served, disk: Path, ballast: Ballast
):
    with served.client() as client:
        session = client.create_session()
        small = client.create_data(session, b"small")
        large, more, tiny = client.create_results(session, "large", "more", "tiny")
        client.upload(session, large, *[b"x" * MIB] * 4)
        before = used(disk)
        with fails_with(StatusCode.RESOURCE_EXHAUSTED, saying=SENTENCE):
            client.upload(session, more, *[b"y" * MIB] * DISK)
        assert client.result(more).status == ResultStatus.CREATED
        eventually(lambda: used(disk), lambda now: now <= before + MIB)
        client.upload(session, more, b"y" * MIB)
        ballast.load()
        for refused in (
            lambda: client.create_data(session, b"z" * MIB),
            lambda: client.create_data(session, b"z" * 10_000),
            lambda: client.upload(session, tiny, b"z" * 50_000),
            lambda: client.create_results(session, *("name" * 100 for _ in range(100))),
        ):
            with fails_with(StatusCode.RESOURCE_EXHAUSTED, saying=SENTENCE):
                refused()
        assert client.data(session, small) == b"small"
        assert client.data(session, large) == b"x" * 4 * MIB
        assert client.session(session).session_id == session
        assert len(client.session_results(session)) == 4
        state = health_of(client)
        assert "full" in state["database"] + state["object"]
        assert SENTENCE in served.text
        ballast.drop()
        client.upload(session, tiny, b"z")
        assert client.data(session, tiny) == b"z"
        assert health_of(client) == {"database": "", "object": "", "queue": ""}


def health_of(client: ArmoniK) -> dict[str, str]:
    services = client.health.CheckHealth(health.CheckHealthRequest()).services
    for service in services:
        assert bool(service.message) == (service.healthy != health.HEALTH_STATUS_ENUM_HEALTHY)
    return {service.name: service.message for service in services}


def test_tasks_wait_for_room_and_then_all_are_done_once(
    served: Served, folder: Path, ballast: Ballast
):
    with served.client() as client:
        session = client.create_session(max_retries=1)
        text = "x" * 5_000
        signs = [folder / "first", folder / "second"]
        running = [
            client.submit(session, ["send", 0, text], ["touch", str(sign)], ["sleep", 1.0])
            for sign in signs
        ]
        queued = [client.submit(session, ["send", 0, text]) for _ in range(20)]
        after = client.submit(
            session, ["send", 0, text], dependencies=[task.outputs[0] for task in running]
        )
        eventually(lambda: all(sign.exists() for sign in signs), bool)
        ballast.load()
        time.sleep(1.0)  # until the running ones have ended; nothing tells, as nothing is written
        busy = served.cpu()
        time.sleep(2.0)
        assert served.cpu() - busy < 1.0, "it tries again and again"
        for task in running:
            assert client.task(task.task_id).status == TaskStatus.PROCESSING
        ballast.drop()
        for task in (*running, *queued, after):
            client.wait_task(task.task_id, TaskStatus.COMPLETED)
            assert client.data(session, task.outputs[0]) == text.encode()
        assert len(client.session_tasks(session)) == len(running) + len(queued) + 1
    served.stop()
    assert audit(served.data) == []


def test_large_inputs_that_find_no_room_for_a_copy_wait(served: Served, ballast: Ballast):
    with served.client() as client:
        session = client.create_session(max_retries=1)
        data = client.create_results(session, "data")[0]
        client.upload(session, data, *[b"x" * MIB] * 4)
        client.move("Pause", session)
        task = client.submit(session, ["send", 0, "done"], dependencies=[data])
        ballast.load(but=100_000)  # rows have room, copies do not
        client.move("Resume", session)
        time.sleep(2.0)
        ballast.drop()
        client.wait_task(task.task_id, TaskStatus.COMPLETED)
        assert len(client.session_tasks(session)) == 1


@pytest.mark.parametrize("served", ["short"], indirect=True)
def test_a_disk_that_the_tables_have_filled_goes_on_as_soon_as_there_is_some_room(
    served: Served, ballast: Ballast, disk: Path
):
    ballast.load(but=(DISK - 1) * MIB)  # it takes one MiB
    with served.client() as client:
        session = client.create_session()
        payload = client.payload(session, ["send", 0, "x"])
        rows = ["name" * 100] * 1_000
        with fails_with(StatusCode.RESOURCE_EXHAUSTED, saying=SENTENCE):
            for _ in range(2 * DISK):
                client.create_results(session, *rows)
        ballast.drop()
        # One by one, these change more pages than there is room for copies of, in a log.
        tasks = [client.submit(session, payload_id=payload) for _ in range(100)]
        for task in tasks:
            client.wait_task(task.task_id, TaskStatus.COMPLETED)
        served.kill()
        assert used(disk) < (DISK - 1) * MIB
        served.start()
        client.wait_task(client.submit(session, payload_id=payload).task_id, TaskStatus.COMPLETED)


def is_refused(served: Served, *sayings: str) -> None:
    """Show that it does not start, and says why in words."""
    served.spawn()
    assert served.wait(30) == 1
    assert [saying for saying in sayings if saying not in served.text] == [], served.text
    assert "Traceback" not in served.text


@pytest.mark.parametrize("served", ["short"], indirect=True)
def test_a_kill_on_a_full_disk_loses_nothing(served: Served, ballast: Ballast):
    with served.client() as client:
        session = client.create_session(max_retries=3)
        running = client.submit(session, ["attempt", 0, [["sleep", 60]]], ["send", 0, "again"])
        client.wait_task(running.task_id, TaskStatus.PROCESSING)
        kept = client.create_data(session, b"kept")
    ballast.load()
    served.kill()
    is_refused(served, SENTENCE)
    ballast.drop()
    served.start()
    with served.client() as client:
        assert client.data(session, kept) == b"kept"
        client.wait_result(running.outputs[0], ResultStatus.COMPLETED)
    served.stop()
    assert audit(served.data) == []


def test_a_read_only_data_folder_is_refused_with_a_sentence(folder: Path, disk: Path):
    served = Served(folder, data=disk / "data").start()
    served.stop()
    mount("-o", "remount,ro", str(disk))
    is_refused(served, "The data folder cannot be used: Read-only")


def test_an_object_folder_that_becomes_read_only_refuses_large_data_only(folder: Path):
    place = folder / "data" / "objects"
    with Served(folder) as served, served.client() as client:
        session = client.create_session()
        before, after = client.create_results(session, "before", "after")
        client.upload(session, before, b"x" * MIB)
        mount("--bind", str(place), str(place))
        try:
            mount("-o", "remount,ro,bind", str(place))
            with fails_with(StatusCode.INTERNAL, saying="Read-only file system"):
                client.upload(session, after, b"y" * MIB)
            assert client.data(session, before) == b"x" * MIB
            task = client.submit(session, ["send", 0, "small"])
            client.wait_task(task.task_id, TaskStatus.COMPLETED)
            assert client.data(session, task.outputs[0]) == b"small"
        finally:
            unmount(place)
        client.upload(session, after, b"y" * MIB)


# --- without one: the data plane, made to believe that the disk is full ---------------------------


@pytest.fixture
def plane(tmp_path: Path) -> Iterator[DataPlane]:
    plane = DataPlane(tmp_path / "data")
    partitions.define(plane, ["default"], [1])
    yield plane
    plane.close()


def test_tables_that_cannot_grow_refuse_and_stay_as_they_were(plane: DataPlane):
    options = TaskOptions(max_duration=10**9, max_retries=1, priority=1)
    session = sessions.create(plane, options, [])
    pages = plane.database.row("PRAGMA page_count")[0]
    plane.database.row(f"PRAGMA max_page_count = {pages}")
    many = [results.NewResult(results.new_id(), "x" * 100) for _ in range(1000)]
    with pytest.raises(StorageError, match="full") as caught:
        results.create(plane, session, many)
    assert caught.value.code == "RESOURCE_EXHAUSTED"
    assert sessions.get(plane, session)["session_id"] == session
    assert plane.database.row("SELECT COUNT(*) FROM result")[0] == 0
    plane.database.row("PRAGMA max_page_count = 1000000")
    assert len(results.create(plane, session, many)) == 1000


@pytest.mark.parametrize(
    ("number", "code"),
    [
        (errno.ENOSPC, "RESOURCE_EXHAUSTED"),
        (errno.EDQUOT, "RESOURCE_EXHAUSTED"),
        (errno.EROFS, "INTERNAL"),
        (errno.EIO, "INTERNAL"),
    ],
)
def test_a_large_object_that_cannot_be_written_leaves_nothing(
    plane: DataPlane, monkeypatch: pytest.MonkeyPatch, number: int, code: str
):
    refuse = Mock(side_effect=OSError(number, os.strerror(number)))
    monkeypatch.setattr(object_writer, "_write_all", refuse)
    with pytest.raises(StorageError) as caught:
        plane.objects.put(b"x" * MIB)
    assert caught.value.code == code
    plane.objects.close()
    assert list((plane.folder / "objects").iterdir()) == []


def test_large_objects_of_a_call_that_fails_are_erased(plane: DataPlane):
    with contextlib.suppress(NotFound), plane.transaction():
        plane.objects.put(b"x" * MIB)
        raise NotFound("the session, say")
    plane.objects.close()
    assert list((plane.folder / "objects").iterdir()) == []
