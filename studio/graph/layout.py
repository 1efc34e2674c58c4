"""Lay out a directed graph in layers, top down, within a width; knows boxes and links, and nothing of systems.

The steps are those of Sugiyama, Tagawa and Toda (1981): turn edges so that there is no cycle, assign layers of bounded
width (both in `studio.graph.ranking`), put dummies where links pass a layer, order layers with few crossings
(`studio.graph.ordering`), and assign coordinates: each box wants to stand at the mean of its neighbours, and isotonic
regression gives the nearest places that keep order and distance.

Links always leave a box below and enter one above; a link that runs upwards turns in a lane beside its ends. Links that
share a trunk share their way until they branch.

Ties are broken by the order of the boxes given, so the same graph gives the same numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

from studio.graph.ordering import order_layers
from studio.graph.ranking import acyclic, assign_layers

__all__ = ["Box", "Layout", "Link", "Path", "Place", "Side", "arrange"]

GAP_X = 26.0
GAP_Y = 58.0
DUMMY_WIDTH = 9.0
DUMMY_GAP = 7.0
ROUNDS = 24
_SHARES = (0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3)  # of the width, tried for boxes alone until links fit beside them
_CROWD, _CROWD_GAP = 30, 0.7  # links that count for the distance of layers, and how much
_STRAIGHT = 6.0  # how much more two dummies of a link pull at each other than a box does


@dataclass(frozen=True, slots=True)
class Side:
    """A part of a box's top or bottom: from where to where, and how far inside the box its outline is there."""

    left: float
    right: float
    inset: float = 0.0


@dataclass(frozen=True, slots=True)
class Box:
    """What is to be placed.

    Attributes:
        name: Unique.
        width: Pixels; `height` likewise.
        ports: Where links may enter on the top, by name: distances from the left side.
        outlets: Where links may leave at the bottom, likewise.
        entry: The part of the top where all other links enter; None for its middle. `leave` likewise at the bottom.
    """

    name: str
    width: float
    height: float
    ports: tuple[tuple[str, float], ...] = ()
    outlets: tuple[tuple[str, float], ...] = ()
    entry: Side | None = None
    leave: Side | None = None


@dataclass(frozen=True, slots=True, order=True)
class Link:
    """A directed link between two boxes.

    Attributes:
        source: Where it leaves; `target`: where it enters.
        port: Of the target; anywhere on its top when empty.
        outlet: Of the source; anywhere on its bottom when empty.
        trunk: Links of one source with the same outlet and trunk share a way.
    """

    source: str
    target: str
    port: str = ""
    outlet: str = ""
    trunk: str = ""


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
        points: Where it enters each layer's band, and where it leaves it; the first stretch leads down from its source,
            and the last one down to its target.
        is_reversed: Whether it runs upwards in between.
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
    """The graph while it is laid out: slots, the layers that hold them, and each link's slots in its direction."""

    boxes: list[Box]
    links: list[Link]
    slots: list[_Slot]
    layers: list[list[int]]
    chains: list[list[int]] = field(default_factory=list)
    upward: list[bool] = field(default_factory=list)
    shared: dict[tuple[Link, int, str], int] = field(default_factory=dict)

    def passing(self, link: Link, layer: int, role: str) -> int:
        """Return the slot in a layer that links of a trunk share."""
        key = (replace(link, target="", port=""), layer, role)
        if key not in self.shared:
            self.slots.append(_Slot(DUMMY_WIDTH))
            self.layers[layer].append(len(self.slots) - 1)
            self.shared[key] = len(self.slots) - 1
        return self.shared[key]

    def join(self, upper: int, lower: int) -> None:
        """Make two slots of neighbouring layers neighbours."""
        if lower not in self.slots[upper].below:
            self.slots[upper].below.append(lower)
            self.slots[lower].above.append(upper)


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
    for share in _SHARES:
        tried = _arrange(list(boxes), wanted, pairs, width_max * share)
        if best is None or tried.width < best.width:
            best = tried
        if best.width <= width_max:
            break
    assert best is not None
    return best


def _arrange(boxes: list[Box], links: list[Link], pairs: list[tuple[int, int]], budget: float) -> Layout:
    turned = acyclic(len(boxes), pairs)
    layer_of = assign_layers([box.width + GAP_X for box in boxes], turned, budget)
    grid = _grid(boxes, links, pairs, layer_of)
    slots = grid.slots
    order_layers(grid.layers, [slot.above for slot in slots], [slot.below for slot in slots])
    _place_across(slots, grid.layers)
    places, bands, height = _place_down(grid)
    width = max((slot.x + slot.width for slot in slots), default=0.0)
    return Layout(width, height, tuple(places), tuple(_paths(grid, places, bands)))


def _grid(boxes: list[Box], links: list[Link], pairs: list[tuple[int, int]], layer_of: list[int]) -> _Grid:
    """Return all slots; the first and the last layer are for links that turn above or below all boxes."""
    slots = [_Slot(box.width, number) for number, box in enumerate(boxes)]
    layers: list[list[int]] = [[] for _ in range(max(layer_of, default=-1) + 3)]
    for number, layer in enumerate(layer_of):
        layers[layer + 1].append(number)
    grid = _Grid(boxes, links, slots, layers)
    for link, (source, target) in zip(links, pairs, strict=True):
        first, last = layer_of[source] + 1, layer_of[target] + 1
        grid.upward.append(first > last)
        grid.chains.append(
            _lane(grid, link, (source, first), (target, last))
            if first > last
            else _way_down(grid, link, (source, first), (target, last))
        )
    return grid


def _way_down(grid: _Grid, link: Link, source: tuple[int, int], target: tuple[int, int]) -> list[int]:
    """Return the slots of a link between a box and one further down."""
    passed = [grid.passing(link, layer, "down") for layer in range(source[1] + 1, target[1])]
    chain = [source[0], *passed, target[0]]
    for upper, lower in pairwise(chain):
        grid.join(upper, lower)
    return chain


def _lane(grid: _Grid, link: Link, source: tuple[int, int], target: tuple[int, int]) -> list[int]:
    """Return the slots of a link that runs upwards: below its source it turns into a lane, and above its target again.

    The turns have slots too, which no line passes, so that the lane stays near its ends.
    """
    turn_below = grid.passing(link, source[1] + 1, "turn")
    grid.join(source[0], turn_below)
    lane = [grid.passing(link, layer, "up") for layer in range(source[1], target[1] - 1, -1)]
    grid.join(lane[0], turn_below)
    for lower, upper in pairwise(lane):
        grid.join(upper, lower)
    turn_above = grid.passing(replace(link, source=link.target, outlet="", trunk=""), target[1] - 1, "turn")
    grid.join(turn_above, lane[-1])
    grid.join(turn_above, target[0])
    return [source[0], *lane, target[0]]


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


def _place_down(grid: _Grid) -> tuple[list[Place], list[tuple[float, float]], float]:
    """Return where boxes stand, top and bottom of each layer, and the height; crowded layers stand further apart."""
    places: list[Place] = []
    bands: list[tuple[float, float]] = []
    y = 0.0
    for number, layer in enumerate(grid.layers):
        here = [grid.slots[slot] for slot in layer]
        height = max((grid.boxes[slot.box].height for slot in here if slot.box >= 0), default=0.0)
        for slot in (each for each in here if each.box >= 0):
            box = grid.boxes[slot.box]
            places.append(Place(box, slot.x, y + (height - box.height) / 2, number - 1))
        bands.append((y, y + height))
        if here:
            links = min(sum(len(slot.below) for slot in here), _CROWD)
            y += height + (GAP_Y + links * _CROWD_GAP if height else GAP_Y / 2)
    bottom = (bands[-1] if grid.layers[-1] else bands[-2])[1]
    return places, bands, bottom


# -- paths ------------------------------------------------------------------------------------------------------------


def _paths(grid: _Grid, places: list[Place], bands: list[tuple[float, float]]) -> list[Path]:
    place_of = {place.box.name: place for place in places}
    starts, ends = _ends(grid)
    paths: list[Path] = []
    for number, (link, chain) in enumerate(zip(grid.links, grid.chains, strict=True)):
        source, target = place_of[link.source], place_of[link.target]
        start, end = starts[number], ends[number]
        points = [(start.x, source.y + source.box.height - start.inset), (start.x, bands[source.layer + 1][1])]
        step = -1 if grid.upward[number] else 1
        layer = source.layer + 1 + (not grid.upward[number])
        for slot in chain[1:-1]:
            points += [(grid.slots[slot].centre, y) for y in bands[layer][::step]]
            layer += step
        points += [(end.x, bands[target.layer + 1][0]), (end.x, target.y + end.inset)]
        paths.append(Path(link, tuple(points), grid.upward[number]))
    return paths


@dataclass(frozen=True, slots=True)
class _End:
    """Where a link meets a box: how far from the left of everything, and how far inside the box."""

    x: float
    inset: float


def _ends(grid: _Grid) -> tuple[dict[int, _End], dict[int, _End]]:
    """Return where each link leaves its source and enters its target: at outlet and port, or spread over the side."""
    starts: dict[int, _End] = {}
    ends: dict[int, _End] = {}
    leaving: dict[int, dict[int, str]] = {}
    entering: dict[int, dict[int, str]] = {}
    for number, (link, chain) in enumerate(zip(grid.links, grid.chains, strict=True)):
        leaving.setdefault(chain[0], {})[number] = link.outlet
        entering.setdefault(chain[-1], {})[number] = link.port
    for box, wanted in leaving.items():
        starts |= _met(grid, box, wanted, dict(grid.boxes[box].outlets), grid.boxes[box].leave, 1)
    for box, wanted in entering.items():
        ends |= _met(grid, box, wanted, dict(grid.boxes[box].ports), grid.boxes[box].entry, -2)
    return starts, ends


def _met(  # noqa: PLR0917 - the one step of `_ends`, for top and bottom alike
    grid: _Grid, box: int, wanted: dict[int, str], fixed: dict[str, float], side: Side | None, towards: int
) -> dict[int, _End]:
    """Return where links meet a side: at what they want, else in the order of where they lead; a way is shared."""
    slot = grid.slots[box]
    found = {link: _End(slot.x + fixed[name], 0.0) for link, name in wanted.items() if name in fixed}
    free = [link for link in wanted if link not in found]
    others = sorted({grid.chains[each][towards] for each in free}, key=lambda other: (grid.slots[other].centre, other))
    area = side or Side(slot.width * 0.15, slot.width * 0.85)
    for number, other in enumerate(others, start=1):
        x = slot.x + area.left + (area.right - area.left) * number / (len(others) + 1)
        found |= {each: _End(x, area.inset) for each in free if grid.chains[each][towards] == other}
    return found
