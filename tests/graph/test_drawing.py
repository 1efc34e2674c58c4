from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from studio.graph.drawing import Drawing
from studio.graph.scene import scene_of
from studio.graph.system import System
from studio.graph.topology import Edge, EdgeKind, Node, Topology, topology_of
from studio.graph.typeface import shortened, text_width

Make = Callable[..., System]

names = st.sampled_from(["Alpha", "Beta", "Gamma", "Delta", "A<b>&c", "Event.made", "Épsilon"])
kinds: list[EdgeKind] = ["call", "request", "compose", "step"]
edges = st.builds(
    Edge, names.map("service {}".format), names.map("service {}".format), st.sampled_from(kinds), st.just("Beta.act")
)


@st.composite
def topologies(draw: st.DrawFn) -> Topology:
    nodes = [Node("service", name, ("1.0.0",), ("act",)) for name in sorted(draw(st.sets(names, min_size=7)))]
    return Topology(tuple(nodes), tuple(sorted(draw(st.sets(edges, max_size=20)))))


@settings(deadline=None, max_examples=40)
@given(topologies())
def test_same_topology_is_the_same_well_formed_svg(topology: Topology) -> None:
    svg = Drawing(topology).svg
    assert svg == Drawing(topology).svg
    ET.fromstring(svg)  # noqa: S314 - our own text


def test_drawing_needs_no_script_no_network_and_no_ids(system: System) -> None:
    svg = Drawing.of(system.graph).svg
    assert not re.search(r"<script|href=|url\(|\bid=|@import", svg)
    assert "prefers-color-scheme:dark" in svg
    assert "--jp-layout-color0" in svg


def test_drawing_says_what_there_is_and_how_to_read_it(system: System) -> None:
    svg = Drawing.of(system.graph, title="Orders & more").svg
    assert "Orders &amp; more" in svg
    assert all(f">{word}<" in svg for word in ("service", "saga", "event", "call", "saga step", "operation", "reserve"))
    assert "Orders calls Inventory by $.Inventory.reserve (take, service Orders, line 3)" in svg


def test_every_part_and_every_line_has_a_key_of_its_own(system: System) -> None:
    root = ET.fromstring(Drawing.of(system.graph).svg)  # noqa: S314 - our own text
    keys = [found for part in root.iter() if (found := part.get("data-key"))]
    assert sorted(keys) == ["event Order.created", "saga OrderProcessing", "service Inventory", "service Orders"]
    edges = [found for part in root.iter() if (found := part.get("data-edge"))]
    assert "calls: service Orders > service Inventory/reserve" in edges
    assert len(set(edges)) == len(edges)


def test_text_has_a_line_for_each_part(system: System) -> None:
    drawing = Drawing.of(system.graph)
    assert repr(drawing).splitlines() == [
        "2 services, 1 saga, 1 event",
        "saga OrderProcessing (saga, 1.0.0, 1 step): started by $.Order.created; steps call $.Inventory.reserve",
        "service Inventory (1.2.0): owns reserve; called by OrderProcessing, Orders",
        "service Orders (1.0.0): listens to $.Order.created; calls $.Inventory.reserve",
        "event $.Order.created: nobody here publishes it; heard by OrderProcessing, Orders",
    ]


def test_nothing_is_drawn_as_nothing() -> None:
    drawing = Drawing.of(System().graph)
    assert repr(drawing) == "Nothing is declared yet\nnothing is declared yet"
    ET.fromstring(drawing.svg)  # noqa: S314 - our own text


def test_event_of_one_publisher_is_its_tab_and_of_two_a_node_of_its_own(make: Make) -> None:
    contracts = "%%contracts c\nclass A(Contract):\n    a: str"
    one = """%%service One
@service.job("0 0 * * *")
async def act() -> None:
    await publish($.One.done, A(a=""))
    await publish($.Both.done, A(a=""))
"""
    two = "%%service Two\n@service.on($.One.done)\nasync def hear(a: A) -> None: await publish($.Both.done, a)"
    scene = scene_of(topology_of(make(contracts, one, two).graph))
    assert sorted(scene.glyphs) == ["event Both.done", "service One", "service Two"]
    assert [name for name, _ in scene.glyphs["service One"].box.outlets] == ["One.done"]
    assert ("service One", "service Two", "One.done") in [
        (each.source, each.target, each.outlet) for each in scene.lines
    ]


def test_call_of_an_operation_beyond_the_tabs_ends_at_the_tab_of_the_rest() -> None:
    many = Node("service", "Many", ("1.0.0",), tuple(f"op{number}" for number in range(9)))
    calls = tuple(Edge("service One", many.key, "call", f"Many.op{number}") for number in (0, 8))
    scene = scene_of(Topology((many, Node("service", "One")), calls))
    assert [link.port for link in scene.lines] == ["+", "op0"]


def test_forty_services_fit_a_page() -> None:
    nodes = [Node("service", f"ServiceNumber{number}", ("command",), ("act",)) for number in range(40)]
    pairs = {(number, (number * 7 + 3) % 40) for number in range(40)} | {(0, number) for number in range(1, 30)}
    calls = [Edge(nodes[a].key, nodes[b].key, "call", f"{nodes[b].name}.act") for a, b in pairs]
    svg = Drawing(Topology(tuple(sorted(nodes)), tuple(sorted(calls)))).svg
    width = float(re.findall(r'viewBox="0 0 (\S+) ', svg)[0])
    sizes = [float(size) for size in re.findall(r"font-size:(\d+)px", svg)]
    assert min(sizes) * min(1300 / width, 1) >= 10


def test_stale_parts_say_so_in_words(system: System) -> None:
    system.forget("Inventory")
    assert "out of date" in Drawing.of(system.graph).svg
    assert "out of date" in Drawing.of(system.graph).text


@pytest.mark.parametrize(("text", "length"), [("abcdef", 6), ("abcdefg", 6), ("a", 1)])
def test_shortened_text_keeps_its_bound(text: str, length: int) -> None:
    assert len(shortened(text, length)) <= length


def test_wider_text_is_wider() -> None:
    assert text_width("ill", 11) < text_width("mmm", 11) < text_width("mmm", 11, bold=True)
