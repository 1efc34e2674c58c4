"""Tell a campaign in a few numbers, and what its verdict rests on; the card, the report and the terminal show these."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from studio.errors import in_words
from studio.simulation.campaign.predictors import FaultLine, fault_lines, never_struck, pair_lines
from studio.simulation.summary import overload_notes, some

if TYPE_CHECKING:
    from studio.simulation.campaign.campaign import Campaign

__all__ = ["FailingSeed", "FaultLine", "Outline", "Took", "duration_text", "outline_of", "promised_lines"]

SHOWN_MAX = 10
"""Failing seeds and latencies that are listed; of the rest only the number is told."""


@dataclass(frozen=True, slots=True)
class FailingSeed:
    """A seed that failed: what of, and the line that repeats it."""

    seed: int
    reason: str
    replay: str


@dataclass(frozen=True, slots=True)
class Took:
    """How long calls of an address or sagas took: in the median seed, and in the worst."""

    kind: str
    name: str
    count: int
    p50: str
    p99: str
    worst_p99: str
    worst_seed: int


@dataclass(frozen=True, slots=True)
class Outline:
    """A campaign in a few numbers.

    Attributes:
        scenario: Its name.
        asked: Seeds that were asked for.
        done: Seeds that were run.
        failed: Seeds under which a promise was broken.
        errors: Seeds that did not come to their end.
        invariants: Every invariant, and the seeds under which it was violated.
        promised: Promises of Studio's own that were tested, and held.
        faults: Those that struck, as far as they are shown: the ones that best predict failure first.
        more_faults: How many more struck.
        pairs: Pairs of faults by how well they predict failure; those with a share above that of all seeds.
        sagas: Instances by state, over all seeds.
        took: Latencies of calls and sagas.
        failing: The first seeds that failed.
        differing: What differed where seeds were run twice.
        notes: What the verdict rests on.
    """

    scenario: str
    asked: int
    done: int
    failed: int
    errors: int
    invariants: tuple[tuple[str, int], ...]
    promised: tuple[str, ...]
    faults: tuple[FaultLine, ...]
    more_faults: int
    pairs: tuple[FaultLine, ...]
    sagas: tuple[tuple[str, int], ...]
    took: tuple[Took, ...]
    failing: tuple[FailingSeed, ...]
    differing: tuple[str, ...]
    notes: tuple[str, ...]

    @property
    def verdict(self) -> str:
        """Return the verdict, a sign first."""
        if not self.done:
            return "? stopped before the first seed was done"
        if not self.failed and not self.errors:
            return "✓ every promise held"
        told = [f"{self.failed:,} broke a promise"] if self.failed else []
        told += [f"{self.errors:,} did not come to an end"] if self.errors else []
        return "✗ " + ", ".join(told)

    def __str__(self) -> str:
        lines = [f"{self.scenario} under {_seeds(self.done)}: {self.verdict}"]
        lines += [f"  {'✗' if count else '✓'} {name}: {_broken(count)}" for name, count in self.invariants]
        lines += [f"  ✓ {each}" for each in promised_lines(self.promised)]
        lines += _listed("faults, the best predictors of failure first" if self.failed else "faults", [
            *(f"{each.words} (struck under {_seeds(each.struck)}, {each.failing:,} failed)" for each in self.faults),
            *([f"and {self.more_faults:,} more (campaign.faults)"] if self.more_faults else []),
        ])  # fmt: skip
        lines += _listed("pairs that predict failure", [
            f"{each.words} (both struck under {_seeds(each.struck)}, {each.share:.0%} failed)" for each in self.pairs
        ])  # fmt: skip
        lines += [f"  sagas: {', '.join(f'{count:,} {state}' for state, count in self.sagas)}"] if self.sagas else []
        lines += _listed("time taken (median seed; worst p99)", [
            f"{each.kind} {each.name}: p50 {each.p50}, p99 {each.p99}; {each.worst_p99} under seed {each.worst_seed}"
            for each in self.took
        ])  # fmt: skip
        lines += _listed("failing seeds", [f"{each.seed}: {each.reason}   {each.replay}" for each in self.failing])
        lines += [f"  ! {each}" for text in self.differing for each in text.splitlines()]
        return "\n".join([*lines, *(f"  {note}" for note in self.notes)])

    __repr__ = __str__


def outline_of(campaign: Campaign) -> Outline:
    """Return the outline of a campaign."""
    seeds, violations = campaign.seeds, campaign.violations
    faults, more_faults = fault_lines(campaign)
    verdicts = dict(campaign.sql("select verdict, count(*) from campaign_seeds group by verdict").iter_rows())
    broken = dict(violations.group_by("invariant").len().iter_rows())
    declared = campaign.build.graph.invariants
    states = campaign.sql("select state, sum(instances) from campaign_sagas group by state order by state")
    return Outline(
        scenario=campaign.scenario,
        asked=campaign.asked,
        done=len(seeds),
        failed=verdicts.get("failed", 0),
        errors=verdicts.get("error", 0),
        invariants=tuple((name, broken.get(name, 0)) for name in sorted({*declared, *broken})),
        promised=tuple(name for name in campaign.coverage.promised if name not in broken),
        faults=faults,
        more_faults=more_faults,
        pairs=pair_lines(campaign),
        sagas=tuple(states.iter_rows()),
        took=_took(campaign),
        failing=_failing(campaign),
        differing=tuple(map(str, campaign.differing)),
        notes=tuple(_notes(campaign, verdicts)),
    )


def _took(campaign: Campaign) -> tuple[Took, ...]:
    rows = campaign.quantiles.sort("worst_p99_s", descending=True).head(SHOWN_MAX)
    names = ("kind", "name", "count", "p50_s", "p99_s", "worst_p99_s", "worst_seed")
    return tuple(
        Took(kind, name, count, duration_text(p50), duration_text(p99), duration_text(worst), seed)
        for kind, name, count, p50, p99, worst, seed in rows.select(names).iter_rows()
    )


def _failing(campaign: Campaign) -> tuple[FailingSeed, ...]:
    query = """
    select seed, error, error_text,
      (select string_agg(invariant || ' (' || violations || ')', ', ' order by invariant)
       from campaign_violations v where v.seed = s.seed) as broken
    from campaign_seeds s where verdict <> 'held' order by seed limit $n
    """
    return tuple(
        FailingSeed(seed, broken or f"{in_words(error)}: {text}", campaign.replay(seed))
        for seed, error, text, broken in campaign.sql(query, n=SHOWN_MAX).iter_rows()
    )


def _notes(campaign: Campaign, verdicts: dict[str, int]) -> list[str]:
    """Return what the verdict rests on, and what it does not say."""
    done, covered = len(campaign.seeds), campaign.coverage
    notes = []
    if done and not campaign.failing:
        notes.append(f"No violation was seen under {_seeds(done)}; that is not yet a proof.")
    if done < campaign.asked:
        notes.append(f"Stopped by hand: {done:,} of {campaign.asked:,} seeds were run.")
    failing = verdicts.get("failed", 0) + verdicts.get("error", 0)
    if failing > SHOWN_MAX:
        notes.append(f"{failing - SHOWN_MAX:,} more seeds failed; `campaign.failing` lists them.")
    never = never_struck(campaign)
    notes += [never] if never else []
    notes += [f"Never saw data: {some(covered.unfed)}."] if covered.unfed else []
    notes += [f"Never ran: {some(covered.idle)}."] if covered.idle else []
    notes += [f"Not at rest at the end: {_seeds(covered.restless)}."] if covered.restless else []
    notes += overload_notes(campaign.build.graph, campaign.scenario, covered.promised)
    if any(each.mode == "always" for each in campaign.build.graph.invariants.values()):
        notes.append(
            "What breaks and mends itself between two marks of virtual time is seen on kept failing seeds only."
        )
    notes.append(_checked(campaign))
    return notes


def _checked(campaign: Campaign) -> str:
    if not campaign.checked:
        return "No seed was run twice to check that runs repeat."
    twice = f"{_seeds(campaign.checked)} {'was' if campaign.checked == 1 else 'were'} run twice, in another process"
    return f"{twice}: {len(campaign.differing) or 'none'} differed."


def promised_lines(names: Sequence[str]) -> tuple[str, ...]:
    """Return the line that says which promises of Studio's own held; none where none was tested."""
    plural = "" if len(names) == 1 else "s"
    return (f"{len(names)} promise{plural} of Studio's own held: {', '.join(names)}",) if names else ()


def _listed(title: str, lines: list[str]) -> list[str]:
    return [f"  {title}:", *(f"    {line}" for line in lines)] if lines else []


def _broken(count: int) -> str:
    return f"violated under {_seeds(count)}" if count else "held"


def _seeds(count: int) -> str:
    return f"{count:,} seed{'' if count == 1 else 's'}"


def duration_text(seconds: float) -> str:
    """Return a duration with three digits, in the unit that suits it."""
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6)):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return "0 s" if seconds <= 0 else f"{seconds * 1e9:.3g} ns"
