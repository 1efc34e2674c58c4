"""Turn a saga instance's story into its picture."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

from studio.dashboard.pieces.facts import error_words
from studio.observe.saga_picture import SagaMark, SagaPicture, SagaState, SagaWork

if TYPE_CHECKING:
    from studio.store.windows.saga_story import SagaStory

__all__ = ["picture_of", "step_of"]

_MARKED = ("done", "failed", "unknown", "compensated", "compensation-failed")
_OPEN = {"intent": "step", "compensating": "compensation"}
_LIVES = {"crashed": "✖", "paused": "‖", "stopped": "■"}


def picture_of(story: SagaStory, corner: str) -> SagaPicture:
    """Return the picture of a story.

    Args:
        story: Of an instance.
        corner: Run and seed.
    """
    journal = story.journal.to_dicts()
    states = [
        SagaState(row["at_ns"], row["state"], row["epoch"], row["reason"]) for row in story.states.iter_rows(named=True)
    ]
    steps = list(dict.fromkeys(row["step"] for row in journal))
    work, undone = _attempts(story, steps, journal)
    return SagaPicture(
        story.saga, corner, states, steps, (*work, *undone), (*_marks(journal), *_events(story)), _end_ns(story)
    )


def step_of(name: str, saga: str, undoing: str, steps: Sequence[str]) -> str:
    """Return the step that a span belongs to: a compensation has a name of its own, and undoes the step at hand.

    Args:
        name: Of the span, `OrderProcessing.refund_payment`.
        saga: Its name.
        undoing: Step whose undoing was begun last.
        steps: Of the journal.
    """
    short = name.removeprefix(f"{saga}.")
    return short if short in steps else undoing


def _attempts(
    story: SagaStory, steps: Sequence[str], journal: Sequence[dict[str, Any]]
) -> tuple[list[SagaWork], list[SagaWork]]:
    counts: Counter[tuple[str, str]] = Counter()
    done = []
    for row in story.attempts.iter_rows(named=True):
        kind: Literal["step", "compensation"] = "compensation" if row["kind"] == "compensation" else "step"
        step = step_of(row["name"], story.name, _undoing(journal, row["start_ns"]), steps)
        if kind == "compensation":
            step = _undoing(journal, row["start_ns"]) or step
        counts[step, kind] += 1
        done.append(
            SagaWork(step, kind, row["start_ns"], row["end_ns"], row["status"], row["error"], counts[step, kind])
        )
    return done, _under_way(story, journal, done)


def _undoing(journal: Sequence[dict[str, Any]], at_ns: int) -> str:
    begun = [row["step"] for row in journal if row["phase"] == "compensating" and row["at_ns"] <= at_ns]
    return str(begun[-1]) if begun else ""


def _under_way(story: SagaStory, journal: Sequence[dict[str, Any]], done: Sequence[SagaWork]) -> list[SagaWork]:
    """Return what was begun and has not ended: it has no span yet."""
    if story.state not in ("running", "compensating"):
        return []
    last = {row["step"]: row for row in journal}
    found = []
    for step, row in last.items():
        if row["phase"] in _OPEN:
            kind: Literal["step", "compensation"] = "step" if row["phase"] == "intent" else "compensation"
            ended = [each.end_ns or 0 for each in done if each.step == step and each.kind == kind]
            found.append(SagaWork(step, kind, max([row["at_ns"], *ended]), None, "unfinished", "", len(ended) + 1))
    return found


def _marks(journal: Sequence[dict[str, Any]]) -> list[SagaMark]:
    return [SagaMark(row["at_ns"], row["step"], row["phase"], _told(row)) for row in journal if row["phase"] in _MARKED]


def _told(row: dict[str, Any]) -> str:
    error = f": {error_words(row['error'])}" if row["error"] else ""
    return f"{row['step']} {row['phase']}{error}"


def _events(story: SagaStory) -> list[SagaMark]:
    lives = [
        SagaMark(row["at_ns"], "", _LIVES[row["change"]], f"{story.name}/{row['replica']} {row['change']}")
        for row in story.lives.iter_rows(named=True)
        if row["change"] in _LIVES
    ]
    faults = [
        SagaMark(row["at_ns"], "", "⚡", f"fault {row['fault']}: {row['kind']} {row['target']} ({row['detail']})")
        for row in story.faults.iter_rows(named=True)
    ]
    return sorted([*lives, *faults], key=lambda mark: mark.at_ns)


def _end_ns(story: SagaStory) -> int:
    """Return where the picture ends: a stuck instance waits for hours, which would press all that it did flat."""
    if story.state not in ("stuck", "abandoned"):
        return story.end_ns
    stuck = [at_ns for at_ns, state in story.states.select("at_ns", "state").iter_rows() if state == "stuck"]
    begin, last = int(story.states["at_ns"][0]), max(stuck, default=story.end_ns)
    return min(story.end_ns, last + max(1_000_000, (last - begin) // 3))
