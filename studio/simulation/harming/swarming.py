"""Draw the plan of a seed from a swarm: which faults are in, whom they strike, how often and when.

What is drawn for one fault or kind hangs on the seed, the swarm and that fault, not on the others of the swarm.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from studio.errors import InvalidFault, UnfitTarget, UnknownTarget
from studio.graph.build import Graph
from studio.model.distribution import Exponential
from studio.model.duration import SECOND_NS
from studio.model.elementary import exponential, logarithm
from studio.model.fault import KINDS, Fault, plan_from, plan_to
from studio.model.faults.composed_faults import Swarm
from studio.model.phases import phases_of
from studio.model.scenario import Scenario
from studio.simulation.harming.fault_targets import check_fault, fitting
from studio.simulation.randomness import share, stable_key

__all__ = ["drawn", "drawn_for"]

Draw = Callable[[str], float]
RATES = (0.01, 0.5)
"""Least and greatest probability; between them its logarithm is even, so that rare faults are as likely as frequent."""
OCCURRENCE_MAX = 4
SHORTEST_SHARE, LONGEST_SHARE = 0.05, 0.5
"""How much of the time that there is a window takes."""
_MS_NS = 1_000_000
_LIVELY: dict[str, dict[str, Any]] = {"latency": {"extra": Exponential("200ms")}}
"""What a kind is given whose defaults do nothing."""


def drawn(
    graph: Graph, plan: Iterable[Fault | Mapping[str, Any]], seed: int, duration_ns: int, *, quiet_ns: int = 0
) -> tuple[Fault, ...]:
    """Return a plan whose swarms are replaced by what a seed draws from them.

    Args:
        graph: Of the system that the plan is for.
        plan: Faults, or what `plan_to` wrote of them.
        seed: Of the run.
        duration_ns: Until all heals, or until the run's end: before it the faults fall that a swarm gives no window.
        quiet_ns: Until then no fault strikes, and so none is drawn.

    Raises:
        UnknownTarget: Of a part of a swarm, whether it is drawn or not (or UnfitTarget).
        InvalidFault: What was written of one cannot be read.
    """
    faults: list[Fault] = []
    for fault in plan_from(plan):
        if isinstance(fault, Swarm):
            check_fault(graph, fault, lambda _: None)
            faults += _of_swarm(graph, fault, seed, (quiet_ns, duration_ns))
        else:
            faults.append(fault)
    return tuple(faults)


def drawn_for(
    graph: Graph, scenario: Scenario, plan: Iterable[Fault | Mapping[str, Any]], seed: int, end_ns: int
) -> tuple[Fault, ...]:
    """Return a plan as a seed of a scenario draws it: within the phase in which faults strike.

    Args:
        graph: Of the system that the plan is for.
        scenario: Whose phases count.
        plan: Its faults, or others.
        seed: Of the run.
        end_ns: Of the run.

    Raises:
        UnknownTarget, UnfitTarget, InvalidFault: As `drawn`.
    """
    phases = phases_of(scenario).within(end_ns)
    over_ns = end_ns if phases.heal_ns is None else phases.heal_ns
    return drawn(graph, plan, seed, over_ns, quiet_ns=min(phases.quiet_ns, over_ns))


def _of_swarm(graph: Graph, swarm: Swarm, seed: int, span_ns: tuple[int, int]) -> Iterator[Fault]:
    swarm_key = stable_key(json.dumps(plan_to((replace(swarm, parts=(), kinds=()),)), sort_keys=True))
    from_ns = max(swarm.from_ns, span_ns[0])
    until_ns = span_ns[1] if swarm.until_ns is None else swarm.until_ns
    window = (from_ns, max(until_ns, from_ns))
    named = swarm.kinds or (() if swarm.parts else tuple(sorted(set(KINDS) - {"swarm", "together"})))
    for number, part in enumerate(swarm.parts):
        alike = swarm.parts[:number].count(part)
        draw = _draw(seed, swarm_key, f"{json.dumps(plan_to((part,)), sort_keys=True)} {alike}")
        if draw("in") < swarm.share:
            yield _varied(part, window, draw)
    for name in named:
        draw = _draw(seed, swarm_key, name)
        fault = _of_kind(graph, KINDS[name], draw) if draw("in") < swarm.share else None
        if fault is not None:
            yield _varied(fault, window, draw)


def _draw(seed: int, swarm_key: int, what: str) -> Draw:
    return lambda purpose: share(seed, swarm_key, stable_key(what), stable_key(purpose))


def _of_kind(graph: Graph, kind: type[Fault], draw: Draw) -> Fault | None:
    """Return a fault of a kind on a target of the system; None where there is none that it can strike."""
    names = [name for name in fitting(graph, kind) if not name.endswith("/*") and not _is_inside(graph, kind, name)]
    if not names:
        return None
    target = names[int(draw("target") * len(names))]
    try:
        fault = kind(target, **_LIVELY.get(kind.kind, {}))
        check_fault(graph, fault, lambda _: None)
    except (InvalidFault, TypeError, UnfitTarget, UnknownTarget):  # a kind that wants more than a target
        return None
    return fault


def _is_inside(graph: Graph, kind: type[Fault], name: str) -> bool:
    """Tell whether a fault would reach into the books of a third party.

    Its stub stands for somebody who keeps them well, so what broke then would be the stub's doing, and no finding.
    """
    return "collection" in kind.strikes and name.partition(".")[0] in graph.externals


def _varied(fault: Fault, window: tuple[int, int], draw: Draw) -> Fault:
    """Return a fault with a rate and times of its own, as far as its kind takes them."""
    low_ns, high_ns = window
    length_ns = high_ns - low_ns
    at_ns = low_ns + _round(length_ns * (1 - SHORTEST_SHARE) * draw("at"))
    lasts_ns = _round(length_ns * (SHORTEST_SHARE + (LONGEST_SHARE - SHORTEST_SHARE) * draw("length")))
    times: dict[str, Any] = {"from_ns": at_ns, "until_ns": max(min(at_ns + lasts_ns, high_ns), at_ns)}
    plain: dict[str, Any] = {"probability": 1.0, "occurrence": 0, "every": 0}
    if fault.tempo == "instant":
        return replace(fault, from_ns=at_ns, until_ns=None)
    if fault.tempo == "window":
        return replace(fault, **times, **plain)
    if draw("form") < 1 / 3:
        nth = 1 + int(draw("occurrence") * OCCURRENCE_MAX)
        return replace(fault, from_ns=low_ns, until_ns=high_ns, **{**plain, "occurrence": nth})
    return replace(fault, **times, **{**plain, "probability": _rate(draw("rate"))})


def _rate(at: float) -> float:
    low, high = map(logarithm, RATES)
    return round(exponential(low + (high - low) * at), 4)


def _round(value_ns: float) -> int:
    """Round to a time that people read with ease: tenths of seconds, or milliseconds where it is short."""
    unit_ns = 100 * _MS_NS if value_ns >= 10 * SECOND_NS else _MS_NS
    return int(value_ns) // unit_ns * unit_ns
