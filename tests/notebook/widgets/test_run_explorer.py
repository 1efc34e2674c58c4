"""An explorer of a run as Python objects: windows of traces and sagas, the waterfall of what is chosen, the system."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import studio
from studio.graph.system import Build
from studio.notebook.widgets.run_explorer import RunExplorer, explore
from studio.simulation.run import Run
from studio.simulation.world import World
from studio.store import Log


@pytest.fixture(scope="module")
def run(orders: Build) -> Run:
    return studio.simulate("payment_outage", seed=7, duration="25s", system=orders, log=Log.memory())


@pytest.fixture
def explorer(run: Run) -> Iterator[RunExplorer]:
    explorer = explore(run)
    yield explorer
    explorer.close_all()


def test_lists_show_a_window_and_how_much_there_is(explorer: RunExplorer) -> None:
    traces = explorer.traces
    assert (len(traces.rows), traces.total > 20) == (10, True)
    first = traces.rows[0]["key"]
    traces.offset = 10
    assert traces.rows[0]["key"] != first


def test_a_search_begins_at_the_first_row(explorer: RunExplorer) -> None:
    explorer.traces.offset = 10
    explorer.traces.text = "order-3"
    assert explorer.traces.offset == 0
    assert explorer.traces.rows[0]["cells"][2] == "order-3"
    explorer.traces.text = "no such thing"
    assert (explorer.traces.rows, explorer.traces.total) == ([], 0)


def test_a_chosen_trace_is_drawn(explorer: RunExplorer) -> None:
    explorer.traces.selected = explorer.traces.rows[0]["key"]
    assert "Orders.place" in explorer.waterfall.svg
    assert explorer.waterfall.layout.display is None


def test_a_chosen_saga_shows_its_trace(explorer: RunExplorer) -> None:
    explorer.sagas.selected = explorer.sagas.rows[0]["key"]
    assert "OrderProcessing" in explorer.waterfall.svg


def test_a_part_of_the_system_filters_the_traces(explorer: RunExplorer) -> None:
    before = explorer.traces.total
    explorer.graph.selected = "service Shipment"
    assert 0 < explorer.traces.total < before
    assert "Shipment" in explorer.note.value
    explorer.graph.selected = ""
    assert explorer.traces.total == before


def test_the_system_carries_its_traffic(explorer: RunExplorer) -> None:
    assert "OrderProcessing" in explorer.graph.svg
    assert explorer.graph.stats["edges"]


def test_a_world_that_goes_on_can_be_explored(world: World) -> None:
    world.send("Orders.place", _order())
    explorer = explore(world.run)
    assert explorer.traces.total >= 1
    explorer.close_all()


def test_a_run_in_which_nothing_happened_says_so(orders: Build) -> None:
    with studio.world(seed=1, system=orders, log=Log.memory()) as world:
        explorer = explore(world.run)
    assert explorer.traces.total == 0
    assert explorer.traces.empty == "No trace was recorded."
    explorer.close_all()


def _order() -> dict[str, object]:
    customer = {"id": "c", "name": "C", "email": "c@example.com"}
    return {"id": "mine", "customer": customer, "items": [{"sku": "tea"}], "total": "3.00"}
