"""The graph of a session: which task made which, what each gives, and what it waits for.

All of it is in what ``list_tasks`` and ``list_results`` return, of any ArmoniK.
"""

from __future__ import annotations

import dataclasses
import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from armonik.common import ResultStatus, TaskStatus

from hello_helpers.display.drawing import Arrow, Box, Picture, Point
from hello_helpers.display.layers import Edge, Places, place
from hello_helpers.display.signs import FAILED, OVER, State
from hello_helpers.display.tables import Table, one_line

DRAWN_TASKS = 60
"""More than that nobody can make out; they are counted."""

LISTED_TASKS = 1000
"""A browser takes a second for a table of that."""

HAS_FAILED, VICTIM = "has failed", "is a victim"
"""Roles of a failed task: the second one was never started, for it waits for data of another."""

LISTED_REASONS = 10
"""The reasons of more failures nobody reads; and most of them have the same one."""

LONGEST_REASON = 300
"""Characters of a reason."""

WIDTH, HEIGHT, GAP_X, GAP_Y, MARGIN, ROUND = 124, 58, 10, 32, 10, 18
"""Pixels: a box, the gaps between boxes, the margin, the corners of data."""

LEGEND = (
    "Round boxes are data, with a dashed frame if nothing is in them; the others are tasks. "
    "Dashed arrow: a task makes a task. Solid arrow: data come out of a task, or a task waits "
    "for them."
)


@dataclass(frozen=True)
class Graph:
    """A picture, a table and a sentence; a cell that ends with it shows all three.

    Attributes:
        reasons: of each task that has failed by itself its name, its status, and what it says.
        is_over: all tasks are, and there are some.
    """

    sentence: str
    table: Table
    picture: Picture | None
    reasons: tuple[tuple[str, str, str], ...] = ()
    is_over: bool = False

    def _repr_html_(self) -> str:
        return f"{self.picture_and_table()}<p>{html.escape(self.sentence)}</p>"

    def picture_and_table(self) -> str:
        """Return them as HTML, for whoever says the sentence elsewhere."""
        legend = "".join(
            f"<p>{State(status)._repr_html_()} <b>{name}</b>: {html.escape(reason)}</p>"
            for name, status, reason in self.reasons[:LISTED_REASONS]
        )
        legend += f"<p>{LEGEND}</p>" if self.picture else ""
        rest = (
            f"{legend}<details><summary>The same as a table</summary>"
            f"{self.table._repr_html_()}</details>"
        )
        return f"{self.picture._repr_html_() if self.picture else ''}{rest}"

    def __repr__(self) -> str:
        return f"{self.sentence}\n{self.table!r}"


def graph(
    tasks: Sequence[Any], results: Sequence[Any], values: Mapping[str, str] | None = None
) -> Graph:
    """Return the graph of these tasks and of the results that go in and out of them.

    Args:
        tasks: as ``list_tasks`` returns them, the oldest first.
        results: as ``list_results`` returns them; payloads are left out.
        values: of results, by id, as they are shown.
    """
    names = {task.id: f"task {number}" for number, task in enumerate(tasks, 1)}
    outputs = {
        key for task in tasks for key in [*task.expected_output_ids, *task.data_dependencies]
    }
    data = [result for result in results if result.result_id in outputs]
    names |= {result.result_id: f"data {number}" for number, result in enumerate(data, 1)}
    made = [(task.created_by or "", task.id) for task in tasks]
    given = [(result.owner_task_id or "", result.result_id) for result in data]
    needed = [(key, task.id) for task in tasks for key in task.data_dependencies]
    aborted = {one.result_id for one in data if one.status == ResultStatus.ABORTED}
    parents = {task.created_by for task in tasks}
    notes = {task.id: _role(task, parents, aborted) for task in tasks}
    notes |= {key: f"= {value}" for key, value in (values or {}).items()}
    table = _table(tasks, data, names, notes)
    words = [
        LEGEND,
        *(
            f"{name} {role}. It is {status}; made by {by}, it waits for {needs}, and gives {gives}."
            for name, role, status, by, needs, gives in table.rows
        ),
    ]
    is_drawn = 0 < len(tasks) <= DRAWN_TASKS
    picture = _draw(tasks, data, names, notes, made, given + needed, words) if is_drawn else None
    reasons = tuple(
        (names[task.id], TaskStatus(task.status).name, one_line(task.output.error, LONGEST_REASON))
        for task in tasks
        if notes[task.id] == HAS_FAILED and task.output
    )
    states = {TaskStatus(task.status).name for task in tasks}
    is_over = bool(states) and states <= {*OVER, "RETRIED"}
    return Graph(_sentence(tasks, data), table, picture, reasons, is_over)


def _role(task: Any, parents: set[str | None], aborted: set[str]) -> str:
    """Return what a task is for, as far as its place in the graph tells."""
    if TaskStatus(task.status).name in FAILED:
        return VICTIM if aborted.intersection(task.data_dependencies) else HAS_FAILED
    if task.id in parents:
        return "makes tasks"
    return "joins" if task.data_dependencies else "computes"


def _sentence(tasks: Sequence[Any], data: Sequence[Any]) -> str:
    by_worker = sum(bool(task.created_by) for task in tasks)
    waiting = sum(bool(task.data_dependencies) for task in tasks)
    text = (
        f"{_many(len(tasks), 'task')} and {_many(len(data), 'result')}; {by_worker:,} of the tasks "
        f"{'was' if by_worker == 1 else 'were'} made by tasks, and {waiting:,} "
        f"{'waits' if waiting == 1 else 'wait'} for data of others."
    )
    if len(tasks) > DRAWN_TASKS:
        text += f" A picture shows at most {DRAWN_TASKS} tasks."
    return text


def _many(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def _table(
    tasks: Sequence[Any], data: Sequence[Any], names: dict[str, str], notes: Mapping[str, str]
) -> Table:
    told = {key: f"{name} {notes.get(key, '')}".rstrip() for key, name in names.items()}
    rows = [
        (
            names[task.id],
            notes[task.id],
            State(TaskStatus(task.status).name),
            names.get(task.created_by or "", "a client" if not task.created_by else "?"),
            _names(task.data_dependencies, names) or "nothing",
            _names([one.result_id for one in data if one.owner_task_id == task.id], told)
            or "nothing",
        )
        for task in tasks[:LISTED_TASKS]
    ]
    cut = len(tasks) > LISTED_TASKS
    remark = f"These are the first {LISTED_TASKS:,} of {len(tasks):,} tasks." if cut else ""
    header = ("task", "role", "status", "made by", "waits for", "gives")
    return Table("Tasks, and their data", header, rows, remark)


def _names(keys: Sequence[str], names: dict[str, str]) -> str:
    return ", ".join(names.get(key, "?") for key in keys)


def _draw(
    tasks: Sequence[Any],
    data: Sequence[Any],
    names: dict[str, str],
    notes: Mapping[str, str],
    made: list[Edge],
    flow: list[Edge],
    words: list[str],
) -> Picture:
    places = place(list(names), [*made, *flow])
    boxes = {
        task.id: _box(places, task.id, names, notes, TaskStatus(task.status).name) for task in tasks
    }
    for result in data:
        status = ResultStatus(result.status).name
        box = _box(places, result.result_id, names, notes, status)
        boxes[result.result_id] = dataclasses.replace(
            box, dashed=status != "COMPLETED", radius=ROUND
        )
    arrows = [
        Arrow(_way(places, boxes, edge), dashed=dashed)
        for edges, dashed in ((made, True), (flow, False))
        for edge in edges
        if edge[0] in boxes and edge[1] in boxes
    ]
    return Picture(
        "The graph of tasks and data",
        words,
        places.width * (WIDTH + GAP_X) - GAP_X + 2 * MARGIN,
        places.height * (HEIGHT + GAP_Y) - GAP_Y + 2 * MARGIN,
        [*arrows, *boxes.values()],
    )


def _box(
    places: Places, key: str, names: dict[str, str], notes: Mapping[str, str], status: str
) -> Box:
    middle, layer = places.nodes[key]
    x = MARGIN + middle * (WIDTH + GAP_X) - (WIDTH + GAP_X) / 2
    y = MARGIN + layer * (HEIGHT + GAP_Y)
    lines = [names[key], status, *([notes[key]] if key in notes else [])]
    return Box(round(x), y, WIDTH, HEIGHT, lines, status)


def _way(places: Places, boxes: dict[str, Box], edge: Edge) -> list[Point]:
    start, end = boxes[edge[0]], boxes[edge[1]]
    points = [start.bottom]
    for middle, layer in places.bends[edge]:
        x = MARGIN + middle * (WIDTH + GAP_X) - GAP_X / 2
        y = MARGIN + layer * (HEIGHT + GAP_Y)
        points += [Point(round(x), y), Point(round(x), y + HEIGHT)]
    return [*points, end.top]
