"""Say faults in words, as people would: `the 1st reply of cards is lost`."""

from __future__ import annotations

from collections.abc import Sequence

from studio.model.duration import format_ns
from studio.model.fault import Fault
from studio.model.faults.delivery_faults import Duplicate
from studio.model.faults.network_faults import Latency, Lose, Timeout
from studio.model.faults.process_faults import Crash, CrashPoint, Down

__all__ = ["in_words", "plan_in_words"]


def plan_in_words(plan: Sequence[Fault]) -> list[str]:
    """Return one sentence for each fault of a plan."""
    return [in_words(fault) for fault in plan]


def in_words(fault: Fault) -> str:
    """Return a fault as a sentence, without a full stop."""
    which = f"the {_ordinal(fault.occurrence)} " if fault.occurrence else "each "
    return f"{_what(fault, which)}{_when(fault)}"


def _what(fault: Fault, which: str) -> str:
    target = fault.target
    words = f"{fault.kind} on {target}"
    match fault:
        case Lose():
            words = f"{which}{fault.leg} of {target} is lost"
        case Timeout():
            words = f"{which}call of {target} times out, {'having run' if fault.ran else 'not run'}"
        case Latency():
            words = f"{which}message to {target} takes longer by {fault.extra}"
        case Duplicate():
            words = f"{which}event of {target} is delivered twice"
        case Crash():
            when, down = format_ns(fault.from_ns), format_ns(fault.down_ns)
            words = f"replica {fault.replica} of {target} crashes at {when}, down for {down}"
        case CrashPoint():
            down = format_ns(fault.down_ns)
            words = f"{which}time at {fault.point} {target} the process crashes, down for {down}"
        case Down():
            words = f"{target} refuses connections"
    return words


def _when(fault: Fault) -> str:
    if isinstance(fault, Crash):
        return ""
    share = "" if fault.probability >= 1 else f", with a probability of {fault.probability:g}"
    start = f" from {format_ns(fault.from_ns)}" if fault.from_ns else ""
    end = f" until {format_ns(fault.until_ns)}" if fault.until_ns is not None else ""
    return f"{share}{start}{end}"


def _ordinal(number: int) -> str:
    ending = "th" if 10 <= number % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"
