"""Say which curves the Metrics tab draws of a run, and which stretches of time it marks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from studio.dashboard.pieces.curve_chart import Curves, as_count, as_duration
from studio.dashboard.pieces.time_board import Band
from studio.simulation.harming.fault_words import in_words
from studio.store.windows import metrics_window as window
from studio.store.windows.buckets import Buckets, curves
from studio.store.windows.measured_window import AuthorMetric, measured

if TYPE_CHECKING:
    import polars as pl

    from studio.model.fault import Fault
    from studio.store.windows.metrics_window import Scope, Split
    from studio.store.windows.run_view import RunView

__all__ = ["RUN_CHARTS", "Asked", "RunChart", "author_curves", "breaker_bands", "fault_bands"]

SERIES_MAX = 9


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked of a run.

    Attributes:
        view: The run.
        buckets: Of the window.
        scope: Which work.
        split: What throughput is split by.
        plan: Faults of the run by number, also of one that goes on.
    """

    view: RunView
    buckets: Buckets
    scope: Scope
    split: Split = "service"
    plan: Mapping[int, Fault] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RunChart:
    """A chart that every run has.

    Attributes:
        key: Names it.
        section: Heading under which it stands.
        title: What it shows.
        unit: Of its values.
        ask: Returns its curves.
        say: Makes text of a value.
        is_stepped: Whether a value holds until the next one.
        advice: What to say when there is nothing.
    """

    key: str
    section: str
    title: str
    unit: str
    ask: Callable[[Asked], Curves]
    say: Callable[[float], str] = as_count
    is_stepped: bool = False
    advice: str = "Nothing of the kind in this stretch of time."


def _rates(frame: pl.DataFrame, buckets: Buckets) -> Curves:
    """Return counts as rates."""
    values = {name: buckets.per_second(counts) for name, counts in curves(frame, buckets).items()}
    return Curves(buckets.starts, values)


def _durations(frame: pl.DataFrame, buckets: Buckets) -> Curves:
    """Return seconds as nanoseconds, with gaps where nothing was measured."""
    values = {
        name: [None if value is None else value * 1e9 for value in found]
        for name, found in curves(frame, buckets, missing=None).items()
    }
    return Curves(buckets.starts, values)


def _levels(frame: pl.DataFrame, buckets: Buckets) -> Curves:
    return Curves(buckets.starts, curves(frame, buckets, carried=True))


def _queues(asked: Asked) -> Curves:
    found = _levels(window.queue_depth(asked.view, asked.buckets, service=asked.scope.service), asked.buckets)
    return _first_series(Curves(found.starts, {name: each for name, each in found.values.items() if any(each)}))


def _replicas(asked: Asked) -> Curves:
    """Return the services whose replicas came or went; all of them where none did."""
    found = _levels(window.replicas_up(asked.view, asked.buckets, service=asked.scope.service), asked.buckets)
    moved = {name: values for name, values in found.values.items() if len(set(values)) > 1}
    return _first_series(Curves(found.starts, moved or found.values))


def _or_zero(value: float | None) -> float:
    return value or 0.0


def _service(asked: Asked) -> str:
    return asked.scope.service


RUN_CHARTS = (
    RunChart(
        "throughput", "Traffic", "Throughput", "messages handled per second",
        lambda asked: _rates(
            window.work_done(asked.view, asked.buckets, asked.scope, split=asked.split), asked.buckets
        ),
    ),
    RunChart(
        "errors", "Traffic", "Errors", "per second",
        lambda asked: _rates(window.troubles(asked.view, asked.buckets, asked.scope), asked.buckets),
        advice="No handling and no call went wrong in this stretch of time.",
    ),
    RunChart(
        "handling", "Latency", "Handling takes", "",
        lambda asked: _durations(window.latency(asked.view, asked.buckets, "handling", asked.scope), asked.buckets),
        as_duration,
    ),
    RunChart(
        "calls", "Latency", "Calls take", "as the caller sees them",
        lambda asked: _durations(window.latency(asked.view, asked.buckets, "calls", asked.scope), asked.buckets),
        as_duration, advice="No call ended in this stretch of time.",
    ),
    RunChart(
        "queues", "State", "Queue depth", "events not done with, by consumer", _queues, is_stepped=True,
        advice="No event waited at the end of any bucket.",
    ),
    RunChart(
        "replicas", "State", "Replicas up", "of services where that changed", _replicas, is_stepped=True,
    ),
    RunChart(
        "policies", "State", "What policies did", "per second",
        lambda asked: _rates(
            window.policy_changes(asked.view, asked.buckets, service=_service(asked)), asked.buckets
        ),
        advice="No retry, refusal or fallback. An answer that comes from a fallback's store is counted here as "
        "“fallback stale”; other caches and kept answers of idempotent operations leave no record.",
    ),
)  # fmt: skip
"""Charts that every run has, in their order."""


def author_curves(asked: Asked, metric: AuthorMetric, wanted: Mapping[str, list[str]], by: tuple[str, ...]) -> Curves:
    """Return the curves of an author's metric: a counter's rate, a gauge's value, quantiles of all else.

    Args:
        asked: The run and its window.
        metric: Which.
        wanted: Values of labels that are shown; all where a label is missing.
        by: Labels that tell curves apart.
    """
    frame = measured(asked.view, metric, asked.buckets, metric.series(wanted, by))
    if metric.kind == "counter":
        return _first_series(_rates(frame, asked.buckets))
    if metric.kind == "gauge":
        return _first_series(_levels(frame, asked.buckets))
    return _first_series(Curves(asked.buckets.starts, curves(frame, asked.buckets, missing=None)))


def _first_series(found: Curves) -> Curves:
    """Return the curves that come up most, so few that they can be told apart."""
    if len(found.values) <= SERIES_MAX:
        return found
    ranked = sorted(found.values, key=lambda name: -sum(map(_or_zero, found.values[name])))[:SERIES_MAX]
    return Curves(found.starts, {name: found.values[name] for name in found.values if name in ranked})


def fault_bands(asked: Asked) -> list[Band]:
    """Return the faults in force in the window, and the replicas that were down, by when they begin."""
    buckets, plan = asked.buckets, asked.plan
    strikes = {row["fault"]: row for row in window.fault_strikes(asked.view, buckets).iter_rows(named=True)}
    found = [_planned(fault, strikes.get(number), buckets) for number, fault in plan.items()]
    found += [_struck(row, buckets) for number, row in strikes.items() if number not in plan]
    for name, change, from_ns, until_ns in window.down_times(asked.view, buckets).iter_rows():
        end_ns = buckets.until_ns if until_ns is None else until_ns
        found.append(Band(f"{name} {change}", "does not run", from_ns, end_ns, grave=True))
    return sorted((band for band in found if band is not None), key=lambda band: (band.from_ns, band.name))


def _planned(fault: Fault, row: Mapping[str, int] | None, buckets: Buckets) -> Band | None:
    """Return when a fault of the plan was in force: its window where it has one, else from first strike to last."""
    end_ns = buckets.until_ns if fault.until_ns is None else fault.until_ns
    has_window = fault.tempo != "instant" and (fault.until_ns is not None or fault.from_ns > 0)
    if has_window and fault.from_ns < buckets.until_ns and end_ns > buckets.from_ns:
        words = f"{in_words(fault)}; {_times(row['strikes'] if row else 0)}"
        return Band(f"{fault.kind} {fault.target}", words, fault.from_ns, end_ns, grave=True)
    return None if row is None else _struck(row, buckets, in_words(fault))


def _struck(row: Mapping[str, int], buckets: Buckets, words: str = "") -> Band:
    end_ns = max(row["last_ns"], row["first_ns"] + buckets.width_ns // 2)
    told = "; ".join(filter(None, (words, _times(row["strikes"]))))
    return Band(f"{row['kind']} {row['target']}", told, row["first_ns"], end_ns)


def _times(strikes: int) -> str:
    return "has not struck here" if not strikes else f"struck {strikes:,} time{'s' if strikes > 1 else ''}"


def breaker_bands(asked: Asked) -> list[Band]:
    """Return when breakers were open or half-open."""
    rows = window.breaker_states(asked.view, asked.buckets, service=_service(asked))
    return [
        Band(name, state, from_ns, asked.buckets.until_ns if until_ns is None else until_ns, grave=state == "opened")
        for name, state, from_ns, until_ns in rows.iter_rows()
    ]
