"""The benchmark itself works: small numbers, once, and nobody to compare with but the raw limit."""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import grpc
import pytest
from armonik.common import create_channel
from armonik.protogen.client.results_service_pb2_grpc import ResultsStub
from armonik.protogen.client.tasks_service_pb2_grpc import TasksStub
from armonik.protogen.common.results_common_pb2 import (
    CreateResultsMetaDataRequest,
    CreateResultsRequest,
)
from armonik.protogen.common.tasks_common_pb2 import SubmitTasksRequest

from hello_helpers.embedded import EmbeddedArmonik

from . import hello, peers, raw, raw_client
from .__main__ import main
from .measuring import Contender, NotMeasured, Race, Sample, run
from .private_socket import PAYLOAD
from .rows import ROWS, starts

pytestmark = pytest.mark.embedded_only

SMALL = [
    *("--count", "50", "--repeat", "1", "--no-peers", "--warm", "20", "--sizes", "10", "50"),
    *("--leaves", "8", "--gigabytes", "0.001", "--watch", "0.1"),
]

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def armonik() -> Iterator[EmbeddedArmonik]:
    with EmbeddedArmonik() as armonik:
        yield armonik


@pytest.fixture
def started_once(armonik: EmbeddedArmonik, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Have all rows share what each of them would start for itself: that takes its time."""

    @contextmanager
    def our_client(data: str | None = None) -> Iterator[tuple[EmbeddedArmonik, hello.Hello]]:
        del data
        with create_channel(armonik.endpoint) as channel:
            yield armonik, hello.Hello(channel)

    with raw_client.client(workers=2) as with_workers, raw.served() as address:
        without = raw_client.RawHello(grpc.insecure_channel(address), process=True)

        def raw_one(
            workers: int = 0, *, process: bool = False
        ) -> AbstractContextManager[raw_client.RawHello]:
            del process
            return nullcontext(with_workers if workers else without)

        monkeypatch.setattr(hello, "client", our_client)
        monkeypatch.setattr(raw_client, "client", raw_one)
        monkeypatch.setattr(raw, "served", lambda: nullcontext(address))
        monkeypatch.setattr(starts, "COMMAND", [sys.executable, "-c", "pass"])
        yield


@pytest.fixture
def written(started_once: None, tmp_path: Path) -> tuple[dict[str, Any], str]:
    """All rows, measured: the figures, and the picture."""
    del started_once
    main([*SMALL, "--json", str(tmp_path / "new" / "figures.json")])
    text = (tmp_path / "new" / "figures.json").read_text("utf-8")
    assert tempfile.gettempdir() not in text
    return json.loads(text), (tmp_path / "new" / "figures.svg").read_text("utf-8")


def test_every_row_is_measured_and_compared_and_drawn(written: tuple[dict[str, Any], str]):
    figures, picture = written
    assert figures["machine"]["cores"] >= 1
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

    root = ElementTree.fromstring(picture)
    assert root.findtext(f"{SVG}title")
    words = " ".join(root.itertext())
    assert all(row["name"] in words and row["who"] in words for row in rows)
    bars = [bar for bar in root.iter(f"{SVG}rect") if bar.get("fill") != "white"]
    assert len(bars) == sum(row["ratio"] is not None for row in rows)


def test_the_raw_answers_are_as_large_as_ours(armonik: EmbeddedArmonik):
    with create_channel(armonik.endpoint) as channel:
        session_id = hello.Hello(channel).session_id
        results, count, names = ResultsStub(channel), 50, range(1000, 1050)
        new = CreateResultsRequest.ResultCreate
        stored = results.CreateResults(
            CreateResultsRequest(
                session_id=session_id, results=[new(name=f"p{n}", data=PAYLOAD) for n in names]
            )
        )
        named = CreateResultsMetaDataRequest.ResultCreate
        announced = results.CreateResultsMetaData(
            CreateResultsMetaDataRequest(
                session_id=session_id, results=[named(name=f"o{n}") for n in names]
            )
        )
        pairs = zip(stored.results, announced.results, strict=True)
        task = SubmitTasksRequest.TaskCreation
        submitted = TasksStub(channel).SubmitTasks(
            SubmitTasksRequest(
                session_id=session_id,
                task_creations=[
                    task(payload_id=payload.result_id, expected_output_keys=[output.result_id])
                    for payload, output in pairs
                ],
            )
        )
    for ours, empty in (
        (stored, raw.stored(count)),
        (announced, raw.announced(count)),
        (submitted, raw.submitted(count)),
    ):
        assert empty.ByteSize() == pytest.approx(ours.ByteSize(), rel=0.05), type(ours).__name__


def test_rows_can_be_chosen_by_name(tmp_path: Path, started_once: None):
    del started_once
    main([*SMALL, "--rows", "submission", "--json", str(tmp_path / "figures.json")])
    rows = json.loads((tmp_path / "figures.json").read_text("utf-8"))["rows"]
    assert {row["name"].split(":")[0] for row in rows} == {"submission alone"}


def test_a_row_that_does_not_exist_is_refused_with_the_names_of_those_that_do(
    capsys: pytest.CaptureFixture[str],
):
    with pytest.raises(SystemExit):
        main(["--rows", "speed"])
    assert "cold" in capsys.readouterr().err


def test_contenders_are_measured_in_turn_and_compared_within_each_repetition():
    order: list[str] = []

    def measured(who: str, values: list[float]) -> Callable[[], Sample]:
        def measure() -> Sample:
            order.append(who)
            return Sample({"row": [values.pop(0)]})

        return measure

    ours, peer = run(
        Race(
            {"row": "s"},
            [
                Contender("ours", measured("ours", [1.0, 10.0, 3.0])),  # the second time is slow,
                Contender("peer", measured("peer", [2.0, 20.0, 6.0])),  # for the peer, too
            ],
            repeat=3,
        )
    )
    assert order == ["ours", "peer"] * 3
    assert ours.ratio is None
    assert peer.ratio is not None
    assert (peer.ratio.low, peer.ratio.median, peer.ratio.high) == (0.5, 0.5, 0.5)


def test_a_peer_that_fails_is_named_with_the_reason_and_the_others_go_on():
    def fail() -> Sample:
        raise NotMeasured("it has no time")

    ours, peer = run(
        Race(
            {"row": "s"},
            [Contender("ours", lambda: Sample({"row": [1.0]})), Contender("peer", fail)],
            repeat=2,
        )
    )
    assert len(ours.runs) == 2
    assert (peer.runs, peer.ratio, peer.note) == ([], None, "not measured: it has no time")
