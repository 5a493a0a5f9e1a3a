"""The first screen: the way of a task, as a picture that moves, one that stands, and a table."""

import datetime
import re
import xml.etree.ElementTree as ElementTree
from types import SimpleNamespace

import pytest

from hello_helpers.display.moment import PLACES, Moment
from hello_helpers.display.task_journey import INSTANTS, Clicks, Stop, stops

CLICKED = 1_800_000_000.0
SVG = "{http://www.w3.org/2000/svg}"
CLICKS = Clicks(CLICKED, CLICKED + 0.004, CLICKED + 0.005, CLICKED + 0.007, CLICKED + 0.02)


def task(ahead: float = 0.0, **missing: None) -> SimpleNamespace:
    """Return a task of an ArmoniK whose clock is so many seconds ahead."""
    times = {
        f"{name}_at": datetime.datetime.fromtimestamp(
            CLICKED + ahead + 0.006 + 0.001 * number, datetime.timezone.utc
        )
        for number, (name, *_) in enumerate(INSTANTS)
    }
    return SimpleNamespace(**{**times, **missing})


@pytest.fixture
def moment() -> Moment:
    return Moment(stops(task(), CLICKS, "45"))


def test_the_way_leads_from_the_client_through_all_planes_and_back_with_the_sum(
    moment: Moment,
) -> None:
    assert [(stop.place, stop.state) for stop in moment.stops] == [
        ("your client", ""),
        ("objects", ""),
        ("tables", "CREATING"),
        ("queue", "SUBMITTED"),
        ("agent", "DISPATCHED"),
        ("worker", "PROCESSING"),
        ("worker", ""),
        ("objects", "COMPLETED"),
        ("your client", ""),
    ]
    assert [round(stop.at) for stop in moment.stops] == [0, 4, 6, 7, 9, 11, 12, 13, 20]
    assert moment.stops[-1].headline == "20.0 ms \N{MIDDLE DOT} the result is here: 45"
    assert {stop.place for stop in moment.stops} <= set(PLACES)


@pytest.mark.parametrize("ahead", [-3600.0, 3.0])
def test_another_clock_does_not_move_the_task_out_of_its_call(ahead: float) -> None:
    created = stops(task(ahead), CLICKS, "45")[2]
    assert (created.state, round(created.at)) == ("CREATING", 6)


def test_what_armonik_has_not_written_down_is_left_out() -> None:
    way = stops(task(processed_at=None, ended_at=None), CLICKS, "45")
    assert [stop.place for stop in way][-3:] == ["agent", "worker", "your client"]


def test_a_task_that_has_made_others_says_so() -> None:
    assert stops(task(), CLICKS, "45", 3)[-2].words.startswith("3 more tasks, made by this one")


def test_the_still_picture_and_the_table_say_the_same(moment: Moment) -> None:
    picture = ElementTree.fromstring(moment.picture().svg())
    numbers = [node.text for node in picture.iter(f"{SVG}text") if (node.text or "").isdigit()]
    assert sorted(numbers) == [row[0] for row in moment.table().rows]
    described = picture.findtext(f"{SVG}desc") or ""
    told = [row[4] for row in moment.table().rows]
    assert [words for words in told if words not in described] == []
    assert picture.find(".//*[@class]") is None, "nothing of it moves"


def test_the_one_that_moves_ends_as_the_still_one_and_moves_for_nobody_who_wants_no_motion(
    moment: Moment,
) -> None:
    moving = moment.moving()
    style, _, rest = moving.partition("</style>")
    assert style.startswith("<style>@media (prefers-reduced-motion: no-preference) {")
    assert "infinite" not in style
    hidden = re.findall(r'class="([a-z]+)[-\d]*"[^>]*opacity="0"', rest)
    assert sorted(set(hidden)) == ["glow", "line", "packet"], "all else is there without motion"
    assert moving.count("moment-") > 1
    assert moving.split("moment-")[1] != moment.moving().split("moment-")[1], "rules of its own"


def test_words_from_outside_are_escaped() -> None:
    shown = Moment([Stop("your client", "", "<script>", 0.0)])
    assert "<script>" not in shown._repr_html_() + shown.moving()


def test_the_line_to_compare_holds_no_times(moment: Moment) -> None:
    assert not re.search(r"\d ms", repr(moment))
    assert "ArmoniK's three planes" in repr(Moment())
    assert "no-preference" not in Moment()._repr_html_()
