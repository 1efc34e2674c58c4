"""Give a directed graph's nodes layers: first without cycles, then from the top down within a width."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["acyclic", "assign_layers"]

_PULLS = 8

Pair = tuple[int, int]


def acyclic(count: int, pairs: Sequence[Pair]) -> list[Pair]:
    """Return the edges with as few of them turned round as a greedy order needs, so that there is no cycle.

    Nodes are taken off in turn: what has no way out goes to the end, what has no way in to the beginning, and else the
    node with most ways out over ways in (Eades, Lin and Smyth 1993). An acyclic graph stays as it is.

    Args:
        count: Of nodes, which are numbers from 0.
        pairs: Edges, from and to; none from a node to itself.
    """
    left = set(range(count))
    outs = {node: {b for a, b in pairs if a == node} for node in left}
    ins = {node: {a for a, b in pairs if b == node} for node in left}
    first: list[int] = []
    final: list[int] = []
    while left:
        sinks = sorted((node for node in left if not outs[node] & left), reverse=True)
        sources = sorted(node for node in left if not ins[node] & left)
        if sinks or sources:
            final += sinks
            first += [node for node in sources if node not in sinks]
            left -= {*sinks, *sources}
            continue
        best = max(sorted(left), key=lambda node: len(outs[node] & left) - len(ins[node] & left))
        first.append(best)
        left.remove(best)
    place = {node: number for number, node in enumerate([*first, *reversed(final)])}
    return [(a, b) if place[a] < place[b] else (b, a) for a, b in pairs]


def assign_layers(widths: Sequence[float], edges: Sequence[Pair], budget: float) -> list[int]:
    """Return each node's layer, counted from the top: below all that lead to it, in layers no wider than the budget.

    Layers are filled by list scheduling (after Coffman and Graham 1972); nodes then move to where links are shorter.

    Args:
        widths: Of the nodes.
        edges: Without a cycle.
        budget: Width of one layer; one node may exceed it.
    """
    above: list[set[int]] = [set() for _ in widths]
    below: list[set[int]] = [set() for _ in widths]
    for upper, lower in edges:
        above[lower].add(upper)
        below[upper].add(lower)
    layers = _schedule(widths, above, below, budget)
    room: dict[int, float] = {}
    for node, layer in enumerate(layers):
        room[layer] = room.get(layer, budget) - widths[node]
    for _ in range(_PULLS):
        if not _pull(widths, above, below, layers, room):
            break
    return _without_gaps(layers)


def _schedule(widths: Sequence[float], above: list[set[int]], below: list[set[int]], budget: float) -> list[int]:
    """Fill layers from the top: of nodes whose predecessors are placed, those with the longest way down come first."""
    depth = _depths(below)
    layers = [-1] * len(widths)
    waiting = sorted(range(len(widths)), key=lambda node: (-depth[node], node))
    layer = 0
    while waiting:
        used = 0.0
        taken: list[int] = []
        for node in waiting:
            is_ready = all(0 <= layers[other] < layer for other in above[node])
            if is_ready and (not taken or used + widths[node] <= budget):
                taken.append(node)
                used += widths[node]
        for node in taken:
            layers[node] = layer
        waiting = [node for node in waiting if layers[node] < 0]
        layer += 1
    return layers


def _depths(below: list[set[int]]) -> list[int]:
    """Return the length of each node's longest way down."""
    depth = [-1] * len(below)
    for start in range(len(below)):
        pending = [start]
        while pending:
            node = pending[-1]
            unknown = [other for other in sorted(below[node]) if depth[other] < 0]
            if unknown:
                pending += unknown
                continue
            depth[node] = 1 + max((depth[other] for other in below[node]), default=-1)
            pending.pop()
    return depth


def _pull(
    widths: Sequence[float], above: list[set[int]], below: list[set[int]], layers: list[int], room: dict[int, float]
) -> bool:
    """Move nodes to where their links are shortest in all, if there is room; say whether one moved."""
    has_moved = False
    for node in sorted(range(len(layers)), key=lambda each: (-layers[each], each)):
        lowest = max((layers[other] + 1 for other in above[node]), default=0)
        highest = min((layers[other] - 1 for other in below[node]), default=layers[node] if above[node] else lowest)
        balance = len(above[node]) - len(below[node])
        choices = range(highest, layers[node], -1) if balance < 0 else range(lowest, layers[node])
        if balance == 0:
            continue
        for layer in choices:
            if room.get(layer, 0.0) >= widths[node]:
                room[layers[node]] += widths[node]
                room[layer] -= widths[node]
                layers[node] = layer
                has_moved = True
                break
    return has_moved


def _without_gaps(layers: list[int]) -> list[int]:
    used = {layer: number for number, layer in enumerate(sorted(set(layers)))}
    return [used[layer] for layer in layers]
