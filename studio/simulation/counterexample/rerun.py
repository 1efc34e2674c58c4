"""Run a case again beside everything else: in memory, and without becoming the run that was played last."""

from __future__ import annotations

from studio.graph.system import Build
from studio.simulation.case import Case
from studio.simulation.run import Run
from studio.simulation.simulate import simulate
from studio.store import Log

__all__ = ["quiet_run", "rows_of"]


def quiet_run(case: Case, build: Build) -> Run:
    """Run a case in memory; what was run last stays what it was."""
    return simulate(case, system=build, log=Log.memory(), keep=False)


def rows_of(run: Run, invariant: str) -> tuple[str, ...]:
    """Return what violated an invariant in a run, as JSON."""
    found = run.sql("select row from violations where invariant = $name order by seq", name=invariant)
    return tuple(found["row"].to_list())
