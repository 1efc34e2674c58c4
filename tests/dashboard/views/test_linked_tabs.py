"""What a reader sees of each tab stands in the link: another session that is opened by it shows the same."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import studio
from studio.dashboard.desk import Desk
from studio.dashboard.feed import Feed
from studio.dashboard.view import View
from studio.dashboard.views import TABS
from studio.store import Log
from studio.store.windows.log_view import LogView


@pytest.fixture(scope="module")
def storms(root: Path) -> Feed:
    """What looks at two storms of the orders, runs 1 and 2."""
    log, build = Log.memory(), studio.load(root / "simulations/orders").build()
    for seed in (4, 5):
        studio.simulate("storm", seed=seed, system=build, log=log, duration="12s")
    return Feed(LogView.of(log), build=build)


def opened(feed: Feed, link: str) -> Any:
    """A session's view as a link opens it."""
    desk = Desk(feed)
    desk.restore(link)
    view: View = next(each for each in TABS if each.name == desk.tab).load()(desk)
    view.body()
    view.refresh()
    return view


ACTS: list[tuple[str, str, Callable[[Any], object], Callable[[Any], object]]] = [
    (
        "system",
        "an instant and how much before it",
        lambda view: view.time.param.update(at_ns=6_000_000_000, last_s=5),
        lambda view: (view.time.at_ns, view.time.last_s, view.graph.stats),
    ),
    (
        "system",
        "a composition, which filters nothing",
        lambda view: setattr(view.graph, "selected", "composition Screening"),
        lambda view: (view.graph.selected, view.detail.html),
    ),
    (
        "traces",
        "the order of the list",
        lambda view: view.table.receive({"kind": "sort", "name": "duration_ns", "descending": False}),
        lambda view: (view.table.sort, view.table.descending, view.table.rows),
    ),
    (
        "sagas",
        "the order of the list",
        lambda view: view.table.receive({"kind": "sort", "name": "changed_ns", "descending": True}),
        lambda view: (view.table.sort, view.table.descending, view.table.rows),
    ),
    (
        "messages",
        "the order of the list",
        lambda view: view.table.receive({"kind": "sort", "name": "address", "descending": True}),
        lambda view: (view.table.sort, view.table.descending, view.table.rows),
    ),
    (
        "sagas",
        "counts as a table",
        lambda view: view.counts.body.receive({"kind": "act", "name": "table", "value": ""}),
        lambda view: view.counts.body.html,
    ),
    (
        "metrics",
        "how much, and told apart by what",
        lambda view: (view.desk.go(axis_s=10), view.desk.go(split="none")),
        lambda view: (list(view.charts["throughput"].curves.values), view.board.stretch),
    ),
    (
        "compare",
        "equal numbers too",
        lambda view: setattr(view.equal_too, "value", view.equal_too.options),
        lambda view: view.numbers.html,
    ),
]


@pytest.mark.parametrize(("tab", "what", "act", "said"), ACTS, ids=[f"{each[0]}: {each[1]}" for each in ACTS])
def test_a_link_brings_back(
    storms: Feed, tab: str, what: str, act: Callable[[Any], object], said: Callable[[Any], object]
) -> None:
    view = opened(storms, f"?run=2&tab={tab}")
    before = said(view)
    act(view)
    view.refresh()
    assert said(view) != before, what
    assert said(opened(storms, view.desk.link())) == said(view)


def test_folds_and_zoom_of_a_waterfall_come_back(storms: Feed) -> None:
    view = opened(storms, "?run=2&tab=traces&trace=2")
    view.opened.waterfall.param.update(zoomed=5, folded="4.9")
    assert (view.desk.zoom, view.desk.fold) == (5, "4.9")
    other = opened(storms, view.desk.link())
    assert (other.opened.waterfall.zoomed, other.opened.waterfall.folded) == (5, "4.9")


def test_each_list_keeps_its_own_order(storms: Feed) -> None:
    desk = Desk(storms, run=2, sort="-sagas.duration_ns traces.nothing messages.seq")
    for tab in ("sagas", "traces"):
        view = next(each for each in TABS if each.name == tab).load()(desk)
        view.body()
        view.refresh()
        assert (view.table.sort, view.table.descending) == {  # type: ignore[attr-defined]  # both have one
            "sagas": ("duration_ns", True), "traces": ("start_ns", True),
        }[tab]  # fmt: skip


def test_an_instant_beyond_the_end_is_the_end(storms: Feed) -> None:
    assert opened(storms, "?run=2&tab=system&at_ns=999000000000&last_s=5").time.at_ns == -1


def test_the_form_of_a_fault_comes_back(live: Desk) -> None:
    live.restore("?tab=faults&kind=partition")
    view: Any = next(each for each in TABS if each.name == "faults").load()(live)
    view.body()
    view.refresh()
    assert view.pane.kind == "partition"
    view.pane.kind = "crash"
    assert live.kind == "crash"


def test_a_link_that_is_shared_names_what_is_shown_by_default(storms: Feed) -> None:
    assert opened(storms, "?tab=compare").pinned() == {"run": 2, "other": 1}
    assert opened(storms, "?tab=system").pinned() == {"last_s": 0}


def test_what_a_link_names_and_the_run_has_not_is_told(storms: Feed) -> None:
    assert "span=99999 is not in run 2" in opened(storms, "?run=2&tab=traces&trace=2&span=99999").opened.side.html
    assert "trace=99999 is not in run 2" in opened(storms, "?run=2&tab=traces&trace=99999").opened.head.html
    assert "message=99999 is not in run 2" in opened(storms, "?run=2&tab=messages&message=99999").opened.head.html
    assert "saga=No/1 is not in run 2" in opened(storms, "?run=2&tab=sagas&saga=No/1").opened.head.html
