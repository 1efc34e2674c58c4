"""The graph and the waterfall in a real browser, alone: keys, choices, folding, what is read out, what is touched."""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import Page, expect

from studio.dashboard.components.esm import GRAPH, WATERFALL, component_module
from studio.dashboard.components.graph_stats import EdgeStats, NodeStats, graph_stats
from studio.graph.drawing import Drawing
from studio.graph.topology import Edge, Node, Topology
from studio.observe import Waterfall
from studio.records import Span

MS = 1_000_000
LINE = "calls: service Orders > service Payment/pay"
SYSTEM = Topology(
    (Node("service", "Orders", ("1",), ("place",)), Node("service", "Payment", ("1",), ("pay",))),
    (Edge("service Orders", "service Payment", "call", "Payment.pay"),),
)
PAGE = """
<div id="place" style="width: 900px"></div>
<script type="module">
const state = STATE, heard = {};
window.model = { get: (name) => state[name], on: (name, run) => { heard[name] = run; }, off: () => 0,
  set: (name, value) => { state[name] = value; }, save_changes: () => 0,
  change: (name, value) => { state[name] = value; heard[`change:${name}`](); } };
SCRIPT
render({ model: window.model, el: document.getElementById("place") });
window.isDrawn = true;
</script>
"""


def show(page: Page, script: str, **state: object) -> None:
    code = script.replace("export default { render };", "")
    page.set_content(PAGE.replace("STATE", json.dumps(state)).replace("SCRIPT", code))
    page.wait_for_function("window.isDrawn")


def chosen(page: Page) -> object:
    return page.evaluate("model.get('selected')")


def stats(rate: float, errors: float = 0.0) -> dict[str, object]:
    line = EdgeStats(int(rate * 10), rate, errors, 4 * MS, 40 * MS)
    return graph_stats({LINE: line}, {"service Payment": NodeStats(line, "open", "Orders/1", 7, 1, 1, ("down",))})


@pytest.fixture
def graph(page: Page) -> Page:
    show(
        page,
        component_module(*GRAPH),
        svg=Drawing(SYSTEM).svg,
        stats=stats(12, 0.05),
        selected="",
        theme="dark",
        height_max=500,
    )
    page.wait_for_selector(".tag")
    return page


@pytest.fixture
def waterfall(page: Page) -> Page:
    spans = [
        Span(
            start * MS, end * MS, number, parent, 1, "handle", f"A.op{number}", "A", 1, "ok", "", number, "", "A", 3, ""
        )
        for number, parent, start, end in ((1, 0, 0, 100), (2, 1, 10, 60), (3, 2, 20, 50), (4, 1, 70, 90))
    ]
    picture = Waterfall.of(spans, title="Order", spans_max=400)
    show(
        page,
        component_module(*WATERFALL),
        svg=picture.svg(),
        selected=0,
        hidden=3,
        spans_max=400,
        followed="",
        theme="light",
    )
    return page


def test_a_line_shows_its_numbers_and_reads_them_out(graph: Page) -> None:
    assert graph.locator(".tag").text_content() == "12/s ✗ 5 %40 ms"
    read = graph.locator(f'[data-edge="{LINE}"]').get_attribute("aria-label") or ""
    assert read.endswith("120 in all, 12/s, 5 % went wrong, p50 4 ms, p99 40 ms")
    assert "breaker open" in (graph.locator('[data-key="service Payment"]').get_attribute("aria-label") or "")


def test_keys_walk_choose_and_let_go(graph: Page) -> None:
    graph.locator('[data-key="service Orders"]').focus()
    graph.keyboard.press("ArrowDown")
    graph.keyboard.press("Enter")
    assert chosen(graph) == "service Payment"
    assert graph.locator('[aria-pressed="true"]').get_attribute("data-key") == "service Payment"
    graph.keyboard.press("Escape")
    assert chosen(graph) == ""


def test_parts_and_lines_are_one_stop_of_the_tab_key_each(graph: Page) -> None:
    assert graph.locator('.part[tabindex="0"]').count() == 1
    assert graph.locator('.way[tabindex="0"]').count() == 1


def test_a_large_picture_opens_legibly_and_a_part_is_found_by_name(page: Page) -> None:
    nodes = tuple(Node("service", f"Service{at:02}", (), ("do",)) for at in range(60))
    edges = tuple(Edge(nodes[at].key, nodes[at + 1].key, "call", f"Service{at + 1:02}.do") for at in range(59))
    page.set_viewport_size({"width": 900, "height": 700})
    module, svg = component_module(*GRAPH), Drawing(Topology(nodes, edges)).svg
    show(page, module, svg=svg, stats={}, selected="", theme="light", height_max=500)
    note, field = page.get_by_text("larger than its window"), page.get_by_role("searchbox")
    expect(note).to_be_visible()
    field.fill("service5")
    field.press("Enter")
    expect(page.get_by_role("status")).to_have_text("2 of 10")
    expect(page.locator(".part.found")).to_have_attribute("data-key", "service Service51")
    expect(page.locator(".part.found")).to_be_in_viewport()
    page.get_by_role("button", name="Show the whole graph").click()
    expect(note).to_be_hidden()


def test_only_what_has_changed_is_touched(graph: Page) -> None:
    graph.evaluate(
        """window.touched = 0;
        new MutationObserver((changes) => { window.touched += changes.length; }).observe(
          document.querySelector("svg"), { subtree: true, childList: true, attributes: true, characterData: true });"""
    )
    graph.evaluate("(stats) => model.change('stats', stats)", stats(12, 0.05))
    assert graph.evaluate("new Promise((done) => setTimeout(() => done(window.touched)))") == 0
    graph.evaluate("(stats) => model.change('stats', stats)", stats(13, 0.05))
    assert graph.locator(".tag text").first.text_content() == "13/s ✗ 5 %"


def test_the_table_says_the_same(graph: Page) -> None:
    graph.locator("summary").click()
    cells = graph.locator("tbody tr").last.locator("th, td").all_text_contents()
    assert cells == ["Orders calls Payment by $.Payment.pay", "12/s", "5 %", "4 ms", "40 ms", ""]


def test_a_span_is_opened_by_keys_and_told(waterfall: Page) -> None:
    waterfall.locator('[data-span="1"]').focus()
    waterfall.keyboard.press("ArrowDown")
    waterfall.keyboard.press("Enter")
    assert chosen(waterfall) == 2
    assert "on the critical path" in (waterfall.locator(".detail pre").text_content() or "")
    waterfall.get_by_role("button", name="Message 2").click()
    assert waterfall.evaluate("model.get('followed')") == "message 2"


def test_folding_hides_what_lies_below_and_moves_up_the_rest(waterfall: Page) -> None:
    last = waterfall.locator('[data-span="4"]')
    before = last.bounding_box()
    waterfall.locator('[data-span="2"]').focus()
    waterfall.keyboard.press("ArrowLeft")
    after = last.bounding_box()
    assert not waterfall.locator('[data-span="3"]').is_visible()
    assert before is not None
    assert after is not None
    assert after["y"] < before["y"]
    waterfall.keyboard.press("ArrowRight")
    assert waterfall.locator('[data-span="3"]').is_visible()


def test_zooming_shows_what_overlaps_a_span(waterfall: Page) -> None:
    waterfall.locator('[data-span="2"]').focus()
    waterfall.keyboard.press("z")
    assert not waterfall.locator('[data-span="4"]').is_visible()
    bar = waterfall.locator('[data-span="2"] rect.work').bounding_box()
    assert bar is not None
    assert bar["width"] > 350
    waterfall.get_by_role("button", name="Show all times").first.click()
    assert waterfall.locator('[data-span="4"]').is_visible()


def test_more_spans_are_asked_for(waterfall: Page) -> None:
    waterfall.get_by_role("button", name="3 more spans: show 3").click()
    assert waterfall.evaluate("model.get('spans_max')") == 800
