"""Hold what came of running one scenario under several seeds: numbers for all, the runs of the first that failed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from studio.notebook.cards.card import Card, Cell, Section, Span, Table, code, words
from studio.notebook.cards.wording import count
from studio.simulation.run import Run

__all__ = ["SeedResult", "SeedRuns"]

KEPT_MAX: Final = 10
"""Failed runs that are kept whole."""


@dataclass(frozen=True, slots=True)
class SeedResult:
    """One seed's run in short: its number in the log, and how often each invariant was violated."""

    seed: int
    run: int
    violations: tuple[tuple[str, int], ...]

    @property
    def is_fine(self) -> bool:
        """Whether no invariant was violated."""
        return not any(number for _, number in self.violations)


class SeedRuns:
    """Runs of one scenario, by seed.

    Args:
        scenario: Its name.
        instead: Duration and delivery model, where others than the scenario's were asked for.
    """

    def __init__(self, scenario: str, instead: Mapping[str, str] | None = None) -> None:
        self.scenario, self.instead = scenario, dict(instead or {})
        self.results: list[SeedResult] = []
        self.failed: list[Run] = []

    def add(self, run: Run) -> None:
        """Count a run in, and keep it when it failed."""
        result = SeedResult(run.seed, run.number, run.summary().violations)
        self.results.append(result)
        if not result.is_fine and len(self.failed) < KEPT_MAX:
            self.failed.append(run)

    @property
    def card(self) -> Card:
        """Return it as a card: the verdict of each invariant, and the seeds to replay."""
        bad = [each for each in self.results if not each.is_fine]
        seeds = f"{len(self.results):,} seeds" if len(self.results) != 1 else "1 seed"
        sections: tuple[Section, ...] = (self._invariants(), self._replays(bad))
        is_fine = bool(self.results) and not bad
        notes = ("No violation was seen under these seeds; that is not yet a proof.",) if is_fine else ()
        return Card("runs", self.scenario, (Span(seeds), *self._verdict(len(bad))), sections=sections, notes=notes)

    def __repr__(self) -> str:
        return repr(self.card)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return self.card._repr_mimebundle_(include, exclude)

    def _verdict(self, bad: int) -> Cell:
        if bad:
            return words(f"✗ {bad:,} broke a promise", "error")
        return words("✓ every promise held", "good") if self.results else words("stopped before the first", "warning")

    def _invariants(self) -> Table:
        names = sorted({name for each in self.results for name, _ in each.violations})
        rows = []
        for name in names:
            broken = sum(1 for each in self.results if dict(each.violations).get(name))
            verdict = words(f"✗ broken by {count(broken, 'seed')}", "error") if broken else words("✓ held", "good")
            rows.append((code(name), verdict))
        return Table("Invariants", ("Name", "Verdict"), tuple(rows))

    def _replays(self, bad: list[SeedResult]) -> Table:
        options = "".join(f" --{name} {value}" for name, value in self.instead.items())
        rows = tuple(
            (
                words(str(each.seed)),
                words(", ".join(f"{name} ({number})" for name, number in each.violations if number)),
                code(f"%simulate {self.scenario} --seed {each.seed}{options}"),
            )
            for each in bad[:KEPT_MAX]
        )
        note = f"and {len(bad) - KEPT_MAX:,} more" if len(bad) > KEPT_MAX else ""
        return Table("Failing seeds", ("Seed", "Violations", "Replay"), rows, note)
