"""Lesson 07: a worker of one's own, in a private ArmoniK; also one that does not come up."""

import contextlib
import gc
import html
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest
from armonik.client import ArmoniKHealthChecks, ArmoniKResults

from hello_helpers import Payload, create_payload, create_session, submit_task, wait_for_results
from hello_helpers.course.private_armonik import (
    WorkerStartError,
    endpoint_of,
    start_private,
    worker_log,
)
from hello_helpers.embedded import EmbeddedArmonik
from hello_helpers.errors import EndedError
from hello_helpers.exercises import exercise_07, lesson_07
from hello_helpers.exercises.core import Verdict
from hello_helpers.wait.waiting import Wait
from tests.conformance.waiting import eventually
from tests.lessons.running import cell_of, stored

pytestmark = pytest.mark.embedded_only

MAGIC = "%%writefile my_worker.py\n"


@pytest.fixture
def worker(tmp_path: Path) -> Path:
    """The first worker of the lesson."""
    source = cell_of(stored("07_worker"), "write-worker").source
    path = tmp_path / "my_worker.py"
    path.write_text(source.removeprefix(MAGIC))
    return path


@contextlib.contextmanager
def sent_to(worker: Path) -> Iterator[tuple[EmbeddedArmonik, grpc.Channel, str, str, str]]:
    """Start a private ArmoniK with a worker, and send a task; with session, task and result."""
    with (
        EmbeddedArmonik({"mine": [sys.executable, str(worker)]}, pods=1) as armonik,
        endpoint_of(armonik).open_channel() as channel,
    ):
        session_id = create_session(channel, "mine")
        data = create_payload(channel, session_id, Payload([1]))
        task_id = submit_task(channel, session_id, data)
        yield armonik, channel, session_id, task_id, data.result_id


def test_the_log_shows_what_the_worker_prints_and_no_folder_of_this_machine(worker: Path) -> None:
    worker.write_text(
        worker.read_text().replace("    name =", "    open('no such file')\n    name =")
    )
    with sent_to(worker) as (armonik, channel, session_id, task_id, result_id):
        assert endpoint_of(armonik).describe() == "private embedded ArmoniK of this notebook"
        with pytest.raises(Exception, match="no such file"):
            wait_for_results(channel, session_id, [result_id], 30)
        shown = str(worker_log(armonik, lines=1000))
    assert f"  I am called for task {task_id}\n" in shown
    assert 'File "my_worker.py", line' in shown
    assert str(worker.parent) not in shown
    assert "Worker of pod mine-0:\n  [INFO] Worker Started\n" in shown
    assert str(worker_log(armonik)).startswith("There is no worker's log")


def test_the_first_worker_greets(worker: Path) -> None:
    with sent_to(worker) as (_, channel, session_id, _, result_id):
        wait_for_results(channel, session_id, [result_id], 30)
        answer = ArmoniKResults(channel).download_result_data(result_id, session_id)
    assert answer.startswith(b"Hello, {")


def test_one_that_nobody_has_any_more_ends(worker: Path) -> None:
    armonik = EmbeddedArmonik({"mine": [sys.executable, str(worker)]}, pods=1)
    pid = armonik.process.pid
    armonik = None  # as when its cell is run once more
    gc.collect()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_one_that_is_started_in_place_of_another_one_ends_that(worker: Path) -> None:
    partitions = {"mine": [sys.executable, str(worker)]}
    first = start_private("a", partitions, pods=1)
    other = start_private("b", partitions, pods=1)
    try:
        second = start_private("a", partitions, pods=1)
        with second:
            assert first.process.poll() is not None
            assert other.process.poll() is None
            assert endpoint_of(second).check(10)
            with pytest.raises(EndedError, match="private ArmoniK"):
                endpoint_of(first).check(10)
    finally:
        other.close()
    with start_private("a", partitions, pods=1) as third:
        assert endpoint_of(third).check(10), "the one before was closed by somebody else"


MAGIC_MEAN = "%%writefile mean_worker.py\n"
TODO = "    # Your part: Result(...).serialize() are the bytes to send.\n    return Output()\n"


def verdict_on(path: Path, body: str) -> Verdict:
    """Return what the exercise says to a worker whose function has this body."""
    source = cell_of(stored("07_worker"), "write-mean").source.removeprefix(MAGIC_MEAN)
    assert TODO in source
    path.write_text(source.replace(TODO, body))
    with EmbeddedArmonik({"mine": [sys.executable, str(path)]}, pods=1) as armonik:
        return exercise_07.check(armonik)


def test_a_worker_that_does_not_start_is_told_with_the_place_and_no_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lesson_07, "PATIENCE", 3.0)
    verdict = verdict_on(tmp_path / "mean_worker.py", "    if numbers\n        pass\n")
    assert "Its program ends at once." in verdict.text
    assert verdict.details.splitlines()[0] == '  File "mean_worker.py", line 10'
    assert verdict.details.splitlines()[-1] == "SyntaxError: expected ':'"
    assert verdict.details in repr(verdict)
    assert html.escape(verdict.details) in verdict._repr_html_()


@pytest.mark.parametrize(
    ("body", "found", "place"),
    [
        ("return 'no numbers'", "returns an object of the class str, and no Output", []),
        ("pass", "returns nothing (None), and no Output", []),
        (
            "raise RuntimeError('I am tired')",
            "this execution is RETRIED, and the last one will be ERROR",
            ['  File "mean_worker.py", line 10, in mean', "RuntimeError: I am tired"],
        ),
    ],
)
def test_a_worker_that_returns_no_output_or_raises_is_told_so_and_where(
    tmp_path: Path, body: str, found: str, place: list[str]
) -> None:
    verdict = verdict_on(tmp_path / "mean_worker.py", f"    {body}\n")
    assert found in verdict.text
    details = verdict.details.splitlines()
    assert details[:1] + details[-1:] == place


@pytest.mark.parametrize(
    ("program", "reason", "place"),
    [
        ("import os\nif True\n    pass\n", "SyntaxError: expected ':'", 'File "bad.py", line 2'),
        (None, "No such file or directory", ""),
        ("", "it has said nothing. Does its program call run()?", ""),
    ],
)
def test_a_worker_that_ends_at_once_is_told_when_it_is_started(
    tmp_path: Path, program: str | None, reason: str, place: str
) -> None:
    path = tmp_path / "bad.py"
    if program is not None:
        path.write_text(program)
    with pytest.raises(WorkerStartError) as caught:
        start_private("bad", {"mine": [sys.executable, str(path)]}, pods=1)
    assert "The worker of the partition 'mine' ended as soon as it was started" in str(caught.value)
    assert reason in caught.value.message
    assert place in caught.value.hint


def test_a_wait_for_a_dead_worker_that_is_interrupted_says_so() -> None:
    with (
        EmbeddedArmonik({"mine": [sys.executable, "-c", "exit('no luck')"]}, pods=1) as armonik,
        endpoint_of(armonik).open_channel() as channel,
    ):
        checks = ArmoniKHealthChecks(channel)
        eventually(lambda: [report["message"] for report in checks.check_health().values()], any)
        told = Wait(channel, "session", ["result"]).interrupted()
    assert told.message == "Interrupted after 0 s while waiting for 1 result."
    assert "worker of pod mine-0 exited with status 1; its last line: no luck" in told.hint
