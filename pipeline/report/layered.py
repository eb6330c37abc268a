"""Where the boxes and the lines of a directed graph go: in layers, each box below all that it follows from.

>>> drawing = layered(["a", "b"], [("a", "b")], width=100, height=40)
>>> [(box.x, box.y) for box in drawing.boxes.values()]
[(10.0, 10.0), (10.0, 94.0)]
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import Any

_BETWEEN_BOXES, _BETWEEN_LINES, _BETWEEN_LAYERS, _MARGIN = 22.0, 12.0, 44.0, 10.0
_SWEEPS = 12

Ends = tuple[str, str]
# A box, or one of the bends of a line that crosses layers: its line and the layer.
_Item = Any


@dataclass(frozen=True)
class Box:
    """Where a box is: its left upper corner and its size."""

    id: str
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class Edge:
    """A line from one box to another.

    Args:
        source: The upper box.
        target: The lower box.
        path: Its course, as SVG's `d`.
        implied: Whether a longer way leads there too.
    """

    source: str
    target: str
    path: str
    implied: bool


@dataclass(frozen=True)
class Drawing:
    """The whole drawing and its size."""

    width: float
    height: float
    boxes: Mapping[str, Box]
    edges: tuple[Edge, ...]


def layered(nodes: Sequence[str], edges: Iterable[Ends], width: float, height: float, implied: bool = True) -> Drawing:
    """Returns where the boxes and lines of a graph go.

    Args:
        nodes: Names of the boxes; those of one layer lie in this order where the lines leave it open.
        edges: The lines as (from, to). One that would close a circle, or whose end is not there, is left out.
        width: Of each box.
        height: Of each box.
        implied: Whether a line is drawn where a longer way leads there too.
    """
    below = _acyclic(nodes, edges)
    direct = {ends for ends in _lines(below) if not _is_implied(below, *ends)}
    if not implied:
        below = {node: [target for target in below[node] if (node, target) in direct] for node in below}
    layers = _layers(below)
    chains = {ends: _chain(*ends, layers) for ends in _lines(below)}
    rows = _ordered(_rows(nodes, layers, chains), chains)

    def half(item: _Item) -> float:
        return width / 2 if isinstance(item, str) else 0.0

    across = _across(rows, chains, half)
    boxes = {
        node: Box(
            node,
            round(across[node] - width / 2 + _MARGIN, 1),
            round(_MARGIN + layers[node] * (height + _BETWEEN_LAYERS), 1),
            width,
            height,
        )
        for node in nodes
    }
    return Drawing(
        round(max((across[item] + half(item) for item in across), default=0.0) + 2 * _MARGIN, 1),
        max((box.y + height for box in boxes.values()), default=0.0) + _MARGIN,
        boxes,
        tuple(Edge(*ends, _path(chain, across, boxes, height), ends not in direct) for ends, chain in chains.items()),
    )


def _acyclic(nodes: Sequence[str], edges: Iterable[Ends]) -> dict[str, list[str]]:
    """Returns each node with those that follow it."""
    below: dict[str, list[str]] = {node: [] for node in nodes}
    for source, target in dict.fromkeys(edges):
        if source in below and target in below and source not in _reached(below, target):
            below[source].append(target)
    return below


def _lines(below: Mapping[str, Sequence[str]]) -> list[Ends]:
    return [(source, target) for source, targets in below.items() for target in targets]


def _reached(below: Mapping[str, Sequence[str]], *starts: str) -> set[str]:
    """Returns what some nodes lead to, with themselves."""
    found, waiting = set(starts), list(starts)
    while waiting:
        new = set(below[waiting.pop()]) - found
        found |= new
        waiting += new
    return found


def _is_implied(below: Mapping[str, Sequence[str]], source: str, target: str) -> bool:
    return target in _reached(below, *(other for other in below[source] if other != target))


def _layers(below: Mapping[str, Sequence[str]]) -> dict[str, int]:
    """Returns the layer of each node, as deep as the longest way to it; a source lies just above what it leads to."""
    found = dict.fromkeys(below, 0)
    waiting = list(below)
    while waiting:
        node = waiting.pop()
        deeper = [target for target in below[node] if found[target] <= found[node]]
        found.update(dict.fromkeys(deeper, found[node] + 1))
        waiting += deeper
    followed = {target for _, target in _lines(below)}
    for node, targets in below.items():
        if targets and node not in followed:
            found[node] = min(found[target] for target in targets) - 1
    return found


def _chain(source: str, target: str, layers: Mapping[str, int]) -> list[_Item]:
    """Returns the stations of a line, one in every layer that it touches."""
    bends = ((source, target, layer) for layer in range(layers[source] + 1, layers[target]))
    return [source, *bends, target]


def _rows(nodes: Sequence[str], layers: Mapping[str, int], chains: Mapping[Ends, list[_Item]]) -> list[list[_Item]]:
    rows: dict[int, list[_Item]] = defaultdict(list)
    for node in nodes:
        rows[layers[node]].append(node)
    for chain in chains.values():
        for _, _, layer in chain[1:-1]:
            rows[layer].append(chain[layer - layers[chain[0]]])
    return [rows[layer] for layer in sorted(rows)]


def _neighbours(chains: Mapping[Ends, list[_Item]]) -> tuple[dict[_Item, list[_Item]], ...]:
    above, below = defaultdict(list), defaultdict(list)
    for chain in chains.values():
        for upper, lower in pairwise(chain):
            above[lower].append(upper)
            below[upper].append(lower)
    return above, below


def _ordered(rows: list[list[_Item]], chains: Mapping[Ends, list[_Item]]) -> list[list[_Item]]:
    """Sorts each row by where its neighbours lie, down and up again, and returns the rows with the fewest crossings."""
    above, below = _neighbours(chains)
    best, fewest = [list(row) for row in rows], _crossings(rows, below)
    downwards, upwards = list(range(1, len(rows))), list(range(len(rows) - 2, -1, -1))
    for sweep in range(_SWEEPS):
        around, step = (above, -1) if sweep % 2 == 0 else (below, 1)
        for number in downwards if step < 0 else upwards:
            rows[number] = _by_means(rows[number], rows[number + step], around)
        if (crossed := _crossings(rows, below)) < fewest:
            best, fewest = [list(row) for row in rows], crossed
    return best


def _by_means(row: list[_Item], fixed: list[_Item], around: Mapping[_Item, list[_Item]]) -> list[_Item]:
    places, own = {item: place for place, item in enumerate(fixed)}, {item: place for place, item in enumerate(row)}

    def mean(item: _Item) -> float:
        found = [places[one] for one in around.get(item, ())]
        return sum(found) / len(found) if found else own[item]

    return sorted(row, key=mean)


def _crossings(rows: list[list[_Item]], below: Mapping[_Item, list[_Item]]) -> int:
    count = 0
    for upper, lower in pairwise(rows):
        places = {item: place for place, item in enumerate(lower)}
        ends = [places[one] for item in upper for one in sorted(below.get(item, ()), key=places.__getitem__)]
        count += sum(first > second for number, first in enumerate(ends) for second in ends[number + 1 :])
    return count


def _across(
    rows: list[list[_Item]], chains: Mapping[Ends, list[_Item]], half: Callable[[_Item], float]
) -> dict[_Item, float]:
    """Returns the middle of each item: as near to the middles of its neighbours as there is room, from 0 on."""
    above, below = _neighbours(chains)
    found = {item: place * 40.0 for row in rows for place, item in enumerate(row)}
    for sweep in range(_SWEEPS):
        for row in rows if sweep % 2 == 0 else rows[::-1]:
            around = [(above.get(item, []) + below.get(item, [])) or [item] for item in row]
            wished = [sum(found[one] for one in ones) / len(ones) for ones in around]
            found.update(zip(row, _apart(wished, _distances(row, half)), strict=True))
    least = min((found[item] - half(item) for item in found), default=0.0)
    return {item: middle - least for item, middle in found.items()}


def _distances(row: Sequence[_Item], half: Callable[[_Item], float]) -> list[float]:
    """Returns how far the middle of each item must be from that of the one before it."""
    found = [0.0]
    for left, right in pairwise(row):
        between = _BETWEEN_BOXES if half(left) and half(right) else _BETWEEN_LINES
        found.append(half(left) + half(right) + between)
    return found


def _apart(wished: Sequence[float], distances: Sequence[float]) -> list[float]:
    """Returns the places nearest to those wished, in squares, that keep the order and the distances.

    Without the distances this is isotonic regression: neighbours in the wrong order share the mean of their wishes.
    """
    offsets = list(accumulate(distances))
    groups: list[tuple[float, int]] = []
    for wish, offset in zip(wished, offsets, strict=True):
        total, count = wish - offset, 1
        while groups and groups[-1][0] / groups[-1][1] > total / count:
            more, others = groups.pop()
            total, count = total + more, count + others
        groups.append((total, count))
    shared = [total / count for total, count in groups for _ in range(count)]
    return [place + offset for place, offset in zip(shared, offsets, strict=True)]


def _path(chain: list[_Item], across: Mapping[_Item, float], boxes: Mapping[str, Box], height: float) -> str:
    """Returns a line that leaves a box below, passes its bends upright and enters the other from above."""
    first, last = boxes[chain[0]], boxes[chain[-1]]
    step = height + _BETWEEN_LAYERS
    x, y = across[first.id] + _MARGIN, first.y + height
    path = [f"M{x:.1f} {y:.1f}"]
    for number, item in enumerate(chain[1:], start=1):
        to_x, to_y = across[item] + _MARGIN, first.y + number * step
        half = (y + to_y) / 2
        path.append(f"C{x:.1f} {half:.1f} {to_x:.1f} {half:.1f} {to_x:.1f} {to_y:.1f}")
        x, y = to_x, to_y
        if item != last.id:
            y += height
            path.append(f"V{y:.1f}")
    return "".join(path)
