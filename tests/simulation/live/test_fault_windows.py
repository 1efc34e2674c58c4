"""From when until when faults were in force: in a live world, in one that is over, in a log that was cut off."""

from __future__ import annotations

from typing import TYPE_CHECKING

from studio import S, crash, lose
from studio.dashboard.pieces.faults_in_force import fault_marks, numbered_faults
from studio.model.fault import Fault
from studio.model.faults.composed_faults import Together
from studio.simulation.live.fault_windows import played_faults, windowed
from studio.store import Log
from studio.store.windows.log_view import LogView
from tests.simulation.live.conftest import Shop

if TYPE_CHECKING:
    from pathlib import Path

    from studio.simulation.world import World

SECOND_NS = 10**9
LOST, LATER = lose(S.Shop.rest, probability=0.5), lose(S.Shop.take, probability=0.5)


def harmed(shop: Shop, log: Log) -> World:
    """Return a world with a fault from its start, and three put in at 2 s, of which one was lifted at 5 s."""
    world = shop.world(faults=[LATER], log=log).advance("2s")
    world.inject(LOST, lose(S.Shop.take, until="4s"), crash("Shop", down_for="1s"))
    world.advance("3s").lift(2)
    return world.advance("1s")


def windows(faults: dict[int, Fault]) -> list[tuple[int, int, int | None]]:
    """Return number, begin and end, in seconds."""
    return [
        (number, each.from_ns // SECOND_NS, None if each.until_ns is None else each.until_ns // SECOND_NS)
        for number, each in faults.items()
    ]


EXPECTED = [(1, 0, None), (2, 2, 5), (3, 2, 4), (4, 2, None)]


def test_live_world_finished_run_and_cut_off_log_tell_the_same_windows(shop: Shop, tmp_path: Path) -> None:
    world = harmed(shop, Log.open(tmp_path / "log.duckdb"))
    world.hand_over()
    cut_off = LogView.open(tmp_path / "log.duckdb").run(world.number)
    assert windows({each.number: each.played for each in world.faults}) == EXPECTED
    assert windows(numbered_faults(cut_off, None)) == EXPECTED
    world.close()
    over = LogView.open(tmp_path / "log.duckdb").run(world.number)
    assert windows(numbered_faults(over, None)) == EXPECTED
    case = world.run.case
    assert case is not None
    assert windows(dict(enumerate(played_faults(case.plan, case.script), start=1))) == EXPECTED


def test_acts_on_a_running_world_give_the_instants_at_which_they_fell(shop: Shop) -> None:
    world = shop.world().start(speed=1000)
    world.inject(LOST)
    world.lift(LOST)
    case, (fault,) = world.case, world.faults
    put, lifted = (act.at_ns for act in case.script[:2])
    assert (fault.played.from_ns, fault.played.until_ns) == (put, lifted)
    assert fault.fault.until_ns is None, "it can be put in force again as it was"


def test_lifted_faults_are_marked_on_the_line_of_time(shop: Shop) -> None:
    world = harmed(shop, Log.memory())
    view = LogView.of(world.recorded_in).run(world.number)
    marks = fault_marks(tuple(numbered_faults(view, world).values()))
    assert [2 * SECOND_NS, 5 * SECOND_NS] in [mark[:2] for mark in marks]


def test_faults_that_strike_together_have_windows_of_their_own_unless_they_share_one() -> None:
    both = windowed(Together(parts=(LOST, LATER)), 2, 5)
    assert isinstance(both, Together)
    assert [(each.from_ns, each.until_ns) for each in both.parts] == [(2, 5), (2, 5)]
    shared = windowed(Together(parts=(LOST,), from_ns=1, until_ns=9), 2, 5)
    assert (shared.from_ns, shared.until_ns) == (2, 5)
