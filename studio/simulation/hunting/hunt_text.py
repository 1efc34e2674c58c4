"""Tell a hunt in text: what broke, by how little; then, in few lines, what the verdict rests on."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from studio.simulation.harming.fault_words import plan_in_words

if TYPE_CHECKING:
    from studio.simulation.counterexample.counterexample import Counterexample
    from studio.simulation.hunting.hunt import Hunt

__all__ = ["broken_words", "hunt_text", "notes_of", "work_words"]

WIDTH = 100


def _again(found: Counterexample) -> list[str]:
    """Return how a counterexample is seen again from Python."""
    return [f"Replay: {found.replay_line}"]


def hunt_text(
    hunt: Hunt, *, again: Callable[[Counterexample], Iterable[str]] = _again, is_full: bool = False, width: int = WIDTH
) -> str:
    """Return a hunt as lines of text.

    Args:
        hunt: What was found.
        again: Says how a counterexample is seen again.
        is_full: Whether to say all that the verdict rests on, not only the gist.
        width: Of a line.
    """
    lines = [f"Held: no promise of {hunt.scenario} was broken. That is no proof."]
    if hunt.counterexamples:
        lines = [line for each in hunt.counterexamples for line in _broken(each, again(each), width)]
    notes = [f"{work_words(hunt)}.", *notes_of(hunt, is_full=is_full)]
    return "\n".join([*lines, *(line for note in notes for line in _wrapped(note, width))])


def _broken(found: Counterexample, again: Iterable[str], width: int) -> list[str]:
    """Return what broke, by what, and how to see it again."""
    plan = [line for each in plan_in_words(found.plan) for line in _wrapped(f"⚡ {each}", width, "    ")]
    return [f"Broken: {broken_words(found)}", *plan, *(f"  {line}" for line in again)]


def _wrapped(words: str, width: int, indent: str = "  ") -> list[str]:
    return textwrap.wrap(
        words, width, initial_indent=indent, subsequent_indent=indent + "  ", break_on_hyphens=False,
        break_long_words=False,
    )  # fmt: skip


def broken_words(found: Counterexample) -> str:
    """Return which promise broke, and by how little."""
    sends = found.case.sends
    sent = "" if sends is None else f" and {len(sends):,} message{'s' * (len(sends) != 1)}"
    if not found.plan:
        return f"{found.invariant}, without any fault" + sent.replace(" and", ", by", 1)
    return f"{found.invariant}, by {len(found.plan)} fault{'s' * (len(found.plan) > 1)}{sent}"


def work_words(hunt: Hunt) -> str:
    """Return how much was run, and how fast."""
    runs = hunt.runs + hunt.shrinking_runs
    rate = f", {runs / hunt.elapsed_s:.1f} runs/s" if hunt.elapsed_s else ""
    shrinking = f" and {hunt.shrinking_runs:,} to shrink" if hunt.shrinking_runs else ""
    return f"{hunt.runs:,} run{'s' * (hunt.runs != 1)}{shrinking}, {hunt.elapsed_s:.1f} s{rate}; seed {hunt.seed}"


def notes_of(hunt: Hunt, *, is_full: bool = False) -> list[str]:
    """Return what a verdict rests on, in sentences: the gist, or all of it."""
    notes = ["Stopped by hand; this is what was known by then."] if hunt.is_interrupted else []
    if hunt.set_aside:
        own = "fault was" if hunt.set_aside == 1 else f"{hunt.set_aside} faults were"
        notes.append(f"The scenario's own {own} set aside.")
    if hunt.unshrunk:
        notes.append(f"Perhaps not minimal: {', '.join(hunt.unshrunk)}.")
    if hunt.is_exhausted:
        notes.append("Every plan was tried whose outcome could be new, up to three faults at these sizes.")
    return notes + (hunt.coverage.lines() if is_full else hunt.coverage.gist())
