"""Worlds whose process is killed: what was done to them is in the log, so that what was recorded can be repeated."""

from __future__ import annotations

import os
import subprocess
import sys
from itertools import islice
from pathlib import Path

import pytest

from studio import S, lose
from studio.records import canonical
from studio.simulation.live.script import acts_kept
from studio.simulation.logbook import case_in
from studio.simulation.simulate import simulate
from studio.store import Log
from tests.simulation.live.conftest import Shop, until

ROOT = Path(__file__).resolve().parents[3]
PLAYER = """
import sys, threading
from studio import S, lose
from studio.store import Log
from tests.simulation.live.conftest import Shop, until

shop, log = Shop(), Log.open(sys.argv[1])
world = shop.world(log=log, seed=5, scenario="busy", play=sys.argv[2] == "played")
world.given("Shop.stock", [shop.thing("tea", 5)])
world.start(200)
world.workload(S.Thing.made, rate_per_s=5)
number = 0
while True:
    number += 1
    if number == 3:
        world.inject(lose(S.Shop.take, probability=0.3))
    if number == 6:
        world.crash("Buying", down_for="2s")
    world.publish(S.Thing.seen, shop.thing(str(number)))
    if number == 30:
        until(lambda: log.runs()[0].records > 600)
        print("ready", flush=True)
"""


@pytest.mark.parametrize("mode", ["played", "bare"])
def test_records_of_a_killed_world_are_the_first_of_its_repetition(shop: Shop, tmp_path: Path, mode: str) -> None:
    file = tmp_path / "runs.duckdb"
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    player = subprocess.Popen(
        [sys.executable, "-c", PLAYER, str(file), mode], stdout=subprocess.PIPE, env=environment
    )  # fmt: skip
    with player:
        assert player.stdout is not None
        assert player.stdout.readline() == b"ready\n"
        player.kill()
    log = Log.open(file)
    case = case_in(log, 1)
    assert case is not None
    again = simulate(case, system=shop.system, log=Log.memory(), keep=False)
    recorded = list(log.run(1).records())
    assert len(recorded) > 600
    assert canonical(islice(again.log.records(), len(recorded))) == canonical(recorded)


def test_case_of_a_world_that_goes_on_reaches_as_far_as_its_records(shop: Shop) -> None:
    log = Log.memory()
    world = shop.world(log=log).start(100)
    world.workload(S.Thing.made, rate_per_s=20)
    until(lambda: log.runs()[0].records > 50)
    case = case_in(log, world.number)
    assert case is not None
    assert [act.verb for act in case.script] == ["workload", "close"]
    records = list(simulate(case, system=shop.system, log=Log.memory(), keep=False).log.records())
    assert canonical(records[:50]) == canonical(islice(world.run.log.records(), 50))


def test_acts_leave_the_log_once_the_whole_case_is_there(shop: Shop, tmp_path: Path) -> None:
    log = Log.open(tmp_path / "runs.duckdb")
    world = shop.world(log=log).start(100)
    world.inject(lose(S.Shop.take))
    assert len(log.shelf.acts(1)) == 1
    run = world.close()
    assert (log.shelf.acts(1), case_in(log, 1)) == ([], run.case)


def test_act_that_was_interrupted_is_replaced_in_the_log(shop: Shop) -> None:
    log = Log.memory()
    buffer = shop.world(log=log)._playing.buffer  # noqa: SLF001 - what an interrupt does between two flushes
    acts = ['[0, "check", "{}", true]', '[5, "settle", "{\\"limit\\": \\"10m\\"}", true]']
    for at, act in enumerate(acts):
        buffer.note_act(at, act)
    buffer.flush()
    buffer.note_act(1, '[7, "rest", "{\\"until\\": \\"7ns\\"}", true]')
    buffer.flush()
    assert [act.verb for act in acts_kept(log.shelf.acts(1), 9)] == ["check", "rest", "close"]
