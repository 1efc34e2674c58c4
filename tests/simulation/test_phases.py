"""Phases: no fault before they begin, none after they heal, and a deadline to come to rest by."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from studio.errors import BadOption, InvalidDeclaration, StudioError
from studio.graph.system import System
from studio.simulation.run import Run
from studio.simulation.simulate import simulate
from studio.store import Log

SERVICE = """
%%service Listener
@service.operation($.Listener.ask)
async def ask(thing: Thing) -> Told:
    return Told(text=thing.id)
"""
LINE = " --duration 60s --quiet 10s --heal 40s --converge 5s"


def cell(faults: str, line: str = LINE) -> str:
    return f"%%scenario stormy{line}\nworkload($.Listener.ask, rate_per_s=2, arrivals='fixed')\n{faults}"


def run(system_from: Any, faults: str, line: str = LINE, *cells: str) -> Run:
    return simulate("stormy", system=system_from(SERVICE, cell(faults, line), *cells), log=Log.memory())


def seconds(found: Run) -> list[float]:
    return found.faults["at_s"].to_list()


def test_faults_strike_between_quiet_and_heal_only(system_from: Any) -> None:
    struck = seconds(run(system_from, "lose($.Listener.ask)"))
    assert struck[0] == 10
    assert struck[-1] < 40
    assert len(struck) == 60


def test_window_inside_the_phases_stays_as_it_is(system_from: Any) -> None:
    struck = seconds(run(system_from, "lose($.Listener.ask, at='20s', until='21s')"))
    assert (struck[0], struck[-1]) == (20.0, 20.5)


def test_what_is_down_starts_when_all_heals(system_from: Any) -> None:
    found = run(system_from, "crash('Listener', at='30s', down_for='10h')")
    assert found.lives.filter(found.lives["change"] == "started")["at_s"].to_list() == [0, 40]
    late = run(system_from, "crash('Listener', at='50s', down_for='10h')")
    assert not len(late.faults)


def test_phases_are_in_the_log(system_from: Any) -> None:
    phases = run(system_from, "lose($.Listener.ask)").phases
    begun = dict(zip(phases["phase"], phases["at_s"], strict=True))
    assert begun == {"quiet": 0, "faults": 10, "heal": 40, "converge": 60}
    assert not len(run(system_from, "", " --duration 5s").phases)


def test_verb_states_the_same_as_the_line(system_from: Any) -> None:
    verb = "phases(quiet='10s', heal='40s', converge='5s')\nlose($.Listener.ask)"
    assert run(system_from, verb, " --duration 60s").sha256 == run(system_from, "lose($.Listener.ask)").sha256


def test_shorter_run_heals_at_its_end(system_from: Any) -> None:
    system: System = system_from(SERVICE, cell("lose($.Listener.ask)"))
    found = simulate("stormy", system=system, log=Log.memory(), duration="20s")
    assert found.phases["at_s"].to_list() == [0, 10, 20, 20]


@given(st.integers(0, 30), st.integers(31, 60), st.integers(0, 60), st.integers(0, 60))
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_fault_strikes_outside_its_phase(system_from: Any, quiet: int, heal: int, at: int, length: int) -> None:
    line = f" --duration 60s --quiet {quiet}s --heal {heal}s"
    fault = f"lose($.Listener.ask, at='{at}s', until='{at + length}s')"
    assert all(max(quiet, at) <= each < min(heal, at + length) for each in seconds(run(system_from, fault, line)))


@pytest.mark.parametrize("line", [" --quiet 2m", " --quiet 30s --heal 20s", " --heal 2m", " --quiet 5s --heal 5s"])
def test_phases_that_do_not_follow_each_other_are_refused(system_from: Any, line: str) -> None:
    with pytest.raises(InvalidDeclaration, match="quiet < heal"):
        system_from(SERVICE, cell("", line)).build()


def test_settle_is_an_option_of_the_cell(system_from: Any) -> None:
    found = run(system_from, "latency($.Listener.ask, '20s')", " --duration 5s --settle 1s")
    assert "still busy after settle=1s" in str(found.summary())
    with pytest.raises((BadOption, StudioError), match="settle"):
        system_from(SERVICE, cell("", " --settle soon"))
