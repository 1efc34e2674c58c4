"""Lay out a directed graph in layers, top down, within a width; knows boxes and links, and nothing of systems.

The steps are those of Sugiyama, Tagawa and Toda (1981): turn edges so that there is no cycle, assign layers of bounded
width (both in `studio.graph.ranking`), put dummies where links pass a layer, order layers with few crossings
(`studio.graph.ordering`), and assign coordinates: each box wants to stand at the mean of its neighbours, and isotonic
regression gives the nearest places that keep order and distance.

Ties are broken by the order of the boxes given, so the same graph gives the same numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from studio.graph.ordering import order_layers
from studio.graph.ranking import acyclic, assign_layers

__all__ = ["Box", "Layout", "Link", "Path", "Place", "arrange"]

GAP_X = 26.0
GAP_Y = 58.0
DUMMY_WIDTH = 9.0
DUMMY_GAP = 7.0
ROUNDS = 24
_CROWD, _CROWD_GAP = 40, 0.9  # links that count for the distance of layers, and how much
_STRAIGHT = 6.0  # how much more two dummies of a link pull at each other than a box does


@dataclass(frozen=True, slots=True)
class Box:
    """What is to be placed.

    Attributes:
        name: Unique.
        width: Pixels; `height` likewise.
        ports: Where links may enter on the top, by name: distances from the left side.
    """

    name: str
    width: float
    height: float
    ports: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, slots=True, order=True)
class Link:
    """A directed link between two boxes, entering at a port of the target (anywhere on its top when empty)."""

    source: str
    target: str
    port: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a box stands: its left upper corner, and its layer, counted from the top."""

    box: Box
    x: float
    y: float
    layer: int


@dataclass(frozen=True, slots=True)
class Path:
    """How a link runs, in its direction: upright from each point with an even number to the next, and bent in between.

    Attributes:
        link: Whose path it is.
        points: Where it enters each layer's band, and where it leaves it.
        is_reversed: Whether it runs upwards.
    """

    link: Link
    points: tuple[tuple[float, float], ...]
    is_reversed: bool


@dataclass(frozen=True, slots=True)
class Layout:
    """A finished layout; the left upper corner of everything is at 0, 0."""

    width: float
    height: float
    places: tuple[Place, ...]
    paths: tuple[Path, ...]


@dataclass(slots=True)
class _Slot:
    """One place in a layer: of a box, or of a link that passes."""

    width: float
    box: int = -1
    x: float = 0.0
    above: list[int] = field(default_factory=list)
    below: list[int] = field(default_factory=list)

    @property
    def centre(self) -> float:
        return self.x + self.width / 2


@dataclass(slots=True)
class _Grid:
    """The graph while it is laid out: slots, the layers that hold them, and each link's slots from top to bottom."""

    boxes: list[Box]
    links: list[Link]
    slots: list[_Slot]
    layers: list[list[int]]
    chains: list[list[int]]

    def is_reversed(self, number: int) -> bool:
        return self.boxes[self.chains[number][0]].name != self.links[number].source


def arrange(boxes: Sequence[Box], links: Sequence[Link], *, width_max: float = 1240.0) -> Layout:
    """Lay out boxes and links.

    Args:
        boxes: In the order that breaks ties.
        links: Between names of boxes; those from a box to itself are left out, repeated ones are drawn once.
        width_max: Wanted bound of the width; it is exceeded where one layer cannot be made narrower.
    """
    index = {box.name: number for number, box in enumerate(boxes)}
    wanted = list(dict.fromkeys(link for link in links if link.source != link.target))
    pairs = [(index[link.source], index[link.target]) for link in wanted]
    best: Layout | None = None
    for share in (1.0, 0.85, 0.7, 0.55, 0.4):
        tried = _arrange(list(boxes), wanted, pairs, width_max * share)
        if best is None or tried.width < best.width:
            best = tried
        if best.width <= width_max:
            break
    assert best is not None
    return best


def _arrange(boxes: list[Box], links: list[Link], pairs: list[tuple[int, int]], budget: float) -> Layout:
    turned = acyclic(len(boxes), pairs)
    grid = _grid(boxes, links, assign_layers([box.width + GAP_X for box in boxes], turned, budget), turned)
    slots = grid.slots
    order_layers(grid.layers, [slot.above for slot in slots], [slot.below for slot in slots])
    _place_across(slots, grid.layers)
    places, height = _place_down(grid)
    width = max((slot.x + slot.width for slot in slots), default=0.0)
    return Layout(width, height, tuple(places), tuple(_paths(grid, places)))


def _grid(boxes: list[Box], links: list[Link], layer_of: list[int], turned: list[tuple[int, int]]) -> _Grid:
    """Return all slots, with dummies where links pass a layer; links between the same two boxes share theirs."""
    slots = [_Slot(box.width, number) for number, box in enumerate(boxes)]
    layers: list[list[int]] = [[] for _ in range(max(layer_of, default=-1) + 1)]
    for number, layer in enumerate(layer_of):
        layers[layer].append(number)
    known: dict[tuple[int, int], list[int]] = {}
    for upper, lower in dict.fromkeys(turned):
        chain = known[upper, lower] = [upper]
        for layer in range(layer_of[upper] + 1, layer_of[lower]):
            slots.append(_Slot(DUMMY_WIDTH))
            layers[layer].append(len(slots) - 1)
            chain.append(len(slots) - 1)
        chain.append(lower)
        for first, second in pairwise(chain):
            slots[first].below.append(second)
            slots[second].above.append(first)
    return _Grid(boxes, links, slots, layers, [known[pair] for pair in turned])


# -- coordinates ------------------------------------------------------------------------------------------------------


def _place_across(slots: list[_Slot], layers: list[list[int]]) -> None:
    """Give every slot its x: packed at first, then towards its neighbours, by turns from above and below."""
    offsets = [_offsets(slots, layer) for layer in layers]
    totals = [row[-1] + slots[layer[-1]].width if layer else 0.0 for row, layer in zip(offsets, layers, strict=True)]
    width = max(totals, default=0.0)
    for layer, row, total in zip(layers, offsets, totals, strict=True):
        for slot, offset in zip(layer, row, strict=True):
            slots[slot].x = offset + (width - total) / 2
    for turn in range(ROUNDS):
        order = range(len(layers)) if turn % 2 == 0 else range(len(layers) - 1, -1, -1)
        for number in order:
            looks = ("above", "below") if turn >= ROUNDS // 2 else (("above",) if turn % 2 == 0 else ("below",))
            _settle(slots, layers[number], offsets[number], width - totals[number], looks)


def _offsets(slots: list[_Slot], layer: list[int]) -> list[float]:
    """Return each slot's least distance from the left side of its layer's first."""
    row: list[float] = []
    x = 0.0
    for before, slot in zip([None, *layer], layer, strict=False):
        if before is not None:
            both_pass = slots[before].box < 0 and slots[slot].box < 0
            x += slots[before].width + (DUMMY_GAP if both_pass else GAP_X)
        row.append(x)
    return row


def _settle(slots: list[_Slot], layer: list[int], row: list[float], room: float, looks: tuple[str, ...]) -> None:
    """Move a layer's slots to the nearest of where they want to stand that keeps order, distance and bounds."""
    wishes: list[float] = []
    weights: list[float] = []
    for number, offset in zip(layer, row, strict=True):
        slot = slots[number]
        pulls = [
            (slots[other].centre - slot.width / 2, _STRAIGHT if slot.box < 0 and slots[other].box < 0 else 1.0)
            for look in looks
            for other in (slot.above if look == "above" else slot.below)
        ]
        weight = sum(pull for _, pull in pulls)
        wish = sum(x * pull for x, pull in pulls) / weight if pulls else slot.x
        wishes.append(wish - offset)
        weights.append(weight if pulls else 0.1)
    for number, offset, value in zip(layer, row, _isotonic(wishes, weights), strict=True):
        slots[number].x = offset + min(max(value, 0.0), room)


def _isotonic(values: list[float], weights: list[float]) -> list[float]:
    """Return the nearest values, by weighted squares, that never fall; by pooling adjacent violators."""
    pools: list[tuple[float, float, int]] = []
    for value, weight in zip(values, weights, strict=True):
        pool = (value, weight, 1)
        while pools and pools[-1][0] > pool[0]:
            mean, mass, count = pools.pop()
            total = mass + pool[1]
            pool = ((mean * mass + pool[0] * pool[1]) / total, total, count + pool[2])
        pools.append(pool)
    return [mean for mean, _, count in pools for _ in range(count)]


def _place_down(grid: _Grid) -> tuple[list[Place], float]:
    """Return where boxes stand, and the height of all; where many links cross, layers stand further apart."""
    places: list[Place] = []
    bottom = y = 0.0
    for number, layer in enumerate(grid.layers):
        here = [grid.slots[slot] for slot in layer]
        height = max((grid.boxes[slot.box].height for slot in here if slot.box >= 0), default=0.0)
        for slot in (each for each in here if each.box >= 0):
            box = grid.boxes[slot.box]
            places.append(Place(box, slot.x, y + (height - box.height) / 2, number))
        bottom = y + height
        y = bottom + GAP_Y + min(sum(len(slot.below) for slot in here), _CROWD) * _CROWD_GAP
    return places, bottom


# -- paths ------------------------------------------------------------------------------------------------------------


def _paths(grid: _Grid, places: list[Place]) -> list[Path]:
    place_of = {place.box.name: place for place in places}
    bands = _bands(places)
    upper_x, lower_x = _ends(grid)
    paths: list[Path] = []
    for number, (link, chain) in enumerate(zip(grid.links, grid.chains, strict=True)):
        upper, lower = (place_of[grid.boxes[end].name] for end in (chain[0], chain[-1]))
        points = [(upper_x[number], upper.y + upper.box.height), (upper_x[number], bands[upper.layer][1])]
        for layer, slot in enumerate(chain[1:-1], start=upper.layer + 1):
            points += [(grid.slots[slot].centre, band) for band in bands[layer]]
        points += [(lower_x[number], bands[lower.layer][0]), (lower_x[number], lower.y)]
        is_reversed = grid.is_reversed(number)
        paths.append(Path(link, tuple(reversed(points)) if is_reversed else tuple(points), is_reversed))
    return paths


def _bands(places: list[Place]) -> dict[int, tuple[float, float]]:
    """Return top and bottom of each layer; a box that is lower than its layer stands in its middle."""
    bands: dict[int, tuple[float, float]] = {}
    for place in places:
        top, bottom = bands.get(place.layer, (place.y, place.y))
        bands[place.layer] = (min(top, place.y), max(bottom, place.y + place.box.height))
    return bands


def _ends(grid: _Grid) -> tuple[list[float], list[float]]:
    """Return where each link leaves its upper box and enters its lower one: at its port, or spread over the side."""
    upper_x, lower_x = [0.0] * len(grid.links), [0.0] * len(grid.links)
    for number, box in enumerate(grid.boxes):
        leaving = [each for each, chain in enumerate(grid.chains) if chain[0] == number]
        entering = [each for each, chain in enumerate(grid.chains) if chain[-1] == number]
        ports = dict(box.ports)
        fixed = [each for each in entering if not grid.is_reversed(each) and grid.links[each].port in ports]
        _spread(grid, number, leaving, 1, upper_x)
        _spread(grid, number, [each for each in entering if each not in fixed], -2, lower_x)
        for each in fixed:
            lower_x[each] = grid.slots[number].x + ports[grid.links[each].port]
    return upper_x, lower_x


def _spread(grid: _Grid, box: int, links: list[int], towards: int, ends: list[float]) -> None:
    """Spread the ends of links over a box's side in the order of where they come from; those that share a way, share."""
    slot = grid.slots[box]
    others = sorted({grid.chains[each][towards] for each in links}, key=lambda other: (grid.slots[other].centre, other))
    for place, other in enumerate(others, start=1):
        for each in links:
            if grid.chains[each][towards] == other:
                ends[each] = slot.x + slot.width * (0.15 + 0.7 * place / (len(others) + 1))
