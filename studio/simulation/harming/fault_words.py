"""Say faults in words, as people would: `the 1st reply of cards is lost`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from studio.model.duration import format_ns
from studio.model.fault import Fault
from studio.model.faults.composed_faults import Swarm, Together
from studio.model.faults.delivery_faults import Duplicate, Poison, Reorder
from studio.model.faults.handler_faults import Fail, Garbage, Hang, Respond, Slow
from studio.model.faults.network_faults import Clog, Late, Latency, Lose, Partition, Refuse, Timeout
from studio.model.faults.process_faults import Crash, CrashPoint, Down, Pause
from studio.simulation.harming.machine_words import MACHINE_WORDS, MOMENTARY, span

__all__ = ["at_large", "in_words", "plan_in_words"]


def plan_in_words(plan: Sequence[Fault]) -> list[str]:
    """Return one sentence for each fault of a plan."""
    return [in_words(fault) for fault in plan]


def in_words(fault: Fault) -> str:
    """Return a fault as a sentence, without a full stop."""
    if isinstance(fault, Together):
        return f"together: {'; '.join(map(in_words, fault.parts))}{_when(fault)}"
    if isinstance(fault, Swarm):
        drawn = "; ".join((*map(in_words, fault.parts), *fault.kinds)) or "whatever can strike"
        return f"of these, each seed draws some: {drawn}{_when(fault)}"
    where = _link(fault)
    if isinstance(fault, Crash):
        return f"{_crash(fault)}{where}"
    if isinstance(fault, Pause):
        return f"{_pause(fault)}{where}"
    if isinstance(fault, MOMENTARY):
        return f"{_what(fault, '')} at {format_ns(fault.from_ns)}"
    return f"{_what(fault, _which(fault))}{where}{_when(fault)}"


def at_large(fault: Fault) -> str:
    """Return a fault as a sentence that leaves out how often and when: `a reply of cards is lost`."""
    if isinstance(fault, Together):
        return f"together: {'; '.join(map(at_large, fault.parts))}"
    if isinstance(fault, Crash | Pause):
        many, one = ("crash", "crashes") if isinstance(fault, Crash) else ("stand still", "stands still")
        return f"{_replicas(fault)} {many if fault.also else one}"
    if isinstance(fault, CrashPoint):
        return f"a process crashes at {fault.point} {_targets(fault)}"
    return re.sub(r"\ba (?=[aeiou])", "an ", f"{_what(fault, 'a ')}{_link(fault)}")


def _which(fault: Fault) -> str:
    """Return which occasions a fault means."""
    if isinstance(fault.occurrence, tuple):
        return f"the {_listed([_ordinal(number) for number in fault.occurrence])} "
    if fault.every:
        return f"every {_ordinal(fault.every)} "
    return f"the {_ordinal(fault.occurrence)} " if fault.occurrence else "each "


def _what(fault: Fault, which: str) -> str:
    """Return what happens, to whom; a kind that nothing is said of here is named."""
    say = _WORDS.get(type(fault))
    return f"{fault.kind} on {_targets(fault)}" if say is None else say(fault, which, _targets(fault))


_WORDS: dict[type[Fault], Any] = {
    Lose: lambda fault, which, target: f"{which}{fault.leg} of {target} is lost",
    Timeout: lambda fault, which, target: (
        f"{which}call of {target} times out, {'having run' if fault.ran else 'not run'}"
    ),
    Latency: lambda fault, which, target: f"{which}message to {target} takes longer by {span(fault.extra)}",
    Refuse: lambda _, which, target: f"{which}call of {target} is refused",
    Late: lambda fault, which, target: (
        f"{which}reply of {target} comes {format_ns(fault.by_ns)} after the caller gave up"
    ),
    Clog: lambda fault, _, target: f"what goes to {target} passes at {fault.per_s:g} a second, and queues",
    Partition: lambda fault, _, target: _partition(fault, target),
    Duplicate: lambda _, which, target: f"{which}event of {target} is delivered twice",
    Reorder: lambda fault, which, target: (
        f"{which}event of {target} is held back up to {format_ns(fault.within_ns)}, so that others overtake it"
    ),
    Poison: lambda fault, which, target: (
        f"{which}message of {target}{f' with key {fault.key}' if fault.key else ''} "
        f"{'kills whoever handles it' if fault.kills else 'cannot be handled'}, at every delivery"
    ),
    Fail: lambda fault, which, target: (
        f"{which}{_handling(fault)} of {target} fails{f' with {fault.error}' if fault.error else ''}"
    ),
    Hang: lambda fault, which, target: f"{which}{_handling(fault)} of {target} hangs",
    Slow: lambda fault, which, target: f"{which}handling of {target} takes longer by {span(fault.extra)}",
    Respond: lambda fault, which, target: (
        f"{target} answers {which}request with {fault.status}{', having run' if fault.ran else ''}"
    ),
    Garbage: lambda fault, which, target: f"{which}{fault.leg or 'message'} of {target} is garbage",
    CrashPoint: lambda fault, which, target: (
        f"{which}time at {fault.point} {target} the process crashes{_deaths(fault)}, "
        f"down for {format_ns(fault.down_ns)}"
    ),
    Down: lambda _, __, target: f"{target} refuses connections",
    **MACHINE_WORDS,
}


def _crash(fault: Crash) -> str:
    when, down = format_ns(fault.from_ns), format_ns(fault.down_ns)
    verb = "crash" if fault.also else "crashes"
    return f"{_replicas(fault)} {verb} at {when}{_deaths(fault)}, down for {down}"


def _pause(fault: Pause) -> str:
    after_ns = fault.replaced_after_ns
    replaced = "" if after_ns is None else f", replaced after {format_ns(after_ns)}"
    when, lasts = format_ns(fault.from_ns), format_ns(fault.lasts_ns)
    verbs = ("stand", "wake") if fault.also else ("stands", "wakes")
    return f"{_replicas(fault)} {verbs[0]} still at {when} for {lasts}{replaced}, and {verbs[1]} as if nothing had been"


def _replicas(fault: Crash | Pause) -> str:
    return _listed([each if "/" in each else f"replica {fault.replica} of {each}" for each in fault.targets])


def _partition(fault: Partition, target: str) -> str:
    other = _listed(fault.source) or "everybody else"
    sides = {
        "both": f"{target} and {other} do not reach each other",
        "to": f"nothing of {other} reaches {target}",
        "from": f"nothing of {target} reaches {other}",
    }
    return f"{sides[fault.ways]}{', what is sent meanwhile is held' if fault.mode == 'hold' else ''}"


def _handling(fault: Fail | Hang) -> str:
    return "compensation" if fault.during == "compensation" else "handling"


def _deaths(fault: Crash | CrashPoint) -> str:
    return "" if fault.times == 1 else f", {fault.times} times in a row"


def _link(fault: Fault) -> str:
    """Return between whom, where a fault says it and its own words do not."""
    source = "" if isinstance(fault, Partition) or not fault.source else f" from {_listed(fault.source)}"
    return f"{source} to {_listed(fault.to)}" if fault.to else source


def _when(fault: Fault) -> str:
    share = "" if fault.probability >= 1 else f", with a probability of {fault.probability:g}"
    start = f" from {format_ns(fault.from_ns)}" if fault.from_ns else ""
    end = f" until {format_ns(fault.until_ns)}" if fault.until_ns is not None else ""
    return f"{share}{start}{end}"


def _targets(fault: Fault) -> str:
    return _listed(fault.targets)


def _listed(names: Sequence[str]) -> str:
    """Return names as people list them: `a, b and c`."""
    *first, last = names or ("",)
    return f"{', '.join(first)} and {last}" if first else last


def _ordinal(number: int) -> str:
    ending = "th" if 10 <= number % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"
