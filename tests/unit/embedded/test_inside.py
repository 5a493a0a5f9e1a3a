"""The short road to Python workers: frames, connection, and which commands may take it."""

import socket
import sys
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hello_helpers.embedded.compute_plane.inside.connection import (
    LIMIT,
    PREFIX,
    Connection,
    Frame,
    lengths,
)
from hello_helpers.embedded.compute_plane.inside.task import ROOM, SMALL, DataFolder
from hello_helpers.embedded.compute_plane.worker_process import inside_command, with_this_python

values = st.dictionaries(
    st.text().filter(lambda key: key not in ("kind", "parts")),
    st.none() | st.text() | st.integers(),
)


@given(kind=st.text(), values=values, parts=st.lists(st.binary()))
def test_a_frame_comes_out_as_it_went_in(kind: str, values: dict[str, object], parts: list[bytes]):
    data = Frame(kind, values, parts).encode()
    header, body = lengths(data[: PREFIX.size])
    rest = data[PREFIX.size :]
    assert len(rest) == header + body
    assert Frame.decode(rest[:header], rest[header:]) == Frame(kind, values, parts)


def test_a_frame_that_claims_to_be_huge_is_refused():
    with pytest.raises(ValueError, match="too large"):
        lengths(PREFIX.pack(10, LIMIT))


@pytest.mark.parametrize("program", ["python", "python3", sys.executable])
@pytest.mark.parametrize("arguments", [["worker.py", "-x"], ["-m", "worker"], ["-u", "worker.py"]])
def test_a_program_of_this_python_takes_the_short_road(program: str, arguments: list[str]):
    command = inside_command(with_this_python([program, *arguments]))
    assert command is not None
    assert command[1].endswith("launcher.py")
    assert command[2:] == [argument for argument in arguments if argument != "-u"]


@pytest.mark.parametrize("program", ["python", "python3"])
def test_python_is_that_of_the_installation_though_none_of_that_name_is_beside_it(
    program: str, monkeypatch: pytest.MonkeyPatch
):
    ours = "/opt/somewhere/bin/python3.99"
    monkeypatch.setattr(sys, "executable", ours)
    assert with_this_python([program, "-c", "print()"]) == [ours, "-c", "print()"]
    assert (inside_command([ours, "worker.py"]) or [""])[0] == ours
    assert with_this_python(["python2", "worker.py"]) == ["python2", "worker.py"]


@pytest.mark.parametrize(
    "command",
    [
        ["node", "worker.js"],
        ["/usr/bin/env", "python", "worker.py"],
        ["/opt/other/bin/python", "worker.py"],
        [sys.executable],
        [sys.executable, "-c", "print()"],
        [sys.executable, "-X", "utf8", "worker.py"],
        [sys.executable, "-m"],
    ],
)
def test_everything_else_takes_the_long_road(command: list[str]):
    assert inside_command(command) is None


def test_a_worker_gets_the_frames_of_its_pod_in_order_and_then_the_end(tmp_path: Path):
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "s"))
        listener.listen(1)
        connection = Connection(str(tmp_path / "s"))
        pod, _ = listener.accept()
    (tmp_path / "s").unlink()
    frames = [Frame("one", {"n": 1}, []), Frame("two", {}, [b"x" * 10_000])]
    with pod:
        for frame in frames:
            pod.sendall(frame.encode())
        pod.shutdown(socket.SHUT_WR)
        connection.follow()
    assert [connection.tasks.get_nowait() for _ in range(3)] == [*frames, None]


# --- the data of a task ---------------------------------------------------------------------------

ONE, TWO, PAYLOAD, INPUT = (str(UUID(int=number)) for number in range(4))


@pytest.fixture
def folder(tmp_path: Path) -> DataFolder:
    """The data folder ``data`` of a task with a small payload and a large input."""
    (tmp_path / "object").write_bytes(b"large")
    return DataFolder(str(tmp_path / "data"), {PAYLOAD: b"small", INPUT: str(tmp_path / "object")})


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_small_data_of_results_is_kept_for_the_end(folder: DataFolder, tmp_path: Path):
    assert folder.keep({ONE: b"first", TWO: bytearray(b"x" * SMALL)})
    assert folder.keep({ONE: b"last"})
    assert folder.end() == ([], {ONE: b"last", TWO: b"x" * SMALL})
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize(
    "results",
    [
        {ONE: b"x" * (SMALL + 1)},
        {ONE: b"fine", TWO: "text"},
        {ONE: memoryview(b"x")},
        {"a/b": b"x"},
        {f"{ONE}\n": b"x"},
        {5: b"x"},
        [(ONE, b"x")],
    ],
    ids=["large", "text", "memoryview", "a path", "a line", "a number", "no dict"],
)
def test_what_is_large_or_unusual_is_left_to_the_library(folder: DataFolder, results: Any):
    assert not folder.keep(results)
    assert folder.end() == ([], {})


def test_what_does_not_fit_into_one_frame_is_left_to_the_library(folder: DataFolder):
    kept = [folder.keep({str(UUID(int=n)): b"x" * SMALL}) for n in range(ROOM // SMALL + 1)]
    assert kept.index(False) == ROOM // (SMALL + len(ONE))


def test_the_data_folder_is_laid_out_as_on_a_cluster(folder: DataFolder, tmp_path: Path):
    folder.keep({ONE: b"sent"})
    assert [folder.input(result_id) for result_id in (PAYLOAD, INPUT)] == [b"small", b"large"]
    folder.make()
    assert files(tmp_path / "data") == {PAYLOAD: b"small", INPUT: b"large", ONE: b"sent"}


def test_once_laid_out_the_files_are_what_counts(folder: DataFolder, tmp_path: Path):
    folder.keep({ONE: b"sent"})
    folder.make()
    (tmp_path / "data" / PAYLOAD).write_bytes(b"changed")
    folder.make()
    assert files(tmp_path / "data")[PAYLOAD] == b"changed"
    assert folder.input(PAYLOAD) is None
    assert not folder.keep({TWO: b"more"})
    assert folder.end() == ([ONE], {})


def test_nothing_is_kept_after_the_task(folder: DataFolder, tmp_path: Path):
    folder.end()
    assert not folder.keep({ONE: b"late"})
    folder.make()
    assert not (tmp_path / "data").exists()
