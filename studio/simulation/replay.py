"""Run a system's scenarios and kept counterexamples, and reduce each to what a later run is compared with.

For the tests of exported packages.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from studio.graph.system import System
from studio.simulation.counterexample.counterexample import Counterexample
from studio.simulation.counterexample.kept import Kept, kept_beside, retry
from studio.simulation.current import latest, set_latest
from studio.simulation.run import Run
from studio.simulation.simulate import simulate
from studio.store import Log

__all__ = ["kept_texts", "replay", "replay_all", "result_of", "retry_all"]


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


def kept_texts(path: Path | None, system: System) -> dict[str, str]:
    """Return the counterexamples that are kept beside a notebook or in a folder, as JSON by name.

    Those of scenarios that the system does not declare are left out; the text says nothing of where it was found.

    Args:
        path: Of the notebook or folder; None for nothing.
        system: What it declares.
    """
    found = () if path is None else kept_beside(path)
    mine = [each for each in found if each.counterexample.case.scenario in system.graph.scenarios]
    return {each.name: each.counterexample.as_json() for each in mine}


def retry_all(system: System, texts: Mapping[str, str]) -> dict[str, str]:
    """Run kept counterexamples and return what became of each promise: `held`, `violated`, or why that is not known.

    Args:
        system: With whose code.
        texts: As `kept_texts` gives them.

    Raises:
        InvalidCounterexample: A text is none.
    """
    build = system.build() if texts else None
    found = {}
    for name, text in sorted(texts.items()):
        assert build is not None
        retried = retry(Kept(name, Counterexample.from_json(text)), build)
        found[name] = retried.obstacle or ("held" if retried.is_mended else "violated")
    return found
