"""List the counterexamples that are kept beside a notebook, reading their files again only when they have changed."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from studio.simulation.counterexample.kept import Kept, Retried, kept_beside, remembered
from studio.simulation.current import home
from studio.simulation.harming.fault_words import plan_in_words

if TYPE_CHECKING:
    from studio.graph.system import System

__all__ = ["Keepsakes"]

FILES_MAX = 500
_FOLDER = "simulations"


class Keepsakes:
    """The kept counterexamples of one notebook, and those that were found in its system.

    Args:
        system: What the notebook declares.
    """

    def __init__(self, system: System) -> None:
        self._system = system
        self._stamp: tuple[Any, ...] | None = None
        self._beside: tuple[Kept, ...] = ()

    def told(self, verdicts: Mapping[str, Retried]) -> list[dict[str, Any]]:
        """Return each as what a sidebar shows of it.

        Args:
            verdicts: What came of those that were run again since the code changed, by name.
        """
        beside = {each.name: each for each in self._kept()}
        every = beside | {each.name: each for each in remembered(self._system) if each.name not in beside}
        return [_told(each, verdicts.get(name), is_kept=name in beside) for name, each in every.items()]

    def _kept(self) -> tuple[Kept, ...]:
        place = home() or Path.cwd() / "notebook.ipynb"
        files = sorted((place.parent / _FOLDER).glob("*.json"))[:FILES_MAX]
        stamp = (place, tuple((each.name, *_times(each)) for each in files))
        if stamp != self._stamp:
            self._stamp, self._beside = stamp, kept_beside(place)[:FILES_MAX]
        return self._beside


def _times(file: Path) -> tuple[int, int]:
    try:
        state = file.stat()
    except OSError:  # gone since it was listed
        return 0, 0
    return state.st_mtime_ns, state.st_size


def _told(kept: Kept, verdict: Retried | None, *, is_kept: bool) -> dict[str, Any]:
    found = kept.counterexample
    return {
        "name": kept.name,
        "invariant": found.invariant,
        "scenario": found.case.scenario,
        "seed": found.case.seed,
        "takes": "; ".join(plan_in_words(found.plan)) or "the workload alone",
        "status": _status(verdict),
        "reason": "" if verdict is None else verdict.obstacle,
        "kept": is_kept,
    }


def _status(verdict: Retried | None) -> str:
    if verdict is None:
        return "found"
    if verdict.obstacle:
        return "unrunnable"
    return "mended" if verdict.is_mended else "fails"
