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

SWEEPS, STRAIGHTENING = 12, 60
"""How often all rows are gone through, down or up, to find their order; to straighten edges."""

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
    rows = _in_order(rows, links)
    for row in rows:
        _spread(row, {slot: float(number) for number, slot in enumerate(row)}, x)
    for sweep in range(STRAIGHTENING):
        for row in rows if sweep % 2 == 0 else reversed(rows):
            _spread(row, {slot: _wish(slot, links.get(slot, ()), x) for slot in row}, x)
    return x


def _in_order(
    rows: Sequence[Sequence[Slot]], links: Mapping[Slot, Sequence[Slot]]
) -> list[list[Slot]]:
    """Return the rows in the order with the fewest crossings that was met.

    Each slot goes to the middle of its neighbours in the row above, then in that below, and so on.
    """
    order = [list(row) for row in rows]
    best, fewest = [list(row) for row in order], _crossings(order, links)
    for sweep in range(SWEEPS):
        ways = list(itertools.pairwise(order if sweep % 2 == 0 else order[::-1]))
        for fixed, moving in ways:
            place = {slot: number for number, slot in enumerate(fixed)}
            wished = {}
            for number, slot in enumerate(moving):
                near = [place[other] for other in links.get(slot, ()) if other in place]
                wished[slot] = sum(near) / len(near) if near else float(number)
            moving.sort(key=wished.__getitem__)
        if (crossings := _crossings(order, links)) < fewest:
            best, fewest = [list(row) for row in order], crossings
    return best


def _crossings(rows: Sequence[Sequence[Slot]], links: Mapping[Slot, Sequence[Slot]]) -> int:
    """Count the pairs of edges that cross between two rows."""
    crossings = 0
    for upper, lower in itertools.pairwise(rows):
        place = {slot: number for number, slot in enumerate(lower)}
        ends = [[place[other] for other in links.get(slot, ()) if other in place] for slot in upper]
        crossings += sum(
            left > right
            for one, other in itertools.combinations(ends, 2)
            for left in one
            for right in other
        )
    return crossings


def _wish(slot: Slot, others: Sequence[Slot], x: Mapping[Slot, float]) -> float:
    """Return the middle of those that a slot is connected with. An edge wants most to be straight.

    The weights 1, 2 and 8 are those of Gansner and others, "A technique for drawing directed
    graphs" (1993), section 4.
    """
    if not others:
        return x[slot]
    weights = [(1, 2, 8)[_is_edge(slot) + _is_edge(other)] for other in others]
    places = [x[other] for other in others]
    return sum(w * at for w, at in zip(weights, places, strict=True)) / sum(weights)


def _spread(row: Sequence[Slot], wished: Mapping[Slot, float], x: dict[Slot, float]) -> None:
    """Put a row as near to the wished places as is possible without overlap.

    Neighbours whose wishes collide form a block, which stands where its members wish on average.
    """
    blocks: list[tuple[float, list[tuple[Slot, float]]]] = []
    """The left end of each block as it is wished; its slots, and how far each is from there."""
    for slot in row:
        members = [(slot, 0.0)]
        begin = wished[slot]
        while blocks and blocks[-1][0] + _length(blocks[-1][1], members) > begin:
            before, theirs = blocks.pop()
            shift = _length(theirs, members)
            total = len(theirs) + len(members)
            begin = (len(theirs) * before + len(members) * (begin - shift)) / total
            members = theirs + [(each, offset + shift) for each, offset in members]
        blocks.append((begin, members))
    for begin, members in blocks:
        x.update({slot: begin + offset for slot, offset in members})


def _length(left: Sequence[tuple[Slot, float]], right: Sequence[tuple[Slot, float]]) -> float:
    """Return how far the first slot of a block must be from the first one of the block before."""
    last, offset = left[-1]
    return offset + (_room(last) + _room(right[0][0])) / 2


def _is_edge(slot: Slot) -> bool:
    return len(slot) > 1


def _room(slot: Slot) -> float:
    return EDGE_ROOM if _is_edge(slot) else 1.0
