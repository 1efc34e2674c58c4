"""Say in words what struck a span: a fault, a crash, a lost delivery, a saga's turn, a log line."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from studio.errors import in_words
from studio.observe.axis import duration
from studio.records import Delivery, FaultStrike, Life, LogLine, PolicyChange, SagaStep, Violation

__all__ = ["SIGNS", "Mark", "MarkKind", "mark_of"]

MarkKind = Literal["fault", "crash", "delivery", "policy", "step", "log", "violation"]

SIGNS: dict[MarkKind, str] = {
    "fault": "⚡", "crash": "✖", "delivery": "↯", "policy": "◇", "step": "↺", "log": "·", "violation": "✗",
}  # fmt: skip
"""One sign for each kind of mark, so that none is told by its colour alone."""

_ORDINARY_OUTCOMES = {"delivered", "acknowledged", "replied"}
_ORDINARY_PHASES = {"intent", "done"}


@dataclass(frozen=True, slots=True)
class Mark:
    """Something that happened at one instant.

    Attributes:
        at_ns: When.
        kind: Of what kind.
        words: In words.
    """

    at_ns: int
    kind: MarkKind
    words: str

    @property
    def text(self) -> str:
        """The sign and the words."""
        return f"{SIGNS[self.kind]} {self.words}"


def mark_of(record: object, subject: str = "") -> Mark | None:  # noqa: PLR0911 - one way for each record
    """Return the mark that a record makes in a picture; None for what goes without saying.

    Args:
        record: Any record.
        subject: Name of the span that it belongs to; says more than the target of a fault does.
    """
    match record:
        case FaultStrike():
            return Mark(record.at_ns, "fault", _fault_words(record, subject))
        case Life(change="crashed"):
            return Mark(record.at_ns, "crash", _joined(f"{record.service}/{record.replica} crashed", record.reason))
        case Delivery() if record.outcome not in _ORDINARY_OUTCOMES:
            again = f", attempt {record.attempt}" if record.attempt > 1 else ""
            to = f" to {record.consumer}" if record.consumer else ""
            return Mark(record.at_ns, "delivery", _joined(f"{record.outcome}{to}{again}", record.reason))
        case PolicyChange():
            return Mark(record.at_ns, "policy", _policy_words(record))
        case SagaStep() if record.phase not in _ORDINARY_PHASES:
            return Mark(record.at_ns, "step", _joined(f"{record.step}: {record.phase}", record.error))
        case LogLine():
            return Mark(record.at_ns, "log", f"{record.level}: {record.text}")
        case Violation():
            return Mark(record.at_ns, "violation", f"{record.invariant} is violated")
    return None


def _policy_words(change: PolicyChange) -> str:
    detail = re.sub(r"STU\d+", lambda found: in_words(found[0]), change.detail)
    if (change.policy, change.change) == ("retry", "retried"):
        return f"retry, {detail or 'again'}: {change.target}"
    return _joined(f"{change.policy} {change.change}: {change.target}", detail)


def _fault_words(strike: FaultStrike, subject: str) -> str:
    whom = subject if strike.target and strike.target in subject else strike.target
    return f"{_what(strike, whom)} (fault {strike.fault})"


def _what(strike: FaultStrike, whom: str) -> str:
    if strike.kind == "lose":
        return f"{strike.detail.removesuffix(' lost')} of {whom} is lost"
    if strike.kind == "latency" and (found := re.fullmatch(r"(\w+) \+(\d+) ns", strike.detail)):
        return f"{found[1]} of {whom} {duration(int(found[2]))} later"
    if strike.kind == "late":
        return f"the reply of {whom} comes late"
    return _joined(f"{strike.kind} {whom}".strip(), strike.detail)


def _joined(words: str, reason: str) -> str:
    return f"{words} ({reason})" if reason else words
