"""A promise that is broken for a moment only: a hunt finds it, and every form of its counterexample shows it again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from studio.graph.system import Build, System
from studio.simulation.case import Case
from studio.simulation.counterexample.counterexample import Counterexample
from studio.simulation.counterexample.kept import Kept, replay, retry
from studio.simulation.counterexample.rerun import rows_of
from studio.simulation.hunting.hunt import hunt
from studio.simulation.simulate import simulate
from studio.source.cell import cell_from_text
from studio.store import Log

CELLS = (
    """
    %%service Bank
    @service.operation($.Bank.charge)
    async def charge(thing: Thing) -> None:
        pass
    """,
    """
    %%service Till
    import asyncio
    sold = service.collection("sold", Thing, key="id")
    @service.on($.Thing.made)
    async def sell(thing: Thing) -> None:
        try:
            await call($.Bank.charge, thing)
        except (CallTimeout, ServiceUnavailable):
            await sold.put(Thing(id="free"))
            await asyncio.sleep(0.02)
            await sold.delete("free")
        await sold.put(thing)
    """,
    "%%scenario calm --duration 10s\nworkload($.Thing.made, [Thing(id='a')], at='1s')",
    "%%invariant nothing_is_free\nselect id from Till.sold where id = 'free'",
)


@pytest.fixture
def build(build_from: Callable[..., Build]) -> Build:
    return build_from(*CELLS)


@pytest.fixture
def found(build: Build) -> Counterexample:
    counterexample = hunt("calm", system=build, runs=60, kinds=["lose"]).counterexample
    assert counterexample is not None
    return counterexample


def test_marks_of_time_miss_it(build: Build, found: Counterexample) -> None:
    missed = simulate(found.case, system=build, log=Log.memory(), check="marks", keep=False)
    assert rows_of(missed, found.invariant) == ()


def test_counterexample_shows_it_in_each_form(build: Build, found: Counterexample) -> None:
    assert found.case.check == "commits"
    again = Counterexample.from_json(found.as_json())
    for run in (found.replay(), replay(again, system=build), retry(Kept("x", found), build).run):
        assert run is not None
        assert rows_of(run, found.invariant) == ('{"id": "free"}',)


def test_its_test_says_when_it_looks(build: Build, found: Counterexample) -> None:
    written: dict[str, Any] = {"__file__": "simulations/test_x.py"}
    exec(found.test(), written)  # noqa: S102 - that is what is tested
    assert written["COUNTEREXAMPLE"]["case"]["check"] == "commits"
    assert rows_of(replay(written["COUNTEREXAMPLE"], system=build), found.invariant)


def test_its_cell_breaks_the_promise_by_itself(build: Build, found: Counterexample) -> None:
    system = System()
    for source in [each.source for each in build.graph.definitions.values()] + [cell_from_text(found.cell())]:
        assert source is not None
        system.define(source)
    (name,) = {*system.graph.scenarios} - {"calm"}
    assert rows_of(simulate(name, system=system, log=Log.memory(), keep=False), found.invariant)


def test_its_run_forks_before_and_after_the_moment(found: Counterexample) -> None:
    run = found.replay()
    assert not len(run.fork(at=0, faults=[]).violations)
    assert len(run.fork(at="9s", faults=[]).violations) == len(run.violations)


def test_what_was_kept_before_cases_said_so_is_looked_at_closely(found: Counterexample) -> None:
    older = found.as_json().replace(', "check": "commits"', "").replace('"check": "commits",', "")
    older = older.replace('"check"', '"checked"')
    assert Counterexample.from_json(older) == found


def test_case_says_when_to_check(build: Build) -> None:
    run = simulate(Case("calm", check="commits"), system=build, log=Log.memory(), keep=False)
    assert run.case is not None
    assert Case.from_json(run.case.as_json()).check == "commits"
