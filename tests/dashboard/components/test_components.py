"""The graph and the waterfall as components: what they take, say and give back. A browser tests how they look."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio.dashboard.components import graph_component, waterfall_component
from studio.dashboard.components.graph_stats import EdgeStats, NodeStats, graph_stats, rate_text, share_text
from studio.observe import Waterfall
from studio.records import Span

MS = 1_000_000


def waterfall(spans_max: int) -> Waterfall:
    spans = [Span(at, at + 5, at, 0, 1, "handle", "A.act", "A", 1, "ok", "", 0, "", "", 0, "") for at in range(1, 6)]
    return Waterfall.of(spans, title="any", spans_max=spans_max)


def test_a_notebooks_graph_does_not_load_panel_nor_a_pages_graph_anywidget() -> None:
    program = """
import sys
from studio.dashboard.components.graph_component import GraphWidget
assert "panel" not in sys.modules, "panel"
from studio.dashboard.components.waterfall_component import WaterfallWidget
assert "panel" not in sys.modules, "panel"
"""
    subprocess.run([sys.executable, "-c", program], check=True)


@pytest.mark.parametrize("module", [graph_component, waterfall_component])
def test_a_name_that_a_component_lacks_is_an_attribute_error(module: object) -> None:
    with pytest.raises(AttributeError, match="no attribute 'Nothing'"):
        module.Nothing  # type: ignore[attr-defined]  # noqa: B018


@pytest.mark.parametrize("kind", ["Graph", "Waterfall"])
def test_notebook_and_page_run_the_same_script_on_the_same_state(kind: str) -> None:
    module = {"Graph": graph_component, "Waterfall": waterfall_component}[kind]
    widget, pane = getattr(module, f"{kind}Widget")(), getattr(module, f"{kind}Pane")
    assert widget._esm == pane._esm  # noqa: SLF001 - where both libraries look
    assert {
        name for name in widget.traits(sync=True) if not name.startswith(("_", "layout", "tabbable", "tooltip"))
    } - {"comm"} <= set(pane.param)


@pytest.mark.parametrize("name", ["WaterfallWidget", "WaterfallPane"])
def test_a_waterfall_is_drawn_anew_when_more_spans_are_wanted(name: str) -> None:
    made = getattr(waterfall_component, name)(spans_max=2)
    made.draw(waterfall)
    assert (made.hidden, made.svg.count("data-span=")) == (3, 2)
    made.spans_max = 4
    assert (made.hidden, made.svg.count("data-span=")) == (1, 4)


def test_the_stats_say_the_same_in_label_and_in_words() -> None:
    found = graph_stats({"x": EdgeStats(120, 12.0, 0.05, 4 * MS, 40 * MS)}, {})["edges"]["x"]
    assert (found["rate_text"], found["errors_text"], found["p99_text"]) == ("12/s", "5 %", "40 ms")
    assert found["said"] == "120 in all, 12/s, 5 % went wrong, p50 4 ms, p99 40 ms"


def test_a_parts_state_is_told_the_worst_first() -> None:
    stats = NodeStats(None, "open", "Orders/1 before Payment", 3, 1, 1, ("Payment is down",))
    found = graph_stats({}, {"service Payment": stats})["nodes"]["service Payment"]
    assert found["said"] == (
        "handled nothing; in force: Payment is down; breaker open: Orders/1 before Payment; 1 of 2 replicas up; "
        "3 messages wait or are being handled"
    )


@pytest.mark.parametrize(
    ("rate", "text"),
    [(0.0, "0/s"), (0.05, "3/min"), (0.4, "0.4/s"), (44.7, "45/s"), (1234, "1,234/s"), (45_000, "45k/s")],
)
def test_rates_are_said_in_few_characters(rate: float, text: str) -> None:
    assert rate_text(rate) == text


@given(st.floats(0, 1))
def test_a_share_reads_as_nothing_or_all_only_where_it_is(share: float) -> None:
    assert (share_text(share) == "0 %") == (share == 0)
    assert (share_text(share) == "100 %") == (share == 1)
