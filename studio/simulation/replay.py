"""Run a system's scenarios and reduce each to what a later run is compared with: for the tests of exported packages."""

from __future__ import annotations

from typing import Any

from studio.graph.system import System
from studio.simulation.current import latest, set_latest
from studio.simulation.run import Run
from studio.simulation.simulate import simulate
from studio.store import Log

__all__ = ["replay", "replay_all", "result_of"]


def replay_all(system: System) -> dict[str, dict[str, Any]]:
    """Run every scenario of a system with its own seed, in memory, and return each one's result by name.

    What was run last stays what it was.

    Raises:
        RunInterrupted: Stopped by hand.
    """
    before = latest()
    try:
        return {name: result_of(replay(system, name)) for name in system.graph.scenarios}
    finally:
        set_latest(before)


def replay(system: System, scenario: str) -> Run:
    """Run one scenario with its own seed, its records in memory only."""
    return simulate(scenario, system=system, log=Log.memory())


def result_of(run: Run) -> dict[str, Any]:
    """Return what a run came to, as plain JSON: its seed and records' hash, and the verdicts and outcomes.

    Verdicts and outcomes are what an edit should not change: which invariants held, and how many sagas ended how.
    """
    summary = run.summary()
    ended = run.sql("select name, state, count(*) as n from sagas group by name, state order by name, state")
    return {
        "seed": run.seed,
        "records": run.sha256,
        "status": run.status,
        "invariants": {name: "violated" if count else "held" for name, count in summary.violations},
        "sagas": {f"{name} {state}": count for name, state, count in ended.iter_rows()},
    }
