"""Ask a run which faults of its plan struck, and how often."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl

    from studio.store.windows.run_view import RunView

__all__ = ["struck_faults"]

FAULTS_MAX = 1000


def struck_faults(view: RunView, *, most: int = FAULTS_MAX) -> pl.DataFrame:
    """Return the faults that struck, in the order of the plan: `fault`, `kind`, `target`, `strikes`, `last_ns`.

    Args:
        view: Of the run.
        most: How many faults at most.
    """
    return view.ask(
        "select fault, min(kind) as kind, min(target) as target, count(*) as strikes, max(at_ns) as last_ns "
        "from raw.faults where run = {run} group by fault order by fault limit {most}",
        names=("kind", "target"),
        most=most,
    )
