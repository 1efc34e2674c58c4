"""Reduce a run to what a campaign keeps of it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import fields

from studio.model.fault import Fault, plan_to
from studio.simulation.campaign.seed_result import Breach, Latency, SeedResult, Strikes
from studio.simulation.harming.fault_words import in_words
from studio.simulation.run import Run

__all__ = ["reduced"]

_DRAWN = frozenset({"kind", "target", "from_ns", "until_ns", "probability", "occurrence", "every"})
_BREACHES = """
select invariant, any_value(mode) as mode, count(*) as n, arg_min("row", seq) as first
from violations group by invariant order by invariant
"""
_SAGAS = "select name, state, count(*) as n from sagas group by name, state order by name, state"
_TOOK = """
select {kind} as kind, name, count(*) as n, quantile_disc(took, 0.5) as p50, quantile_disc(took, 0.9) as p90,
  quantile_disc(took, 0.99) as p99, max(took) as most
from ({durations}) group by name order by name
"""
_CALLS = "select name, end_ns - start_ns as took from spans where kind = 'call' and status <> 'unfinished'"
_ENDED = """
select any_value(name) as name, max(at_ns) - min(at_ns) as took from saga_changes
group by saga having arg_max(state, seq) in ('completed', 'compensated', 'stuck', 'abandoned')
"""


def reduced(run: Run, *, error: str = "", error_text: str = "", parcel: bytes = b"") -> SeedResult:
    """Return what is kept of a run that has ended.

    Args:
        run: Whose case is known.
        error: Code of what kept it, or an invariant, from its end.
        error_text: The same in words.
        parcel: All its records.
    """
    assert run.case is not None
    summary = run.summary()
    return SeedResult(
        seed=run.seed,
        case=run.case.as_json(),
        status=run.status,
        end_ns=run.end_ns,
        records=run.records,
        sha256=run.sha256,
        breaches=tuple(Breach(*row) for row in run.sql(_BREACHES).iter_rows()),
        strikes=_strikes(run),
        sagas=tuple(run.sql(_SAGAS).iter_rows()),
        latencies=(*_latencies(run, "call", _CALLS), *_latencies(run, "saga", _ENDED)),
        unfed=summary.unseen,
        promised=tuple(sorted(run.promised)),
        idle=summary.idle,
        warnings=summary.warnings,
        error=error,
        error_text=error_text,
        parcel=parcel,
    )


def _latencies(run: Run, kind: str, durations: str) -> list[Latency]:
    query = _TOOK.format(kind=f"'{kind}'", durations=durations)
    return [Latency(*row) for row in run.sql(query).iter_rows()]


def _strikes(run: Run) -> tuple[Strikes, ...]:
    struck = dict(run.sql("select fault, count(*) as n from faults group by fault").iter_rows())
    names = _names(run.plan)
    return tuple(
        Strikes(place, name, fault.kind, fault.target, in_words(fault), struck.get(place, 0))
        for place, (name, fault) in enumerate(zip(names, run.plan, strict=True), start=1)
    )


def _names(plan: Sequence[Fault]) -> list[str]:
    """Name each fault by all that no seed draws: kind, target and options, but for times and rates.

    Words would not do: a plan whose rates are drawn for each seed has other words each time. Nor would places in the
    plan: what else a seed draws shifts them. Those that are alike are numbered among themselves.
    """
    names = list(map(_named, plan))
    count, seen = Counter(names), Counter[str]()
    told = []
    for name in names:
        seen[name] += 1
        told.append(f"{name} #{seen[name]}" if count[name] > 1 else name)
    return told


def _named(fault: Fault) -> str:
    plain = {each.name: each.default for each in fields(fault)}
    stated = {key for key, default in plain.items() if getattr(fault, key) != default} - _DRAWN
    options = sorted((key, value) for key, value in plan_to((fault,))[0].items() if key in stated)
    told = (f"{key}={value if isinstance(value, str) else json.dumps(value, sort_keys=True)}" for key, value in options)
    return " ".join((fault.kind, fault.target, *told))
