"""The lanes of a board: what each pod did, and when."""

import datetime
import xml.etree.ElementTree as ElementTree
from types import SimpleNamespace

from armonik.common import TaskStatus

from hello_helpers.display.lanes import MOST_TASKS, ROW, WIDTH, Lanes
from hello_helpers.display.signs import LOOKS

SVG = "{http://www.w3.org/2000/svg}"
EPOCH = 1_800_000_000.0


def task(key: object, pod: str, begin: float | None, end: float | None, status: int = 4) -> object:
    """Return a task that ran in a pod, from and to so many seconds."""
    started, processed = (
        None if at is None else datetime.datetime.fromtimestamp(EPOCH + at, datetime.timezone.utc)
        for at in (begin, end)
    )
    return SimpleNamespace(
        id=str(key),
        pod_hostname=pod,
        owner_pod_id="",
        started_at=started,
        processed_at=processed,
        ended_at=processed,
        status=status,
    )


def drawn(lanes: Lanes) -> list[tuple[str | None, str | None]]:
    """Return what is told of each bar, and its colour."""
    svg = ElementTree.fromstring(lanes.picture().svg())
    bars = []
    for group in svg.iter(f"{SVG}g"):
        (bar,) = group.iter(f"{SVG}rect")
        x, width, y = (float(bar.get(name, "")) for name in ("x", "width", "y"))
        assert 0 <= x <= x + width <= WIDTH
        assert 0 <= y <= y + ROW <= lanes.picture().height
        bars.append((group.findtext(f"{SVG}title"), bar.get("fill")))
    return bars


def test_each_pod_has_a_lane_and_each_task_a_bar_with_the_sign_and_colour_of_its_state() -> None:
    lanes = Lanes()
    running = task("c", "one", 0.5, None, TaskStatus.PROCESSING)
    lanes.note(
        [task("a", "one", 0, 0.2), task("b", "two", 0, 0.4, TaskStatus.ERROR), running],
        EPOCH + 0.9,
    )
    assert lanes.picture().words == [
        "pod 1 is one: 2 tasks, at work 0.60 of 0.90 s.",
        "pod 2 is two: 1 task, at work 0.40 of 0.90 s.",
    ]
    assert drawn(lanes) == [
        ("COMPLETED, 200 ms", LOOKS["COMPLETED"].colour),
        ("PROCESSING, 400 ms", LOOKS["PROCESSING"].colour),
        ("ERROR, 400 ms", LOOKS["ERROR"].colour),
    ]
    shown = lanes.picture().svg()
    assert all(f">{LOOKS[name].sign}</text>" in shown for name in ("COMPLETED", "ERROR"))
    assert lanes.over == 2
    assert lanes.latest == EPOCH + 0.5, "what goes on has not ended"
    lanes.note([task("c", "one", 0.5, 0.6)])
    assert (lanes.over, drawn(lanes)[1][0]) == (3, "COMPLETED, 100 ms")


def test_what_has_not_begun_is_left_out() -> None:
    lanes = Lanes()
    lanes.note([task("a", "", None, None, TaskStatus.SUBMITTED)])
    assert lanes.picture().words == ["No task has been started yet."]
    assert drawn(lanes) == []


def test_an_attempt_that_is_tried_again_is_not_over() -> None:
    lanes = Lanes()
    lanes.note([task("a", "one", 0, 1, TaskStatus.RETRIED), task("b", "one", 1, 2)])
    assert lanes.over == 1, "as a board counts"


def test_a_picture_is_drawn_while_more_is_noted() -> None:
    class Seen(SimpleNamespace):
        @property
        def begin(self) -> float:
            lanes.note([task(len(lanes._spans), "two", 0, 1)])  # as another thread may
            return EPOCH

    lanes = Lanes()
    lanes._spans["a"] = Seen(pod="one", end=EPOCH + 1, state="COMPLETED", tasks=1)  # type: ignore[assignment]
    assert lanes.picture().words == ["pod 1 is one: 1 task, at work 1.00 of 1.00 s."]


def test_bars_thinner_than_a_pixel_are_drawn_as_one_unless_their_states_differ() -> None:
    lanes = Lanes()
    lanes.note(task(n, "one", n / 1000, (n + 1) / 1000) for n in range(3_000))
    lanes.note([task("last", "one", 3, 3.001, TaskStatus.ERROR)])
    assert [told for told, _ in drawn(lanes)] == ["3000 tasks, COMPLETED, 3000 ms", "ERROR, 1 ms"]


def test_no_more_tasks_are_kept_than_anybody_can_make_out() -> None:
    lanes = Lanes()
    lanes.note(task(n, "one", n, n + 1) for n in range(MOST_TASKS + 10))
    assert lanes.over == MOST_TASKS


def test_the_name_of_a_pod_is_somebody_elses_text() -> None:
    lanes = Lanes()
    lanes.note([task("a", "<script>\n" + "x" * 100, 0, 1)])
    assert "<script>" not in lanes.picture()._repr_html_()
    assert len(lanes.picture().words[0]) < 120
