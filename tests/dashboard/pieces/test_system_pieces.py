"""What the tab System is made of: lines by traffic, what is seen but not declared, faults in force, the time bar."""

from __future__ import annotations

import pytest

from studio.dashboard.pieces.faults_in_force import fault_marks, faults_at, in_force
from studio.dashboard.pieces.run_topology import with_seen
from studio.dashboard.pieces.scene_index import SceneIndex
from studio.dashboard.pieces.system_traffic import Tally
from studio.dashboard.pieces.time_bar import TimeBar
from studio.graph.topology import Edge, Node, Topology
from studio.model.fault import Fault
from studio.model.faults.clock_faults import ClockJump
from studio.model.faults.composed_faults import Together
from studio.model.faults.network_faults import Lose
from studio.model.faults.process_faults import Crash
from studio.store.windows.traffic_window import Interval

S = 1_000_000_000
NODES = (
    Node("composition", "Dispatch"), Node("event", "Order.made"), Node("external", "cards"),
    Node("saga", "Ordering"), Node("service", "Mail", ("1",), ("write",)), Node("service", "Shop", ("1",), ("place",)),
)  # fmt: skip
EDGES = (
    Edge("composition Dispatch", "service Mail", "compose", "Mail.write"),
    Edge("event Order.made", "saga Ordering", "start", "Order.made"),
    Edge("event Order.made", "service Mail", "deliver", "Order.made"),
    Edge("saga Ordering", "composition Dispatch", "step"),
    Edge("service Shop", "event Order.made", "publish", "Order.made"),
    Edge("service Shop", "external cards", "request"),
)
DECLARED = Topology(NODES, EDGES)


@pytest.fixture
def index() -> SceneIndex:
    return SceneIndex.of(DECLARED)


def test_a_call_through_a_composition_goes_along_both_lines(index: SceneIndex) -> None:
    lines = index.calls["Ordering", "Mail.write"]
    assert [index.lines[line][0].target for line in lines] == ["composition Dispatch", "service Mail"]


def test_an_event_of_one_publisher_is_on_the_lines_of_its_hearers(index: SceneIndex) -> None:
    assert ("Shop", "Order.made") not in index.says
    (line,) = index.hears["Mail", "Order.made"]
    assert line.startswith("event: service Shop/Order.made > service Mail")


@pytest.mark.parametrize(
    ("target", "part"),
    [
        ("Mail", "service Mail"), ("Mail/2", "service Mail"), ("Mail.sent", "service Mail"),
        ("Order.made", "service Shop"), ("cards POST /charges", "external cards"), ("Ordering.pay", "saga Ordering"),
        ("*", ""), ("Nobody", ""),
    ],
)  # fmt: skip
def test_a_target_is_found_at_the_part_that_it_is_about(index: SceneIndex, target: str, part: str) -> None:
    assert index.part_of(target) == part


def test_what_was_seen_and_not_declared_is_added_under_the_declared_names() -> None:
    seen = Topology(
        (Node("service", "Bank", ("seen",)), Node("service", "Mail"), Node("service", "Ordering")),
        (Edge("service Mail", "service Bank", "call", "Bank.pay"),
         Edge("service Ordering", "service Mail", "call", "Mail.write")),
    )  # fmt: skip
    found = with_seen(DECLARED, seen)
    assert set(found.edges) - set(EDGES) == {Edge("service Mail", "service Bank", "call", "Bank.pay")}
    assert {node.key for node in found.nodes} - {node.key for node in NODES} == {"service Bank"}


def test_nothing_new_leaves_the_declared_system_as_it_is() -> None:
    seen = Topology((), (Edge("event Order.made", "service Mail", "deliver", "Order.made"),))
    assert with_seen(DECLARED, seen) is DECLARED


LOSE = Lose("Mail.write", from_ns=2 * S, until_ns=4 * S)
CRASH = Crash("Mail/1", from_ns=5 * S, down_ns=S)
JUMP = ClockJump("Shop", from_ns=7 * S)


@pytest.mark.parametrize(
    ("until_s", "standing"),
    [(1, ()), (3, (LOSE,)), (5, ()), (5.5, (CRASH,)), (6.5, ()), (7.5, (JUMP,)), (20, ())],
)
def test_a_fault_is_in_force_within_its_window_and_an_instant_within_what_is_looked_at(
    until_s: float, standing: tuple[Fault, ...]
) -> None:
    plan = (Together(parts=(LOSE, CRASH)), JUMP)
    until = int(until_s * S)
    assert in_force(plan, until - S, until) == standing


def test_a_fault_is_told_where_it_strikes(index: SceneIndex) -> None:
    assert set(faults_at((LOSE, CRASH), index, 0, 3 * S)) == {"service Mail"}
    assert [mark[:2] for mark in fault_marks((LOSE, CRASH))] == [[2 * S, 4 * S], [5 * S, 6 * S]]


def test_a_tally_takes_the_middle_of_most_and_the_slowest() -> None:
    tally = Tally()
    for row in ((10, 1, 5, 9), (90, 0, 4, 7), (1, 0, None, None)):
        tally.add(*row)
    stats = tally.stats(2.0)
    assert (stats.count, stats.rate_per_s, stats.p50_ns, stats.p99_ns) == (101, 50.5, 4, 9)
    assert round(stats.error_share, 4) == round(1 / 101, 4)


@pytest.mark.parametrize(
    ("last_s", "at_ns", "interval"),
    [
        (0, -1, Interval(0, 20 * S + 1)),
        (5, -1, Interval(15 * S + 1, 20 * S + 1)),
        (5, 3 * S, Interval(0, 3 * S + 1)),
        (-1, -1, Interval(4 * S, 6 * S)),
    ],
)
def test_the_time_bar_says_what_is_looked_at(last_s: int, at_ns: int, interval: Interval) -> None:
    bar = TimeBar(end_ns=20 * S, last_s=last_s, at_ns=at_ns)
    assert bar.interval(4 * S, 6 * S) == interval
