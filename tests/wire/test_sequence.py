"""The drawing of calls: picture, table and sentence say the same, and hold whatever comes."""

import re
import xml.etree.ElementTree as ElementTree
from dataclasses import replace

import pytest

from hello_helpers.wire.calls import BY_CLIENT, Call, Messages
from hello_helpers.wire.rows import MOST_ROWS, rows
from hello_helpers.wire.sequence import CLIENT, CONTROL, DRAWN_ROWS, WIDTH, sequence

SVG = "{http://www.w3.org/2000/svg}"
EVIL = "<script>&\x00\n"


def call(method: str = "CreateSession", began: float = 0.001, **fields: object) -> Call:
    known = Call(
        service="Sessions",
        method=method,
        streams_requests=False,
        streams_responses=False,
        began=began,
        ended=began + 0.002,
        requests=Messages(1, 93, (began,)),
        responses=Messages(1, 46, (began + 0.002,)),
        code="OK",
        details="",
    )
    return replace(known, **fields)  # type: ignore[arg-type]


STREAM = call(
    "GetEvents",
    service="Events",
    streams_responses=True,
    ended=0.021,
    responses=Messages(3, 1500, (0.002, 0.004, 0.011)),
)
REFUSED = call("GetSession", code="NOT_FOUND", details="no such session", responses=Messages())
STOPPED = replace(STREAM, code="CANCELLED", details=BY_CLIENT)
OPEN = replace(STREAM, code="", ended=None)
UPLOAD = call(
    "UploadResultData", streams_requests=True, requests=Messages(2, 3_000_000, (0.001, 0.1))
)
EACH_WAY = replace(STREAM, streams_requests=True)
ALL = [call(), STREAM, REFUSED, STOPPED, OPEN, UPLOAD, EACH_WAY, call(began=1.5, ended=3.0)]


def svg_of(calls: list[Call]) -> ElementTree.Element:
    picture = sequence(calls).picture
    assert picture is not None
    return ElementTree.fromstring(picture.svg())


def texts(svg: ElementTree.Element) -> list[str]:
    return [node.text or "" for node in svg.iter(f"{SVG}text")]


def test_a_call_is_named_timed_sized_and_has_a_status_in_sign_and_word() -> None:
    shown = texts(svg_of([call()]))
    assert shown[-6:] == ["1.0 ms", "Sessions.CreateSession", "✓ OK", "2.0 ms", "93 B", "46 B"]
    assert sequence([call()]).table.rows == [
        ("Sessions.CreateSession", "1.0 ms", "2.0 ms", "93 B", "46 B", "✓ OK")
    ]
    assert sequence([call()]).sentence == "1 call in 2.0 ms: 93 B sent, 46 B received."


@pytest.mark.parametrize(
    ("one", "status"),
    [
        (REFUSED, "✕ failed, NOT_FOUND: no such session"),
        (STOPPED, "■ ended, the client had read enough"),
        (OPEN, "○ open"),
        (call(code="CANCELLED", details="by the server"), "✕ failed, CANCELLED: by the server"),
    ],
)
def test_each_end_has_its_own_sign(one: Call, status: str) -> None:
    assert sequence([one]).table.rows[0][-1] == status
    sign, _, reason = status.partition(", ")
    assert sign in texts(svg_of([one]))
    assert not reason or reason in texts(svg_of([one]))


def test_the_calls_of_a_helper_share_a_row_with_its_name_and_one_without_answer_is_no_failure() -> (
    None
):
    by = {"by": "wait_for_results", "service": "Tasks"}
    looks = [call("ListResults", **by), call("GetTask", **by), call("ListResults", **by)]
    late = call("GetTask", **by, code="DEADLINE_EXCEEDED", details="Deadline Exceeded")
    found = sequence([call(), looks[0], STOPPED, *looks[1:], late])
    name = (
        "wait_for_results: ListResults \N{MULTIPLICATION SIGN} 2, GetTask \N{MULTIPLICATION SIGN} 2"
    )
    assert [row[0] for row in found.table.rows] == [
        "Sessions.CreateSession",
        "Events.GetEvents",
        name,
    ]
    assert found.table.rows[-1][-1] == "\N{CHECK MARK} OK, 1 of 4 had no answer"
    assert name in texts(svg_of([call(), *looks, late]))
    assert "Failed" not in found.sentence
    assert "helper's name" in found.sentence


@pytest.mark.parametrize(
    ("responses", "text"),
    [
        (STREAM.responses, "3 messages, 1.5 kB, from 1.0 ms to 10.0 ms"),
        (Messages(1000, 5000, (0.002, 0.011)), "1,000 messages, 5.0 kB, from 1.0 ms to 10.0 ms"),
        (Messages(1, 5, (0.002,)), "1 message, 5 B, after 1.0 ms"),
        (Messages(), "no message"),
    ],
)
def test_a_stream_says_how_many_messages_and_when(responses: Messages, text: str) -> None:
    assert rows([replace(STREAM, responses=responses)])[0].received == text
    sent = replace(STREAM, streams_requests=True, requests=responses)
    assert rows([sent])[0].sent == text


def test_each_message_of_a_stream_is_a_tick_inside_its_lane() -> None:
    ticks = [
        line for line in svg_of([STREAM]).iter(f"{SVG}line") if line.get("stroke-width") == "2"
    ]
    places = [float(line.get("x1", "0")) for line in ticks]
    assert len(places) == 3
    assert places == sorted(places)
    assert CLIENT < places[0] < places[-1] < CONTROL


def test_the_sentence_says_what_is_open_what_was_ended_and_what_failed() -> None:
    text = sequence(ALL).sentence
    said = (
        "8 calls in 3.00 s: 3.0 MB sent, ",
        "Still open: 1.",
        "1 stream was ended by the client, which had read enough: that is no error.",
        "Failed: 1.",
        "each tick is a message",
    )
    assert [words for words in said if words not in text] == []


def test_neighbours_of_the_same_kind_share_a_row() -> None:
    calls = [call("DownloadResultData", n / 1000, ended=n / 1000 + n / 500) for n in range(1, 41)]
    (row,) = sequence(calls).table.rows
    assert row == (
        "Sessions.DownloadResultData \N{MULTIPLICATION SIGN} 40",
        "1.0 ms",
        "median 41.0 ms",
        "3.7 kB in all",
        "1.8 kB in all",
        "✓ OK",
    )
    assert "Calls of the same kind share a row." in sequence(calls).sentence
    assert len(rows(calls[:2])) == 2


def test_calls_that_alternate_share_rows_only_if_there_are_many() -> None:
    pair = [call("CreateResults"), call("SubmitTasks")]
    assert len(rows(pair * (MOST_ROWS // 2))) == MOST_ROWS
    assert [row.count for row in rows(pair * 30)] == [30, 30]


def test_calls_with_another_status_never_share_a_row() -> None:
    calls = [REFUSED, replace(REFUSED, code="OK"), replace(REFUSED, code="UNAVAILABLE")] * 10
    assert [row.first.code for row in rows(calls)] == ["NOT_FOUND", "OK", "UNAVAILABLE"]
    still_open = rows([OPEN] * 3)
    assert [(row.count, row.took) for row in still_open] == [(3, "not over yet")]


def test_no_call_is_a_sentence_without_a_picture() -> None:
    shown = sequence([])
    assert (shown.picture, repr(shown)) == (None, "No call was made.")
    assert shown._repr_html_() == "<p>No call was made.</p>"


def test_the_picture_says_in_words_what_the_table_says() -> None:
    shown = sequence(ALL)
    described = svg_of(ALL).findtext(f"{SVG}desc") or ""
    assert svg_of(ALL).findtext(f"{SVG}title") == "The calls on the wire"
    assert shown.sentence in described
    cells = [cell for row in shown.table.rows for cell in row]
    assert [cell for cell in cells if cell not in described or cell not in repr(shown)] == []


def test_the_picture_lies_within_its_frame_and_uses_the_colour_of_the_text() -> None:
    svg = svg_of(ALL)
    _, _, width, height = map(float, svg.get("viewBox", "").split())
    assert width == WIDTH
    for box in svg.iter(f"{SVG}rect"):
        x, y, w, h = (float(box.get(key, "-1")) for key in ("x", "y", "width", "height"))
        assert 0 <= x <= x + w <= width
        assert 0 <= y <= y + h <= height
    for text in svg.iter(f"{SVG}text"):
        assert text.get("fill") == "currentColor"
        assert 0 < float(text.get("y", "-1")) < height


@pytest.mark.parametrize(
    ("method", "lines"),
    [("CreateResultsMetaData", 1), ("CreateResultsMetaDataForManyMoreTasks", 2)],
)
def test_a_long_name_has_a_line_of_its_own(method: str, lines: int) -> None:
    at = {text.text: text.get("y") for text in svg_of([call(method)]).iter(f"{SVG}text")}
    assert len({at[f"Sessions.{method}"], at["93 B"]}) == lines


def test_what_comes_from_outside_is_escaped_and_shortened() -> None:
    bad = call(EVIL * 100, service=EVIL, code=EVIL, details=EVIL * 1000)
    html = sequence([bad])._repr_html_()
    assert not re.search("<script>|\x00", html)
    assert len(html) < 10_000
    svg_of([bad])


def test_more_kinds_of_calls_than_can_be_drawn_are_in_the_table() -> None:
    calls = [call(f"Method{number}") for number in range(DRAWN_ROWS + 10)]
    shown = sequence(calls)
    assert len(shown.table.rows) == DRAWN_ROWS + 10
    assert f"The picture shows the first {DRAWN_ROWS} rows." in shown.sentence
    assert len([text for text in texts(svg_of(calls)) if "Method" in text]) == DRAWN_ROWS
