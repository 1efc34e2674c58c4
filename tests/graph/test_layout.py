from __future__ import annotations

from itertools import combinations

from hypothesis import given, settings
from hypothesis import strategies as st

from studio.graph.layout import Box, Layout, Link, arrange
from studio.graph.ordering import crossings, order_layers
from studio.graph.ranking import acyclic, assign_layers

Pairs = list[tuple[int, int]]

COUNT = 14
numbers = st.integers(0, COUNT - 1)
graphs = st.lists(st.tuples(numbers, numbers).filter(lambda pair: pair[0] != pair[1]), max_size=30)
dags = graphs.map(lambda pairs: [(min(pair), max(pair)) for pair in pairs])
widths = st.lists(st.integers(20, 260), min_size=COUNT, max_size=COUNT)


def laid_out(pairs: Pairs, sizes: list[int]) -> Layout:
    boxes = [Box(f"b{number}", width, 20.0 + width % 40) for number, width in enumerate(sizes)]
    return arrange(boxes, [Link(f"b{a}", f"b{b}") for a, b in pairs])


def overlaps(one: tuple[float, float, float, float], two: tuple[float, float, float, float]) -> bool:
    left, top, width, height = one
    other_left, other_top, other_width, other_height = two
    return left < other_left + other_width and other_left < left + width and top < other_top + other_height and (
        other_top < top + height
    )  # fmt: skip


@settings(deadline=None, max_examples=60)
@given(graphs, widths)
def test_boxes_never_overlap_and_all_are_placed(pairs: Pairs, sizes: list[int]) -> None:
    layout = laid_out(pairs, sizes)
    boxes = [(place.x, place.y, place.box.width, place.box.height) for place in layout.places]
    assert len(boxes) == COUNT
    assert not any(overlaps(one, two) for one, two in combinations(boxes, 2))
    assert all(x >= 0 and x + width <= layout.width + 1e-6 for x, _, width, _ in boxes)


@settings(deadline=None, max_examples=60)
@given(dags, widths)
def test_links_of_an_acyclic_graph_lead_down(pairs: Pairs, sizes: list[int]) -> None:
    layout = laid_out(pairs, sizes)
    layer = {place.box.name: place.layer for place in layout.places}
    assert all(layer[path.link.source] < layer[path.link.target] for path in layout.paths)
    assert not any(path.is_reversed for path in layout.paths)


@settings(deadline=None, max_examples=60)
@given(graphs, widths)
def test_paths_touch_no_box_but_their_own(pairs: Pairs, sizes: list[int]) -> None:
    layout = laid_out(pairs, sizes)
    for path in layout.paths:
        ends = {path.link.source, path.link.target}
        for place in layout.places:
            if place.box.name not in ends:
                uprights = zip(path.points[::2], path.points[1::2], strict=True)
                assert not any(
                    place.x < x < place.x + place.box.width
                    and min(y, end) < place.y + place.box.height
                    and place.y < max(y, end)
                    for (x, y), (_, end) in uprights
                )


@settings(deadline=None, max_examples=30)
@given(graphs, widths)
def test_same_graph_gives_the_same_layout(pairs: Pairs, sizes: list[int]) -> None:
    assert laid_out(pairs, sizes) == laid_out(pairs, sizes)


@given(graphs)
def test_turned_edges_have_no_cycle_and_keep_their_ends(pairs: Pairs) -> None:
    turned = acyclic(COUNT, pairs)
    assert [set(pair) for pair in turned] == [set(pair) for pair in pairs]
    layers = assign_layers([1.0] * COUNT, turned, 5.0)
    assert all(layers[upper] < layers[lower] for upper, lower in turned)


@given(dags)
def test_acyclic_graph_is_not_turned(pairs: Pairs) -> None:
    assert acyclic(COUNT, pairs) == pairs


@given(dags)
def test_layers_keep_to_the_budget(pairs: Pairs) -> None:
    layers = assign_layers([10.0] * COUNT, pairs, 45.0)
    assert all(layers.count(layer) <= 4 for layer in layers)


def test_crossing_links_are_untangled() -> None:
    layers = [[0, 1], [2, 3]]
    above, below = [[], [], [1], [0]], [[3], [2], [], []]
    assert crossings(layers, below) == 1
    order_layers(layers, above, below)
    assert crossings(layers, below) == 0


def test_long_link_runs_straight_beside_what_it_passes() -> None:
    layout = laid_out([(0, 1), (1, 2), (0, 2)], [100] * COUNT)
    (path,) = [each for each in layout.paths if (each.link.source, each.link.target) == ("b0", "b2")]
    assert len(path.points) == 6
    assert path.points[2][0] == path.points[3][0]


def test_link_enters_at_its_port() -> None:
    layout = arrange([Box("a", 100, 20), Box("b", 100, 20, (("act", 80.0),))], [Link("a", "b", "act")])
    (place,) = [each for each in layout.places if each.box.name == "b"]
    assert layout.paths[0].points[-1] == (place.x + 80.0, place.y)


def test_nothing_has_no_size() -> None:
    assert arrange([], []) == Layout(0.0, 0.0, (), ())
