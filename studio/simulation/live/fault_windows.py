"""Say from when until when each fault of a played run was in force: put in by hand, and perhaps lifted."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from studio.model.by_hand import Act
from studio.model.fault import Fault, plan_from
from studio.model.faults.composed_faults import Together

__all__ = ["played_faults", "windowed"]


def played_faults(plan: Iterable[Fault], script: Iterable[Act]) -> tuple[Fault, ...]:
    """Return all faults of a played run in the order of their numbers, each with the window that it had.

    Args:
        plan: What was in force from the start.
        script: What was done then.
    """
    put = [(fault, 0) for fault in plan]
    lifted: dict[int, int] = {}
    for act in script:
        if act.verb == "inject":
            put += [(fault, act.at_ns) for fault in plan_from(act.arguments["faults"])]
        elif act.verb == "lift":
            lifted.setdefault(int(act.arguments["fault"]), act.at_ns)
    return tuple(windowed(fault, at_ns, lifted.get(number)) for number, (fault, at_ns) in enumerate(put, start=1))


def windowed(fault: Fault, put_ns: int, lifted_ns: int | None) -> Fault:
    """Return a fault with the window that it had: it begins when it was put in, and ends when it was lifted.

    Args:
        fault: As it was stated.
        put_ns: When it was put in; 0 for the start.
        lifted_ns: When it was lifted; None where it was not.
    """
    if isinstance(fault, Together) and not fault.from_ns and fault.until_ns is None:  # each part has its own
        return replace(fault, parts=tuple(windowed(part, put_ns, lifted_ns) for part in fault.parts))
    from_ns, until_ns = max(fault.from_ns, put_ns), fault.until_ns
    if lifted_ns is not None and fault.tempo != "instant":
        until_ns = lifted_ns if until_ns is None else min(until_ns, lifted_ns)
    return replace(fault, from_ns=from_ns, until_ns=None if until_ns is None else max(from_ns, until_ns))
