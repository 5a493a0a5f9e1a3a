"""The benchmark itself works: small numbers, once, and nobody to compare with but the raw limit."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import grpc
import pytest
from armonik.protogen.client.events_service_pb2_grpc import EventsStub

from hello_helpers.embedded import EmbeddedArmonik
from tests.conformance.driver import ArmoniK

from . import hello, peers, raw, raw_client, rows
from .__main__ import main
from .private_socket import PAYLOAD
from .rows import ROWS

pytestmark = pytest.mark.embedded_only

SMALL = [
    *("--count", "50", "--repeat", "1", "--no-peers", "--warm", "20"),
    *("--leaves", "8", "--queued", "20", "--gigabytes", "0.001", "--watch", "0.1"),
]

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def armonik() -> Iterator[EmbeddedArmonik]:
    with EmbeddedArmonik() as armonik:
        yield armonik


@pytest.fixture
def started_once(armonik: EmbeddedArmonik, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Have all rows share what each of them would start for itself: that takes its time."""
    with (
        raw_client.client(workers=2) as with_workers,
        raw_client.client(workers=1, by_grpc=True) as over_grpc,
        raw.served() as address,
        grpc.insecure_channel(address) as channel,
        hello.create_channel(armonik.endpoint) as ours,
    ):
        without = raw_client.RawHello(channel)

        def raw_one(
            workers: int = 0, *, by_grpc: bool = False
        ) -> AbstractContextManager[raw_client.RawHello]:
            return nullcontext(over_grpc if by_grpc else with_workers if workers else without)

        def our_client(**_: object) -> AbstractContextManager[hello.Hello]:
            return nullcontext(hello.Hello(armonik, ours))

        monkeypatch.setattr(hello, "client", our_client)
        monkeypatch.setattr(raw_client, "client", raw_one)
        monkeypatch.setattr(raw, "served", lambda: nullcontext(address))
        monkeypatch.setattr(rows, "command", lambda *_: None)
        yield


@pytest.mark.usefixtures("started_once")
def test_every_row_is_measured_and_compared_and_drawn(tmp_path: Path):
    path = tmp_path / "new" / "figures.json"
    main([*SMALL, "--json", str(path)])
    assert tempfile.gettempdir() not in path.read_text("utf-8")
    figures = json.loads(path.read_text("utf-8"))
    assert figures["machine"]["versions"]["armonik"]
    rows = figures["rows"]
    assert len({row["name"] for row in rows}) >= len(ROWS)
    first = {}
    for row in rows:
        ours = first.setdefault(row["name"], row)
        assert row["compared with"], row
        if row["who"] in peers.PEERS:
            assert "--no-peers" in row["note"] or row["note"].startswith("left out"), row
            continue
        assert row["spread"]["low"] <= row["spread"]["median"] <= row["spread"]["high"], row
        assert (row["ratio"] is None) == (row is ours), row
    assert {row["who"] for row in rows} >= {"empty gRPC handlers", "file copy", *peers.PEERS}

    root = ElementTree.parse(tmp_path / "new" / "figures.svg").getroot()
    assert root.findtext(f"{SVG}title")
    words = " ".join(text.text or "" for text in root.iter(f"{SVG}text"))
    assert all(row["name"] in words and row["who"] in words for row in rows)
    bars = [bar for bar in root.iter(f"{SVG}rect") if bar.get("fill") != "white"]
    assert len(bars) == sum(row["ratio"] is not None for row in rows)


def test_the_raw_answers_are_as_large_as_ours(armonik: EmbeddedArmonik):
    count, numbers = 50, range(1000, 1050)
    client = ArmoniK(armonik.endpoint, "default")
    mine = {"session_id": client.create_session()}
    named = [{"name": f"p{n}", "data": PAYLOAD} for n in numbers]
    stored = client.results.CreateResults(raw.results.CreateResultsRequest(results=named, **mine))
    named = [{"name": f"o{n}"} for n in numbers]
    announced = client.results.CreateResultsMetaData(
        raw.results.CreateResultsMetaDataRequest(results=named, **mine)
    )
    creations = [
        {"payload_id": payload.result_id, "expected_output_keys": [output.result_id]}
        for payload, output in zip(stored.results, announced.results, strict=True)
    ]
    submitted = client.tasks.SubmitTasks(
        raw.tasks.SubmitTasksRequest(task_creations=creations, **mine)
    )
    client.close()
    for ours, empty in (
        (stored, raw.stored(count)),
        (announced, raw.announced(count)),
        (submitted, raw.submitted(count)),
    ):
        assert empty.ByteSize() == pytest.approx(ours.ByteSize(), rel=0.05), type(ours).__name__


class Heard:
    """A stream of which it is counted what it tells; something is done after its first word."""

    def __init__(self, stub: EventsStub, then: Callable[[], None]) -> None:
        self.count = 0
        self._get_events, stub.GetEvents = stub.GetEvents, self._open
        self._then = then

    def _open(self, *args: Any, **kwargs: Any) -> Heard:
        self._call = self._get_events(*args, **kwargs)
        self.cancel = self._call.cancel
        return self

    def __iter__(self) -> Iterator[Any]:
        for message in self._call:
            self.count += 1
            if self.count == 1:
                self._then()
            yield message


@pytest.mark.usefixtures("started_once")
def test_the_raw_stream_tells_as_many_changes_as_ours():
    def run(client: hello.Hello) -> None:
        payload_ids, output_ids = client.create(hello.payloads(5)), client.announce(5)
        client.submit(payload_ids, output_ids)
        client.wait(output_ids)

    with hello.client() as ours, raw_client.client(workers=2) as empty:
        ours.pause()  # so that no task runs before the stream is there
        heard = Heard(ours._stream, ours.resume), Heard(empty._events, lambda: None)
        run(ours)
        run(empty)
    assert heard[0].count == heard[1].count == 15
