"""Order the slots of layers so that few links cross: barycenters from above and below, then swaps of neighbours."""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Sequence
from itertools import pairwise

__all__ = ["crossings", "order_layers"]

_SWEEPS = 24
_SWAPS = 6

Neighbours = Sequence[Sequence[int]]


def order_layers(layers: list[list[int]], above: Neighbours, below: Neighbours) -> None:
    """Put each layer's slots into the best order that was met, in place.

    Args:
        layers: Slots by layer.
        above: For each slot, those of the layer above that lead to it.
        below: For each slot, those of the layer below that it leads to.
    """
    best = [list(layer) for layer in layers]
    fewest = crossings(layers, below)
    for sweep in range(_SWEEPS):
        if sweep % 2 == 0:
            for number in range(1, len(layers)):
                _sort(layers[number], layers[number - 1], above)
        else:
            for number in range(len(layers) - 2, -1, -1):
                _sort(layers[number], layers[number + 1], below)
        found = crossings(layers, below)
        if found < fewest:
            fewest, best = found, [list(layer) for layer in layers]
        if fewest == 0:
            break
    layers[:] = best
    _swap_neighbours(layers, above, below)


def crossings(layers: list[list[int]], below: Neighbours) -> int:
    """Return how often links between neighbouring layers cross."""
    return sum(_between(upper, lower, below) for upper, lower in pairwise(layers))


def _between(upper: list[int], lower: list[int], below: Neighbours) -> int:
    place = {slot: number for number, slot in enumerate(lower)}
    count = 0
    seen: list[int] = []
    for slot in upper:
        ends = sorted(place[other] for other in below[slot])
        count += sum(len(seen) - bisect_right(seen, end) for end in ends)
        for end in ends:
            insort(seen, end)
    return count


def _sort(layer: list[int], fixed: list[int], neighbours: Neighbours) -> None:
    """Sort a layer by the mean place of its neighbours; what has none keeps its place."""
    place = {slot: number for number, slot in enumerate(fixed)}
    free = [slot for slot in layer if neighbours[slot]]
    means = {slot: sum(place[other] for other in neighbours[slot]) / len(neighbours[slot]) for slot in free}
    ordered = iter(sorted(free, key=lambda slot: means[slot]))
    layer[:] = [next(ordered) if slot in means else slot for slot in layer]


def _swap_neighbours(layers: list[list[int]], above: Neighbours, below: Neighbours) -> None:
    """Swap two that stand side by side wherever that saves crossings."""
    for _ in range(_SWAPS):
        has_swapped = False
        places = [{slot: number for number, slot in enumerate(layer)} for layer in layers]
        for number, layer in enumerate(layers):
            for left in range(len(layer) - 1):
                one, two = layer[left], layer[left + 1]
                gain = 0
                if number > 0:
                    gain += _gain(above[one], above[two], places[number - 1])
                if number + 1 < len(layers):
                    gain += _gain(below[one], below[two], places[number + 1])
                if gain > 0:
                    layer[left], layer[left + 1] = two, one
                    places[number][one], places[number][two] = left + 1, left
                    has_swapped = True
        if not has_swapped:
            return


def _gain(one: Sequence[int], two: Sequence[int], place: dict[int, int]) -> int:
    """Return how many crossings fewer there are when `two` stands left of `one`."""
    gain = 0
    for first in one:
        for second in two:
            gain += (place[first] > place[second]) - (place[first] < place[second])
    return gain
