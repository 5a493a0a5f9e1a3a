"""Nothing is lost: `kill -9` of the embedded ArmoniK or of a worker at any moment."""

import os
import random
import sqlite3
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import grpc
import psutil
import pytest
from armonik.common import ResultStatus, SessionStatus, TaskStatus
from armonik.protogen.common import results_common_pb2

from tests.commands import finish
from tests.conformance.driver import ArmoniK
from tests.conformance.waiting import eventually
from tests.soak.audit import audit

from .served import Served, all_gone, hurried, marked

MIB = 1024 * 1024
LARGE = bytes(range(256)) * 4096  # 1 MiB: kept in a file of its own, not in a table


@pytest.fixture
def served(folder: Path) -> Iterator[Served]:
    """A running embedded ArmoniK with two scripted workers, which the test may kill."""
    with Served(folder) as served:
        yield served


def restarted(served: Served) -> None:
    served.kill()
    served.start()


def files(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


# --- what was acknowledged ------------------------------------------------------------------------


def test_after_a_kill_sessions_results_and_tasks_are_as_they_were(served: Served):
    with served.client() as client:
        running, paused, closed, cancelled, purged, deleted = sessions = [
            client.create_session(options={"number": str(number)}) for number in range(6)
        ]
        done = client.submit(running, ["send", 0, "done"])
        client.wait_task(done.task_id, TaskStatus.COMPLETED)
        refused = client.submit(running, ["error", "no"])
        client.wait_task(refused.task_id, TaskStatus.ERROR)
        small = client.create_data(running, b"small", "a small one", manual_deletion=True)
        large, empty, none = client.create_results(running, "large", "empty", "none")
        client.upload(running, large, LARGE, LARGE)
        client.upload(running, empty)
        pending = client.submit(running, payload_id=none)
        client.move("Pause", paused)
        held = client.submit(paused, ["send", 0, "held"])
        for session_id in (closed, cancelled, purged, deleted):
            client.create_data(session_id, b"data")
        client.move("Close", closed)
        client.move("Cancel", cancelled)
        client.move("Close", purged)
        client.move("Purge", purged)
        client.move("Delete", deleted)
        kept = [session_id for session_id in sessions if session_id != deleted]
        before = everything(client, kept)
    restarted(served)
    with served.client() as client:
        assert everything(client, kept) == before
        assert client.data(running, small) == b"small"
        assert client.data(running, large) == LARGE * 2
        assert client.data(running, empty) == b""
        assert client.data(running, done.outputs[0]) == b"done"
        with pytest.raises(grpc.RpcError, match="NOT_FOUND"):
            client.session(deleted)
        # And everything goes on from there.
        payload = client.payload(running, ["send", 0, "late"])
        client.upload(running, none, client.data(running, payload))
        client.wait_task(pending.task_id, TaskStatus.COMPLETED)
        client.move("Resume", paused)
        client.wait_task(held.task_id, TaskStatus.COMPLETED)


def everything(client: ArmoniK, session_ids: list[str]) -> list[Any]:
    """All that the API tells of sessions that are at rest."""
    return [
        (
            client.session(session_id),
            client.session_tasks(session_id),
            client.session_results(session_id),
        )
        for session_id in session_ids
    ]


def test_after_a_kill_what_was_queued_is_run_and_what_was_running_is_retried(served: Served):
    with served.client() as client:
        session = client.create_session(max_retries=3)
        gate = client.create_results(session, "gate")[0]
        busy = [
            client.submit(session, ["gate", gate], ["send", 0, f"busy {number}"])
            for number in range(2)
        ]
        for task in busy:
            client.wait_task(task.task_id, TaskStatus.PROCESSING)
        queued = [client.submit(session, ["send", 0, f"queued {n}"]) for n in range(20)]
        after = client.submit(
            session, ["dependencies"], ["report", 0], dependencies=[busy[0].outputs[0]]
        )
    restarted(served)
    with served.client() as client:
        client.upload(session, gate, b"open")
        for number, task in enumerate(queued):
            client.wait_task(task.task_id, TaskStatus.COMPLETED)
            assert client.data(session, task.outputs[0]) == f"queued {number}".encode()
        for number, task in enumerate(busy):
            lost = client.task(task.task_id)
            assert lost.status == TaskStatus.RETRIED
            assert "lost" in lost.output.error
            assert "ended while it was running" in lost.output.error
            retry = client.wait_task(f"{task.task_id}###1", TaskStatus.COMPLETED)
            assert list(retry.retry_of_ids) == [task.task_id]
            assert client.data(session, task.outputs[0]) == f"busy {number}".encode()
            assert client.result(task.outputs[0]).owner_task_id == retry.id
        assert client.report(after) == [["busy 0"]]


def test_an_attempt_lost_in_a_kill_counts_as_one_and_the_last_one_ends_in_error(served: Served):
    with served.client() as client:
        session = client.create_session(max_retries=1)
        task = client.submit(session, ["sleep", 60])
        after = client.submit(session, ["send", 0, "x"], dependencies=task.outputs)
        client.wait_task(task.task_id, TaskStatus.PROCESSING)
    restarted(served)
    with served.client() as client:
        client.wait_task(f"{task.task_id}###1", TaskStatus.PROCESSING)
    restarted(served)
    with served.client() as client:
        last = client.wait_task(f"{task.task_id}###1", TaskStatus.ERROR)
        assert "lost" in last.output.error
        assert client.result(task.outputs[0]).status == ResultStatus.ABORTED
        assert task.task_id in client.wait_task(after.task_id, TaskStatus.ERROR).output.error
        assert len(client.session_tasks(session)) == 3


def test_a_task_that_was_being_cancelled_is_cancelled_after_a_kill(served: Served):
    with served.client() as client:
        session = client.create_session()
        task = client.submit(session, ["sleep", 60])
        client.wait_task(task.task_id, TaskStatus.PROCESSING)
        client.cancel(task.task_id)  # its pod now waits a second for the deaf worker
    restarted(served)
    with served.client() as client:
        assert client.wait_task(task.task_id, TaskStatus.CANCELLED).HasField("ended_at")
        assert client.result(task.outputs[0]).status == ResultStatus.ABORTED


@pytest.mark.parametrize("end", ["kill", "cancellation", "disconnection"])
def test_an_upload_that_is_cut_off_leaves_nothing_behind(served: Served, end: str):
    with served.client() as client, served.client() as giving_up:
        session = client.create_session()
        half, again = client.create_results(session, "half", "again")
        client.upload(session, again, b"first")
        uploads = [Upload(giving_up, session, result) for result in (half, again)]
        eventually(lambda: files(served.data / "objects"), lambda seen: len(seen) == 2)
        if end == "kill":
            restarted(served)
        elif end == "disconnection":
            giving_up.close()
        for upload in uploads:
            upload.give_up()
    eventually(lambda: files(served.data / "objects"), lambda seen: not seen)
    with served.client() as client:
        assert client.result(half).status == ResultStatus.CREATED
        assert client.data(session, again) == b"first"
        client.upload(session, half, LARGE)
        assert client.data(session, half) == LARGE


class Upload:
    """An upload of which two chunks are sent; it is never ended in good order."""

    def __init__(self, client: ArmoniK, session_id: str, result_id: str):
        self._identifier = {"session_id": session_id, "result_id": result_id}
        self._over = threading.Event()
        self._call = client.results.UploadResultData.future(self._messages(), timeout=30)

    def _messages(self) -> Iterator[Any]:
        yield results_common_pb2.UploadResultDataRequest(id=self._identifier)
        yield results_common_pb2.UploadResultDataRequest(data_chunk=LARGE)
        yield results_common_pb2.UploadResultDataRequest(data_chunk=LARGE)
        self._over.wait(30)

    def give_up(self) -> None:
        self._call.cancel()
        with pytest.raises((grpc.RpcError, grpc.FutureCancelledError)):
            self._call.result(timeout=10)
        self._over.set()


def test_a_download_cut_off_by_a_kill_fails_and_is_not_taken_for_the_whole(served: Served):
    with served.client() as client:
        session = client.create_session()
        result = client.create_results(session, "large")[0]
        client.upload(session, result, *[LARGE] * 40)
        request = results_common_pb2.DownloadResultDataRequest(session_id=session, result_id=result)
        chunks = client.results.DownloadResultData(request)
        got = len(next(chunks).data_chunk)
        served.kill()
        with pytest.raises(grpc.RpcError, match="UNAVAILABLE"):
            got += sum(len(chunk.data_chunk) for chunk in chunks)
        assert got < 40 * MIB
    served.start()
    with served.client() as client:
        assert client.data(session, result) == LARGE * 40


def test_a_kill_while_sessions_are_submitted_to_leaves_whole_submissions_only(served: Served):
    acknowledged: dict[str, list[str]] = {}
    with served.client() as client:
        sessions = [client.create_session() for _ in range(2)]
        payloads = [client.payload(session, ["send", 0, "x"]) for session in sessions]
        with killing(served, after=0.15), suppress(grpc.RpcError):
            while True:
                for session, payload in zip(sessions, payloads, strict=True):
                    outputs = client.create_results(session, *map(str, range(50)))
                    infos = client.submit_all(
                        session,
                        [
                            {"payload_id": payload, "expected_output_keys": [output]}
                            for output in outputs
                        ],
                    )
                    acknowledged.setdefault(session, []).extend(info.task_id for info in infos)
    served.start()
    assert acknowledged
    with served.client() as client, sqlite3.connect(served.data / "tables.sqlite") as tables:
        for session, task_ids in acknowledged.items():
            known = {
                task_id
                for (task_id,) in tables.execute(
                    "SELECT initial_task_id FROM task WHERE session_id = ?", (session,)
                )
            }
            assert known >= set(task_ids)
            assert len(known) % 50 == 0, "half a submission is there"
            for task_id in (task_ids[0], task_ids[-1]):
                client.wait_task(task_id, TaskStatus.COMPLETED, TaskStatus.RETRIED)


@contextmanager
def killing(served: Served, after: float) -> Iterator[None]:
    """Kill it some time after the beginning of the block."""
    killer = threading.Timer(after, served.process.kill)
    killer.start()
    try:
        yield
    finally:
        killer.join()
        served.wait()


MANY = 800
SMALL_STEPS = {"data_plane.database.CHUNK": 1}  # so that a change of many tasks takes many steps


@pytest.mark.parametrize("verb", ["Pause", "Resume", "Cancel", "Delete"])
def test_a_kill_in_the_middle_of_a_session_change_leaves_what_can_be_asked_for_again(
    folder: Path, verb: str
):
    after = {
        "Pause": {TaskStatus.PAUSED, TaskStatus.COMPLETED},  # before it is asked for again
        "Resume": {TaskStatus.COMPLETED, TaskStatus.RETRIED},
        "Cancel": {TaskStatus.CANCELLED},
        "Delete": set(),
    }[verb]
    with Served(folder, constants=SMALL_STEPS) as served, served.client() as client:
        session = client.create_session(max_retries=5)
        payload = client.payload(session, ["send", 0, "x"])
        client.move("Pause", session)
        outputs = client.create_results(session, *["o"] * MANY)
        client.submit_all(
            session,
            [{"payload_id": payload, "expected_output_keys": [output]} for output in outputs],
        )
        if verb == "Pause":  # the pods are kept busy, so that all tasks wait
            blockers = [client.submit(client.create_session(), ["sleep", 60]) for _ in range(2)]
            for blocker in blockers:
                client.wait_task(blocker.task_id, TaskStatus.PROCESSING)
            client.move("Resume", session)
        with killing(served, after=0.03), suppress(grpc.RpcError):
            client.move(verb, session)
            pytest.fail("it was over before the kill")
        served.start()
        with suppress(grpc.RpcError):  # refused if it was over, and only nobody was told
            client.move(verb, session)
        eventually(lambda: statuses(served.data, session), lambda seen: seen <= after, within=30)
        if verb == "Cancel":
            found = {result.status for result in client.session_results(session)}
            assert found <= {ResultStatus.ABORTED, ResultStatus.COMPLETED}
        served.stop()
    assert audit(served.data, at_rest=verb not in ("Pause", "Delete")) == []


def statuses(data: Path, session: str) -> set[TaskStatus]:
    """The statuses that tasks of a session have; read from the tables, as there are many."""
    with closing(sqlite3.connect(data / "tables.sqlite")) as tables:
        found = tables.execute("SELECT DISTINCT status FROM task WHERE session_id = ?", (session,))
        return {TaskStatus(status) for (status,) in found}


def test_after_an_orderly_end_what_was_running_is_run_again_and_no_retry_is_used_up(
    served: Served,
):
    with served.client() as client:
        session = client.create_session(max_retries=1)
        gate = client.create_results(session, "gate")[0]
        running = client.submit(session, ["gate", gate], ["send", 0, "again"])
        client.wait_task(running.task_id, TaskStatus.PROCESSING)
    assert served.stop() == 0
    served.start()
    with served.client() as client:
        client.wait_task(running.task_id, TaskStatus.PROCESSING)
        client.upload(session, gate, b"open")
        client.wait_task(running.task_id, TaskStatus.COMPLETED)
        assert client.data(session, running.outputs[0]) == b"again"
        assert [task.id for task in client.session_tasks(session)] == [running.task_id]


# --- workers --------------------------------------------------------------------------------------


def test_killing_a_busy_worker_costs_one_attempt_and_a_new_worker_comes(served: Served):
    with served.client() as client:
        session = client.create_session(max_retries=2)
        task = client.submit(session, ["attempt", 0, [["sleep", 60]]], ["send", 0, "again"])
        pod = client.wait_task(task.task_id, TaskStatus.PROCESSING).pod_hostname
        for worker in served.workers():
            if f"/{pod}/" in worker.environ()["ComputePlane__WorkerChannel__Address"]:
                worker.kill()  # the other one may take over, and is to live
        first = client.wait_task(task.task_id, TaskStatus.RETRIED)
        assert "went down" in first.output.error
        assert "SIGKILL" in first.output.error
        client.wait_task(f"{task.task_id}###1", TaskStatus.COMPLETED)


def test_killing_idle_workers_costs_nothing(served: Served):
    with served.client() as client:
        session = client.create_session()
        for _ in range(3):
            killed = served.workers()
            for worker in killed:
                worker.kill()
            _, alive = psutil.wait_procs(killed, timeout=20)  # a process takes a while to die
            assert alive == []
            task = client.submit(session, ["send", 0, "x"])
            client.wait_task(task.task_id, TaskStatus.COMPLETED)
        assert len(client.session_tasks(session)) == 3


def guards(served: Served) -> list[psutil.Process]:
    return [child for child in psutil.Process(served.process.pid).children() if is_guard(child)]


def is_guard(process: psutil.Process) -> bool:
    with suppress(psutil.Error):  # it is a zombie
        return "guard_program" in " ".join(process.cmdline())
    return False


def test_a_guard_that_is_killed_has_a_successor_that_knows_all_workers(served: Served):
    workers = served.workers()
    (guard,) = guards(served)
    guard.kill()
    (successor,) = eventually(
        lambda: [found for found in guards(served) if found.pid != guard.pid], bool
    )
    assert "The guard has ended (status -9); another one is started" in served.text
    served.kill()
    all_gone([*workers, successor])


def test_a_kill_at_any_moment_of_the_start_leaves_no_process(folder: Path):
    mark = uuid.uuid4().hex
    chance = random.Random(3)
    for number in range(6):
        served = Served(folder / str(number), env={**os.environ, "TEST_MARK": mark})
        (folder / str(number)).mkdir()
        served.spawn()
        time.sleep(chance.uniform(0.05, 0.9))  # the moment is the point, there is nothing to await
        served.kill()
    all_gone(marked("TEST_MARK", mark))
    eventually(lambda: served.runtime, lambda left: not left)


# --- the folder -----------------------------------------------------------------------------------


def refused(*arguments: str) -> str:
    """What `serve` says when it does not start."""
    ended = finish(*hurried({"serving.DATA_LIMIT": 0.5}), "serve", *arguments)
    assert (ended.returncode, ended.stdout) == (1, "")
    assert "Traceback" not in ended.stderr
    return ended.stderr


def test_a_second_one_on_the_same_data_or_socket_is_refused_with_a_sentence(
    served: Served, folder: Path
):
    said = refused("--data", str(served.data), "--socket", str(folder / "other"))
    waits, refuses, *_ = said.splitlines()
    assert "Another embedded ArmoniK is using the data folder" in waits
    assert "waiting 0.5 s for it to end" in waits
    assert f"Another embedded ArmoniK is still using the data folder {served.data}" in refuses
    said = refused("--data", str(folder / "other"), "--socket", str(served.socket))
    assert "already listening" in said
    with served.client() as client:
        assert client.session(client.create_session()).status == SessionStatus.RUNNING


def test_a_folder_that_holds_something_else_is_refused_with_a_sentence(folder: Path):
    data = folder / "data"
    data.write_text("a file where a folder should be")
    told = refused("--data", str(data))
    assert "data folder cannot be used" in told
    assert f"Name a folder that you can write to; --data was {data}." in told


@pytest.mark.parametrize("damage", [b"this is no database" * 1000, bytes(4096)])
def test_damaged_tables_are_refused_and_said_to_be_damaged(folder: Path, damage: bytes):
    with Served(folder) as served:
        served.stop()
    with (served.data / "tables.sqlite").open("r+b") as file:
        file.seek(0 if damage[0] else 4096)
        file.write(damage)
    told = refused("--data", str(served.data))
    assert "The tables in the data folder are damaged" in told
    assert "Put a copy of the folder in its place, if you have one" in told


def test_tables_of_another_version_are_refused_with_a_sentence_and_left_as_they_are(folder: Path):
    with Served(folder) as served:
        served.stop()
    path = served.data / "tables.sqlite"
    with closing(sqlite3.connect(path)) as tables:
        (version,) = tables.execute("PRAGMA user_version").fetchone()
        tables.execute(f"PRAGMA user_version = {version + 1}")
    before = path.read_bytes()
    told = refused("--data", str(served.data))
    assert f"its tables are of version {version + 1}, and this one knows version {version}" in told
    assert "begin anew in another folder with --data DIR" in told
    assert path.read_bytes() == before


def test_tables_of_the_versions_that_wrote_no_number_are_taken(folder: Path):
    with Served(folder) as served:
        with served.client() as client:
            session = client.create_session()
        served.stop()
        with closing(sqlite3.connect(served.data / "tables.sqlite")) as tables:
            tables.execute("PRAGMA user_version = 0")
        served.start()
        with served.client() as client:
            assert client.session(session).status == SessionStatus.RUNNING
