"""Tell a hunt in text: what broke, by how little; else what was tried, and what that does not say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from studio.simulation.harming.fault_words import plan_in_words

if TYPE_CHECKING:
    from studio.simulation.counterexample.counterexample import Counterexample
    from studio.simulation.hunting.hunt import Hunt

__all__ = ["broken_words", "hunt_text", "notes_of", "work_words"]


def hunt_text(hunt: Hunt) -> str:
    """Return a hunt as lines of text."""
    lines = [f"Broken: {broken_words(each)}." for each in hunt.counterexamples]
    if not lines:
        lines = [f"Held: no promise of {hunt.scenario} was broken. That is no proof."]
    lines.append(f"  {work_words(hunt)}.")
    lines += [f"  Replay: {each.replay_line}" for each in hunt.counterexamples]
    return "\n".join([*lines, *(f"  {note}" for note in notes_of(hunt))])


def broken_words(found: Counterexample) -> str:
    """Return which promise broke, and by what."""
    if not found.plan:
        return f"{found.invariant}, without any fault"
    count = f"{len(found.plan)} fault{'s' * (len(found.plan) > 1)}"
    return f"{found.invariant}, by {count}: {'; '.join(plan_in_words(found.plan))}"


def work_words(hunt: Hunt) -> str:
    """Return how much was run, and how fast."""
    runs = hunt.runs + hunt.shrinking_runs
    rate = f", {runs / hunt.elapsed_s:.1f} runs/s" if hunt.elapsed_s else ""
    shrinking = f" and {hunt.shrinking_runs:,} to shrink" if hunt.shrinking_runs else ""
    return f"{hunt.runs:,} run{'s' * (hunt.runs != 1)}{shrinking}, {hunt.elapsed_s:.1f} s{rate}; seed {hunt.seed}"


def notes_of(hunt: Hunt) -> list[str]:
    """Return what a verdict rests on, in sentences."""
    notes = ["Stopped by hand; this is what was known by then."] if hunt.is_interrupted else []
    if hunt.set_aside:
        notes.append(f"The scenario's own {hunt.set_aside} fault{'s' * (hunt.set_aside > 1)} were set aside.")
    if hunt.unshrunk:
        notes.append(f"Perhaps not minimal: {', '.join(hunt.unshrunk)}.")
    if hunt.is_exhausted:
        notes.append("Every plan was tried whose outcome could be new, up to three faults at these sizes.")
    return notes + hunt.coverage.lines()
