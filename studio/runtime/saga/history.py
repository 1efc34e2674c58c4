"""Read a saga instance's journal: what was begun, what came of it, what was undone, which way a route went."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field

__all__ = ["Entry", "History", "Progress"]

_OUTCOMES = ("done", "failed", "unknown")
_UNDOING = ("compensating", "compensated", "compensation-failed")


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a journal.

    Attributes:
        step: Name of the step; of its undoing too. Of a route's choice the label of the work, `pay` or `pay/undo`.
        phase: intent, done, failed, unknown, compensating, compensated, compensation-failed, or route.
        attempt: Of the work since this orchestrator took it up, from 1.
        error: Code, of what went wrong.
        body: The step's result as JSON; of a route the place of the branch.
        path: Of a route: where it stands in the step's compositions.
        epoch: Of the orchestrator that wrote it.
        at_ns: When.
    """

    step: str
    phase: str
    attempt: int = 1
    error: str = ""
    body: str = ""
    path: str = ""
    epoch: int = 0
    at_ns: int = 0

    def encode(self) -> bytes:
        """Return it as JSON."""
        return json.dumps(asdict(self), sort_keys=True, separators=(",", ":")).encode()

    @classmethod
    def decode(cls, body: bytes) -> Entry:
        """Return what `encode` wrote; what a later version added to it is left out."""
        return cls(**{name: value for name, value in json.loads(body).items() if name in cls.__slots__})


@dataclass(slots=True)
class Progress:
    """How far one step is.

    Attributes:
        outcome: done, failed, unknown; empty while there is none. A step that was asked again has its latest.
        body: Its result, where it is done.
        undoing: compensating, compensated, compensation-failed; empty where its undoing has not begun.
    """

    outcome: str = ""
    error: str = ""
    body: str = ""
    undoing: str = ""


@dataclass(slots=True)
class History:
    """A journal, folded.

    Attributes:
        steps: Progress of every step whose intent is recorded, by name, in the order of intents.
        choices: Branch that a route took, by the label of the work and the path.
    """

    steps: dict[str, Progress] = field(default_factory=dict)
    choices: dict[tuple[str, str], int] = field(default_factory=dict)

    @classmethod
    def of(cls, entries: Iterable[Entry]) -> History:
        """Fold entries in their order."""
        history = cls()
        for entry in entries:
            history.add(entry)
        return history

    def add(self, entry: Entry) -> None:
        """Take in the next entry."""
        if entry.phase == "route":
            self.choices[entry.step, entry.path] = int(entry.body)
            return
        progress = self.steps.setdefault(entry.step, Progress())
        if entry.phase in _OUTCOMES:
            progress.outcome, progress.error, progress.body = entry.phase, entry.error, entry.body
        elif entry.phase in _UNDOING:
            progress.undoing = entry.phase

    def outcome(self, step: str) -> str:
        """Return what came of a step; empty where nothing is known, or it was not begun."""
        progress = self.steps.get(step)
        return "" if progress is None else progress.outcome

    def has_intent(self, step: str) -> bool:
        """Tell whether a step was begun, by whichever orchestrator."""
        return step in self.steps

    def is_undone(self, step: str) -> bool:
        """Tell whether a step's compensation has worked."""
        return step in self.steps and self.steps[step].undoing == "compensated"

    def result(self, step: str) -> bytes | None:
        """Return a finished step's encoded result, None for a step that is not known to have finished."""
        progress = self.steps.get(step)
        return progress.body.encode() if progress is not None and progress.outcome == "done" else None
