"""Lesson 08: the graph of tasks and data, its layers, and the form that draws it."""

import re
import xml.etree.ElementTree as ElementTree
from itertools import pairwise
from types import SimpleNamespace

import grpc
import pytest
from armonik.client import ArmoniKResults, ArmoniKSessions, ArmoniKTasks
from armonik.common import ResultStatus, SessionStatus, TaskStatus

from hello_helpers import (
    Endpoint,
    HelloError,
    Payload,
    create_payload,
    create_session,
    submit_task,
)
from hello_helpers.display.graph import DRAWN_TASKS, Graph, graph
from hello_helpers.display.layers import place
from hello_helpers.display.session_graph import session_graph, watch_graph
from hello_helpers.display.signs import LOOKS, State
from hello_helpers.exercises import exercise_08
from hello_helpers.forms import SplitForm
from hello_helpers.wire import on_the_wire

DONE = State("COMPLETED")
SVG = "{http://www.w3.org/2000/svg}"


def task(key: str, made_by: str = "", needs: tuple[str, ...] = (), status: int = 4) -> object:
    return SimpleNamespace(
        id=key,
        status=status,
        created_by=made_by,
        data_dependencies=list(needs),
        expected_output_ids=["out"] if key in ("root", "join") else [f"of {key}"],
        output=SimpleNamespace(error="no <number>") if status == TaskStatus.ERROR else None,
    )


def result(key: str, owner: str, status: int = ResultStatus.COMPLETED) -> object:
    return SimpleNamespace(result_id=key, owner_task_id=owner, status=status)


TASKS = [
    task("root"),
    task("left", "root"),
    task("right", "root", status=TaskStatus.ERROR),
    task("join", "root", ("of left", "of right")),
]
RESULTS = [
    result("payload", "session"),
    result("out", "join"),
    result("of left", "left"),
    result("of right", "right", ResultStatus.ABORTED),
]


@pytest.fixture
def family() -> Graph:
    """A task that was split in two."""
    return graph(TASKS, RESULTS, {"of left": "10"})


def test_sentence_and_table_say_who_made_what_and_who_gives_the_output_that_was_handed_over(
    family: Graph,
) -> None:
    assert family.sentence == (
        "4 tasks and 3 results; 3 of the tasks were made by tasks, and 1 waits for data of others."
    )
    assert graph([task("root")], []).sentence.startswith("1 task and 0 results; 0 of the tasks")
    assert family.table.rows == [
        ("task 1", "makes tasks", DONE, "a client", "nothing", "nothing"),
        ("task 2", "computes", DONE, "task 1", "nothing", "data 2 = 10"),
        ("task 3", "has failed", State("ERROR"), "task 1", "nothing", "data 3"),
        ("task 4", "joins", DONE, "task 1", "data 2, data 3", "data 1"),
    ]


def test_the_picture_shows_the_same_and_says_it_in_words(family: Graph) -> None:
    assert family.picture
    svg = ElementTree.fromstring(family.picture.svg())
    signs = {look.sign for look in LOOKS.values()}
    shown = [node.text for node in svg.iter(f"{SVG}text") if node.text not in signs]
    assert [text for text in shown if re.match("(task|data) \\d", text or "")] == [
        *("task 1", "task 2", "task 3", "task 4", "data 1", "data 2", "data 3")
    ]
    assert {"makes tasks", "computes", "has failed", "joins", "= 10"} <= set(shown)
    assert shown.count("COMPLETED") == 5
    lines = list(svg.iter(f"{SVG}polyline"))
    assert len([line for line in lines if line.get("stroke-dasharray")]) == 3, "makes"
    assert len([line for line in lines if not line.get("stroke-dasharray")]) == 5, "data"
    for box in svg.iter(f"{SVG}rect"):
        assert float(box.get("x", -1)) >= 0
        assert float(box.get("x", 0)) + float(box.get("width", 0)) <= family.picture.width
        assert float(box.get("y", 0)) + float(box.get("height", 0)) <= family.picture.height
    assert (
        f"task 4 joins. It is {DONE}; made by task 1, it waits for data 2, data 3, "
        "and gives data 1."
    ) in family.picture.words
    red = LOOKS["ERROR"].colour
    assert [path.get("fill") for path in svg.iter(f"{SVG}path")].count(red) == 2, "with its data"


def test_why_a_task_has_failed_stands_below_and_a_victim_is_called_one(family: Graph) -> None:
    assert family.reasons == (("task 3", "ERROR", "no <number>"),)
    in_sight = family._repr_html_().split("</svg>")[-1]
    assert "<b>task 3</b>: no &lt;number&gt;" in in_sight
    chain = [task("right", status=TaskStatus.ERROR)]
    chain.append(task("next", needs=("of right",), status=TaskStatus.ERROR))
    failed = graph(chain, RESULTS)
    assert [row[1] for row in failed.table.rows] == ["has failed", "is a victim"]
    assert [name for name, *_ in failed.reasons] == ["task 1"], "a victim has none of its own"


def test_it_is_over_when_all_its_tasks_are() -> None:
    assert graph(TASKS, RESULTS).is_over
    assert not graph([], []).is_over
    assert not graph([*TASKS, task("late", status=TaskStatus.PENDING)], RESULTS).is_over


def test_a_task_of_which_only_a_part_is_known_does_not_break_it() -> None:
    alone = graph([task("join", "gone", ("lost",))], [])
    assert alone.table.rows == [("task 1", "joins", DONE, "?", "?", "nothing")]
    assert alone.picture
    assert graph([], []).picture is None


def test_a_legend_is_in_sight_and_a_wide_picture_is_scrolled_by_keyboard_too(
    family: Graph,
) -> None:
    assert family.picture
    shown = family._repr_html_()
    in_sight = shown.split("</svg>")[-1].split("<details>")[-2]  # it needs no click
    assert "Round boxes are data" in in_sight
    assert "Dashed arrow: a task makes a task." in in_sight
    assert f"min-width: {round(0.7 * family.picture.width)}px" in shown
    assert '<div tabindex="0" role="group" aria-label="The graph of tasks' in shown


def test_many_tasks_are_counted_and_not_drawn() -> None:
    many = graph([task(str(n)) for n in range(DRAWN_TASKS + 1)], [])
    assert many.picture is None
    assert many.sentence.startswith(f"{DRAWN_TASKS + 1} tasks")
    assert "A picture shows at most" in many._repr_html_()


def test_a_table_ends_somewhere_and_says_of_how_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hello_helpers.display.graph.LISTED_TASKS", 2)
    table = graph([task(str(n)) for n in range(3)], []).table
    assert (len(table.rows), table.remark) == (2, "These are the first 2 of 3 tasks.")


def test_each_node_stands_below_all_that_lead_to_it_and_none_upon_another() -> None:
    edges = [("a", "b"), ("a", "c"), ("b", "d"), ("c", "d"), ("a", "d"), ("d", "e"), ("x", "?")]
    places = place(list("abcdex"), edges)
    layer = {node: place[1] for node, place in places.nodes.items()}
    assert layer == {"a": 0, "b": 1, "c": 1, "d": 2, "e": 3, "x": 0}
    assert len(places.bends[("a", "d")]) == 1, "it goes around b and c"
    for row in range(places.height):
        middles = sorted(x for x, at in places.nodes.values() if at == row)
        assert all(b - a > 0.999 for a, b in pairwise(middles))
        assert all(0.499 < x < places.width - 0.499 for x in middles)


def test_edges_in_a_circle_are_refused() -> None:
    with pytest.raises(ValueError, match="circles"):
        place(["a", "b"], [("a", "b"), ("b", "a")])


@pytest.mark.embedded_only
def test_the_form_sends_a_task_with_this_threshold_and_draws_its_family(
    endpoint: Endpoint, channel: grpc.Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    form = SplitForm(endpoint)
    form.threshold.value = "0"
    with pytest.raises(HelloError, match="subtask_threshold must be a whole number from 1"):
        form.wait()
    form.first_n.value, form.threshold.value = "20", "10"
    form.run.click()
    assert form.wait() == 190
    assert "<svg" in form.picture.value
    assert "4 tasks and 3 results" in form.status.value
    assert "subtask_threshold=10" in form.code
    session = ArmoniKSessions(channel).get_session(form.session_id)
    assert session.status == SessionStatus.CLOSED
    names: dict[str, object] = {}
    exec(form.code, names)
    again = session_graph(channel, str(names["session_id"]))
    monkeypatch.setattr("hello_helpers.connect.pages.LONGEST", 2)  # all are counted, page by page
    assert again.sentence == session_graph(channel, form.session_id).sentence


@pytest.mark.embedded_only
def test_a_graph_grows_until_all_tasks_are_over_and_is_told_of_as_the_graphs(
    channel: grpc.Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[Graph] = []
    handle = SimpleNamespace(update=shown.append)
    monkeypatch.setattr("IPython.display.display", lambda *_, **__: handle)
    session_id = create_session(channel)
    data = create_payload(channel, session_id, Payload([1, 2, 3, 4], 2))
    with on_the_wire(channel) as wire:
        submit_task(channel, session_id, data)
        watch_graph(channel, session_id)
    assert shown[-1].is_over
    assert not any(graph.is_over for graph in shown[:-1])
    assert sorted(re.findall(r"= (\d+)", repr(shown[-1].table))) == ["10", "3", "7"]
    own = [call.method for call in wire.calls if not call.by]
    assert own == ["SubmitTasks"], "all others are told of as those of the graph"
    with pytest.raises(HelloError, match="may grow on: 0 tasks"):
        watch_graph(channel, create_session(channel), 0.3)
    with pytest.raises(HelloError, match="no session has the id 'nonsense'"):
        watch_graph(channel, "nonsense", 5)


def test_a_result_that_comes_while_the_exercise_looks_is_right(
    channel: grpc.Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = {
        "channel": channel,
        "my_session_id": create_session(channel),
        "tasks": ArmoniKTasks(channel),
        "create_payload": create_payload,
        "Payload": Payload,
    }
    exec(exercise_08.code, names)
    get_result, looks = ArmoniKResults.get_result, []

    def first_look_is_too_early(self: ArmoniKResults, result_id: str) -> object:
        found = get_result(self, result_id)
        if not looks:
            found.status = ResultStatus.CREATED
        looks.append(result_id)
        return found

    monkeypatch.setattr(ArmoniKResults, "get_result", first_look_is_too_early)
    assert "Right!" in repr(exercise_08.check(channel, names["my_result_id"]))
    assert len(looks) > 1
