"""The pod's end of the short road: frames however they arrive, and a worker that sends nonsense."""

import asyncio
import socket
from types import SimpleNamespace
from typing import Any

import pytest
from armonik.protogen.common.worker_common_pb2 import HealthCheckReply, ProcessRequest

from hello_helpers.embedded.compute_plane.inside.connection import (
    DONE,
    HEALTH,
    PREFIX,
    Frame,
    lengths,
)
from hello_helpers.embedded.compute_plane.outcome import Verdict
from hello_helpers.embedded.compute_plane.short_road import FrameStream, ShortRoad

FRAMES = [Frame("one", {"n": 1}), Frame("two", {}, [b"a" * 1000, b""]), Frame("three")]


@pytest.mark.parametrize("size", [1, 7, 100, 5000])
def test_frames_are_cut_as_they_were_sent_whatever_pieces_they_come_in(size: int) -> None:
    taken: list[Frame] = []
    stream = FrameStream(taken.append, lambda _: None)
    data = b"".join(frame.encode() for frame in FRAMES)
    for start in range(0, len(data), size):
        stream.data_received(data[start : start + size])
    assert [(frame.kind, frame.values, list(frame.parts)) for frame in taken] == [
        (frame.kind, frame.values, list(frame.parts)) for frame in FRAMES
    ]


NONSENSE = {
    "no frame": PREFIX.pack(4, 0) + b"oops",
    "a frame that claims to be huge": PREFIX.pack(10, 1 << 40),
    "an end that names no task": Frame(DONE).encode(),
}


@pytest.mark.parametrize("sent", NONSENSE.values(), ids=list(NONSENSE))
def test_a_worker_that_sends_nonsense_ends_its_task_and_its_road(sent: bytes) -> None:
    outcome, is_serving = asyncio.run(asyncio.wait_for(run_beside(sent), 10))
    assert outcome.verdict is Verdict.CRASH
    assert not is_serving


async def run_beside(sent: bytes) -> tuple[Any, bool]:
    """Run a task on a road whose worker is healthy, and then sends this."""
    exited = asyncio.Event()
    exited.set()
    log = SimpleNamespace(position=lambda: 0)
    process: Any = SimpleNamespace(
        name="p", exited=exited, end_report=lambda **_: "it ended", log=log
    )
    staging: Any = SimpleNamespace(token="token")
    pod, worker = socket.socketpair()
    pod.setblocking(False)
    reader, writer = await asyncio.open_unix_connection(sock=worker)

    async def next_frame() -> None:
        header, body = lengths(await reader.readexactly(PREFIX.size))
        await reader.readexactly(header + body)

    async def be_a_worker() -> None:
        await next_frame()  # the question for its health
        writer.write(Frame(HEALTH, {"status": HealthCheckReply.SERVING}).encode())
        await next_frame()  # the task
        writer.write(sent)

    plane: Any = None
    being = asyncio.create_task(be_a_worker())
    async with ShortRoad.open(process, plane, pod) as road:
        outcome = await road.run(staging, ProcessRequest(), 5)
        is_serving = await road.is_serving(1)
    await being
    writer.close()
    return outcome, is_serving
