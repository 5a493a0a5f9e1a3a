"""The short road to Python workers: frames, connection, and which commands may take it."""

from __future__ import annotations

import socket
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import grpc
import pytest
from armonik.protogen.common import agent_common_pb2 as messages
from hypothesis import given
from hypothesis import strategies as st

from hello_helpers.embedded.compute_plane.inside.connection import (
    ANSWER,
    LIMIT,
    PREFIX,
    AgentError,
    Connection,
    Frame,
    lengths,
)
from hello_helpers.embedded.compute_plane.inside.task import SMALL, InsideAgent
from hello_helpers.embedded.compute_plane.worker_process import inside_command

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
    command = inside_command([program, *arguments])
    assert command is not None
    assert command[1].endswith("launcher.py")
    assert command[2:] == [argument for argument in arguments if argument != "-u"]


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


@pytest.fixture
def ends(tmp_path: Path) -> Iterator[tuple[Connection, socket.socket]]:
    """A worker's connection, and the pod's end of it as a plain socket."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "s"))
        listener.listen(1)
        connection = Connection(str(tmp_path / "s"))
        pod, _ = listener.accept()
        follower = threading.Thread(target=connection.follow)
        follower.start()
        with pod:
            yield connection, pod
        follower.join(timeout=5)
        assert not follower.is_alive()
        (tmp_path / "s").unlink()


def receive(pod: socket.socket) -> Frame:
    """Read one frame and not a byte more: what follows belongs to the next one."""
    header, body = lengths(pod.recv(PREFIX.size, socket.MSG_WAITALL))
    parts = [pod.recv(size, socket.MSG_WAITALL) if size else b"" for size in (header, body)]
    return Frame.decode(*parts)


def test_calls_of_two_threads_get_their_own_answers(ends: tuple[Connection, socket.socket]):
    connection, pod = ends
    with ThreadPoolExecutor() as threads:
        calls = [threads.submit(connection.call, name, b"") for name in ("one", "two")]
        for frame in reversed([receive(pod), receive(pod)]):
            method, number = frame.values["method"], frame.values["number"]
            pod.sendall(Frame(ANSWER, {"number": number}, [method.encode()]).encode())
        assert [call.result(timeout=5) for call in calls] == [b"one", b"two"]


@pytest.mark.parametrize("end", ["refused", "gone"])
def test_a_call_that_fails_looks_as_one_that_grpc_fails(
    ends: tuple[Connection, socket.socket], end: str
):
    connection, pod = ends
    with ThreadPoolExecutor() as threads:
        call = threads.submit(connection.call, "SubmitTasks", b"")
        number = receive(pod).values["number"]
        if end == "refused":
            refusal = {"number": number, "code": "NOT_FOUND", "details": "nothing"}
            pod.sendall(Frame(ANSWER, refusal).encode())
        else:
            pod.shutdown(socket.SHUT_RDWR)
        error = call.exception(timeout=5)
    assert isinstance(error, grpc.RpcError)
    assert (error.code(), error.details()) == {
        "refused": (grpc.StatusCode.NOT_FOUND, "nothing"),
        "gone": (grpc.StatusCode.UNAVAILABLE, "The agent of this pod has gone"),
    }[end]


def test_large_data_goes_through_a_file(ends: tuple[Connection, socket.socket]):
    agent = InsideAgent(ends[0], {})
    assert agent.produce("small", b"x" * SMALL)
    assert not agent.produce("large", b"x" * (SMALL + 1))
    assert agent.produced == {"small": b"x" * SMALL}


def test_nothing_is_accepted_after_the_task(ends: tuple[Connection, socket.socket]):
    agent = InsideAgent(ends[0], {})
    agent.end()
    with pytest.raises(AgentError, match="No task is accepting"):
        agent.produce("late", b"")
    with pytest.raises(AgentError, match="No task is accepting"):
        agent.NotifyResultData(messages.NotifyResultDataRequest())


def test_the_data_folder_is_laid_out_as_on_a_cluster(
    ends: tuple[Connection, socket.socket], tmp_path: Path
):
    large = tmp_path / "object"
    large.write_bytes(b"large")
    agent = InsideAgent(ends[0], {"payload": b"small", "input": str(large)})
    agent.make_folder(str(tmp_path / "data"))
    files = {path.name: path.read_bytes() for path in (tmp_path / "data").iterdir()}
    assert files == {"payload": b"small", "input": b"large"}
