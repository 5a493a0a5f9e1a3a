"""What the lessons show: tables, pictures, states, verdicts."""

import datetime
import xml.etree.ElementTree as ElementTree
from types import SimpleNamespace

import grpc
import pytest
from armonik.client import ArmoniKTasks, ArmoniKVersions
from armonik.common import TaskDefinition, TaskStatus

from hello_helpers import Endpoint, HelloError, Payload, create_payload, create_session
from hello_helpers.display import Table, facts, listing, pictures
from hello_helpers.display.connection import Connection
from hello_helpers.display.moment import Moment
from hello_helpers.display.signs import LOOKS
from hello_helpers.display.states import watch_session
from hello_helpers.exercises.core import Exercise, Wrong

EVIL = "<script>&"

PICTURES = {
    "planes": lambda: Moment().picture(),
    **{
        name: getattr(pictures, name)
        for name in ("channel", "session_states", "results", "task_states", "pod", "handshake")
    },
}

TASK = SimpleNamespace(
    id="t1",
    status=TaskStatus.COMPLETED,
    options=SimpleNamespace(max_duration=datetime.timedelta(minutes=5), partition_id=""),
    created_at=datetime.datetime(2026, 1, 2, 3, 4, 5, tzinfo=datetime.timezone.utc),
    outputs=["a", "b"],
)


def test_facts_show_names_units_and_what_is_empty() -> None:
    names = ["status", "options.max_duration", "options.partition_id", "outputs"]
    assert repr(facts("A task", TASK, names)).splitlines() == [
        "A task",
        "field                 value",
        "status                \N{CHECK MARK} COMPLETED",
        "options.max_duration  300 seconds",
        "options.partition_id  (empty)",
        "outputs               a, b",
    ]


def test_a_listing_has_a_row_for_each_and_may_be_empty() -> None:
    assert (
        repr(listing("Tasks", [TASK], ["id", "status"])).splitlines()[2]
        == "t1  \N{CHECK MARK} COMPLETED"
    )
    assert repr(listing("Tasks", [], ["id", "status"])).splitlines() == ["Tasks", "id  status"]


def test_a_table_has_header_cells_and_escapes_what_it_shows() -> None:
    shown = Table(EVIL, ("a", EVIL), [(EVIL, EVIL)])._repr_html_()
    assert 'scope="row"' in shown
    assert 'scope="col"' in shown
    assert "<script>" not in shown


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_is_sound_lies_within_its_frame_and_says_the_same_in_words(name: str) -> None:
    picture = PICTURES[name]()
    svg = ElementTree.fromstring(picture.svg())
    shown = {node.text for node in svg.iter("{http://www.w3.org/2000/svg}text")}
    assert svg.findtext("{http://www.w3.org/2000/svg}title") == picture.title
    words = " ".join(picture.words).lower()
    for name in ", ".join(shown).split(", "):
        if name.isupper() or name.endswith("_session"):
            assert name.lower() in words
    for sentence in picture.words:
        assert sentence in repr(picture)
    for box in svg.iter("{http://www.w3.org/2000/svg}rect"):
        x, y, width, height = (float(box.get(key)) for key in ("x", "y", "width", "height"))
        assert 0 <= x <= x + width <= picture.width
        assert 0 <= y <= y + height <= picture.height
        assert box.get("stroke") == "currentColor", "it can be read on light and dark ground"
    for text in svg.iter("{http://www.w3.org/2000/svg}text"):
        signs = {look.sign for look in LOOKS.values()}  # white, upon the colours of states
        assert text.get("fill") == ("#ffffff" if text.text in signs else "currentColor")


def exercise(look: object) -> Exercise:
    return Exercise("exercise_99", look, ("think", "look"), "answer = 1 < 2")


def test_a_verdict_is_a_line_of_text_with_the_way_to_the_hints() -> None:
    def look(answer: object) -> str:
        raise Wrong(f"{answer} is not it.", "Try again.")

    tried = exercise(look)
    assert repr(tried.check(...)).startswith("\N{WHITE CIRCLE} Not tried yet. Replace the dots")
    for nothing in (None, ""):  # as a form has it before its button is clicked
        shown = repr(tried.check(nothing))
        assert shown.startswith("\N{WHITE CIRCLE} Not tried yet. There is nothing in your answer")
        assert "click its button" in shown
    assert repr(tried.check(7)).splitlines() == [
        "\N{MULTIPLICATION X} Not right yet. 7 is not it. Try again.",
        "Hints: exercise_99.hint(1) to exercise_99.hint(2). Then: exercise_99.solution()",
    ]
    assert repr(tried.hint()) == "Hint 1 of 2: think"
    for number in (0, 3):
        assert repr(tried.hint(number)).startswith("There are 2 hints here: exercise_99.hint(1)")
    assert repr(tried.solution()) == "answer = 1 < 2"


def test_a_verdict_folds_hints_and_solution_and_escapes_all() -> None:
    shown = exercise(lambda _: EVIL).check(1)._repr_html_()
    assert "<script>" not in shown
    assert "<details>" not in shown
    shown = exercise(lambda _: EVIL).check(...)._repr_html_()
    assert shown.count("<details>") == 3
    assert "1 &lt; 2" in shown


def test_a_connection_is_idle_until_the_first_call() -> None:
    with Endpoint.find().open_channel() as fresh:
        connection = Connection(fresh)
        assert connection.state == "IDLE"
        assert connection.until("READY", 0.5) == "IDLE"  # to look does not connect
        connection = Connection(fresh)
        ArmoniKVersions(fresh).list_versions()
        assert connection.until("READY") == "READY"


@pytest.mark.embedded_only
def test_a_watch_tells_all_states_of_a_task_in_their_order(channel: grpc.Channel) -> None:
    session_id = create_session(channel)
    data = create_payload(channel, session_id, Payload([1, 2]))
    watch = watch_session(channel, session_id)
    task = TaskDefinition(payload_id=data.payload_id, expected_output_ids=[data.result_id])
    (sent,) = ArmoniKTasks(channel).submit_tasks(session_id, [task])
    history = watch.until_over(sent)
    states = ["CREATING", "PENDING", "SUBMITTED", "DISPATCHED", "PROCESSING", "COMPLETED"]
    assert history.states == states
    assert [step.thing for step in history.steps].count("result") == 1
    assert " \N{RIGHTWARDS ARROW} ".join(states) in repr(history)
    for shown in (repr(history), history._repr_html_()):
        assert "in the order in which this notebook heard of them" in shown


def test_a_watch_gives_up_in_time_and_says_why(channel: grpc.Channel) -> None:
    session_id = create_session(channel)
    data = create_payload(channel, session_id, Payload([1]))
    other = create_payload(channel, session_id, Payload([1]))
    watch = watch_session(channel, session_id)
    task = TaskDefinition(payload_id=data.result_id, expected_output_ids=[other.result_id])
    (sent,) = ArmoniKTasks(channel).submit_tasks(session_id, [task])
    with pytest.raises(HelloError, match=r"not over after 0\.3 seconds.*waits for its input"):
        watch.until_over(sent, timeout=0.3)


def test_a_watch_on_a_dead_endpoint_says_so_at_once() -> None:
    with (
        Endpoint.parse("http://localhost:1").open_channel() as dead,
        pytest.raises(HelloError, match="cannot be reached"),
    ):
        watch_session(dead, "x")
