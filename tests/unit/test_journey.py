"""The journey of a task: picture, table and text say the same."""

import datetime
import xml.etree.ElementTree as ET
from types import SimpleNamespace

import pytest

from hello_helpers.display import Journey, journey
from hello_helpers.display.task_journey import INSTANTS

START = datetime.datetime(2026, 1, 2, 3, 4, 5, tzinfo=datetime.timezone.utc)
SVG = "{http://www.w3.org/2000/svg}"


def task(*milliseconds: float | None, status: int = 4) -> SimpleNamespace:
    """Return a task whose instants came so many milliseconds after its creation."""
    times: dict[str, object] = {f"{name}_at": None for name, *_ in INSTANTS}
    for (name, *_), at in zip(INSTANTS, milliseconds, strict=False):
        times[f"{name}_at"] = None if at is None else START + datetime.timedelta(milliseconds=at)
    return SimpleNamespace(status=status, **times)


@pytest.fixture
def whole() -> Journey:
    return journey(task(0, 1, 2, 3, 4, 5, 25, 26))


def test_the_instants_are_in_the_order_of_armonik(whole: Journey):
    assert [name for name, _ in whole.instants] == [
        "created",
        "submitted",
        "received",
        "acquired",
        "fetched",
        "started",
        "processed",
        "ended",
    ]


def test_the_text_says_when_what_and_how_long(whole):
    longest = "longest leg was started \N{RIGHTWARDS ARROW} processed: 20.0 ms"
    said = ("started after 5.0 ms", longest, "COMPLETED")
    assert [words for words in said if words not in whole.text] == []


def test_the_line_to_compare_holds_no_times(whole):
    assert repr(whole) == repr(journey(task(0, 10, 20, 30, 40, 50, 60, 70)))
    assert repr(whole).startswith("Journey of a task (COMPLETED): created, submitted, ")


def test_the_picture_has_title_and_description_and_a_bar_with_words_for_each_leg(whole):
    picture = ET.fromstring(whole.picture().svg())
    assert picture.get("role") == "img"
    assert picture.find(f"{SVG}title").text == "Journey of a task"
    assert picture.find(f"{SVG}desc").text == whole.text
    texts = picture.findall(f"{SVG}text")
    assert {text.get("fill") for text in texts} == {"currentColor"}, "on light and dark ground"
    assert {"started \N{RIGHTWARDS ARROW} processed", "20.0 ms"} <= {text.text for text in texts}
    bars = [
        [float(bar.get(name)) for name in ("x", "width")] for bar in picture.findall(f"{SVG}rect")
    ]
    assert len(bars) == 7
    width = float(picture.get("viewBox").split()[2])
    assert [bar for bar in bars if not 0 <= bar[0] <= sum(bar) <= width] == []


def test_the_table_holds_what_the_picture_holds(whole):
    shown = whole._repr_html_()
    cells = [f">{name}</th>" for name, *_ in INSTANTS] + [place for _, place, *_ in INSTANTS]
    assert [cell for cell in [*cells, "26.0 ms"] if cell not in shown] == []


def test_a_task_on_its_way_shows_what_has_come():
    running = journey(task(0, 1, 2, 3, 4, 5, status=9))
    assert repr(running).endswith(
        "PROCESSING): created, submitted, received, acquired, fetched, started"
    )
    assert len(ET.fromstring(running.picture().svg()).findall(f"{SVG}rect")) == 5


def test_an_instant_that_never_came_is_left_out():
    failed = journey(task(0, 1, None, None, None, None, None, 9, status=8))
    assert [name for name, _ in failed.instants] == ["created", "submitted", "ended"]


@pytest.mark.parametrize("times", [(), (0,)], ids=["nothing came", "it was created"])
def test_a_journey_that_has_not_begun_can_be_shown_too(times):
    young = journey(task(*times, status=1))
    assert "not begun" in young.text
    ET.fromstring(young.picture().svg())
    assert "<table>" in young._repr_html_()


def test_all_in_one_instant_can_be_shown():
    assert ET.fromstring(journey(task(0, 0, 0)).picture().svg()).findall(f"{SVG}rect")
