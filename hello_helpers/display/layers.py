"""Where the nodes of a graph stand: in layers, each below all that lead to it. Pure functions.

An edge that passes other layers gets a point in each of them, so that it goes around what stands
there. Within a layer nodes stand near the middle of those that they are connected with.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

Edge = tuple[str, str]
Slot = tuple[str, ...]
"""What takes room in a layer: a node, ``(name,)``, or an edge on its way, ``(from, to, layer)``."""

SWEEPS = 4

EDGE_ROOM = 0.4
"""Room that an edge on its way takes, as a part of what a node takes."""


@dataclass(frozen=True)
class Places:
    """Where everything is; the unit is a node with the gap beside it, or a layer.

    Attributes:
        nodes: for each node its middle and its layer, from 0.
        bends: for each edge its points between the two ends.
        width: from the first left side to the last right side.
        height: number of layers.
    """

    nodes: Mapping[str, tuple[float, int]]
    bends: Mapping[Edge, Sequence[tuple[float, int]]]
    width: float
    height: int


def place(nodes: Sequence[str], edges: Iterable[Edge]) -> Places:
    """Return places for the nodes; the edges must not go in circles."""
    known = set(nodes)
    edges = [edge for edge in dict.fromkeys(edges) if known.issuperset(edge)]
    layer_of = _layers(nodes, edges)
    rows: list[list[Slot]] = [[] for _ in range(max(layer_of.values(), default=-1) + 1)]
    for node in nodes:
        rows[layer_of[node]].append((node,))
    links: dict[Slot, list[Slot]] = {}
    for start, end in edges:
        way: list[Slot] = [(start,)]
        for layer in range(layer_of[start] + 1, layer_of[end]):
            way.append((start, end, str(layer)))
            rows[layer].append(way[-1])
        way.append((end,))
        for one, other in itertools.pairwise(way):
            links.setdefault(one, []).append(other)
            links.setdefault(other, []).append(one)
    x = _columns(rows, links)
    left = min((x[slot] - _room(slot) / 2 for row in rows for slot in row), default=0.0)
    right = max((x[slot] + _room(slot) / 2 for row in rows for slot in row), default=0.0)
    bends = {
        (start, end): [
            (x[(start, end, str(layer))] - left, layer)
            for layer in range(layer_of[start] + 1, layer_of[end])
        ]
        for start, end in edges
    }
    places = {node: (x[(node,)] - left, layer_of[node]) for node in nodes}
    return Places(places, bends, right - left, len(rows))


def _layers(nodes: Sequence[str], edges: Sequence[Edge]) -> dict[str, int]:
    """Return for each node the length of the longest way that leads to it."""
    layer_of = dict.fromkeys(nodes, 0)
    for _ in nodes:
        moved = False
        for start, end in edges:
            if layer_of[end] <= layer_of[start]:
                layer_of[end], moved = layer_of[start] + 1, True
        if not moved:
            return layer_of
    raise ValueError("The edges go in circles.")


def _columns(rows: list[list[Slot]], links: Mapping[Slot, Sequence[Slot]]) -> dict[Slot, float]:
    """Return where everything stands in its row."""
    x: dict[Slot, float] = {}
    for row in rows:
        _spread(row, {slot: float(number) for number, slot in enumerate(row)}, x)
    for sweep in range(2 * SWEEPS):
        for row in rows if sweep % 2 == 0 else reversed(rows):
            wished = {
                slot: sum(x[other] for other in links[slot]) / len(links[slot])
                if links.get(slot)
                else x[slot]
                for slot in row
            }
            row.sort(key=wished.__getitem__)
            _spread(row, wished, x)
    return x


def _spread(row: Sequence[Slot], wished: Mapping[Slot, float], x: dict[Slot, float]) -> None:
    """Put a row near the wished places, without overlap."""
    before = None
    for slot in row:
        least = wished[slot]
        if before is not None:
            least = max(least, x[before] + (_room(before) + _room(slot)) / 2)
        x[slot], before = least, slot
    if row:
        shift = sum(x[slot] - wished[slot] for slot in row) / len(row)
        for slot in row:
            x[slot] -= shift


def _room(slot: Slot) -> float:
    return 1.0 if len(slot) == 1 else EDGE_ROOM
