"""Ask a run for the authors' own counters, gauges, histograms and summaries, by buckets and by labels.

A use of a metric gives all its labels, as one text of JSON; there are few such texts, so they are read first, and
what is asked then names them by their ids.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from studio.store.windows.statements import Sql, complete

if TYPE_CHECKING:
    import polars as pl

    from studio.store.windows.buckets import Buckets
    from studio.store.windows.run_view import RunView

__all__ = ["AuthorMetric", "MetricKind", "author_metrics", "measured"]

MetricKind = Literal["counter", "gauge", "histogram", "summary"]

LABEL_SETS_MAX = 500
"""Different label texts of one metric that are looked at; more of them make no legible chart."""


@dataclass(frozen=True, slots=True)
class AuthorMetric:
    """A metric that was measured in a run.

    Attributes:
        service: Owner.
        name: As declared.
        kind: What it is.
        measurements: How many there are.
        labels: Ids of the label texts that came up, with what they say.
    """

    service: str
    name: str
    kind: MetricKind
    measurements: int
    labels: Mapping[int, Mapping[str, str]]

    @property
    def title(self) -> str:
        """Return `Service.name`."""
        return f"{self.service}.{self.name}"

    @property
    def label_names(self) -> tuple[str, ...]:
        """Return the names of its labels."""
        return tuple(sorted({name for labels in self.labels.values() for name in labels}))

    def values_of(self, label: str) -> tuple[str, ...]:
        """Return the values that a label had."""
        return tuple(sorted({labels[label] for labels in self.labels.values() if label in labels}))

    def series(self, wanted: Mapping[str, Sequence[str]], by: Sequence[str]) -> dict[int, str]:
        """Return the ids of label texts that are wanted, each with the name of its series.

        Args:
            wanted: Label to the values that are shown; a label that is missing, or has none, shows all.
            by: Labels by which series are told apart; empty adds all up.
        """
        return {
            number: ", ".join(f"{name}={labels.get(name, '')}" for name in by) or self.name
            for number, labels in self.labels.items()
            if all(not values or labels.get(name, "") in values for name, values in wanted.items())
        }


def author_metrics(view: RunView) -> list[AuthorMetric]:
    """Return what the authors' metrics were, by service and name."""
    rows = view.ask(_METRICS, most=LABEL_SETS_MAX)
    found = []
    for service, name, kind, measurements, ids, texts in rows.iter_rows():
        labels = {int(number): _labels(text) for number, text in zip(ids, texts, strict=True)}
        found.append(AuthorMetric(service, name, kind, int(measurements), labels))
    return found


def measured(view: RunView, metric: AuthorMetric, buckets: Buckets, series: Mapping[int, str]) -> pl.DataFrame:
    """Return a metric's curve: `at_ns`, `series`, `value`.

    A counter gives what was added in each bucket, a histogram or summary the quantiles of what was observed (`p50`,
    `p90`, `p99`), a gauge its value at the bucket's end (to be carried on), added up over replicas and label texts.

    Args:
        view: The run.
        metric: One of `author_metrics`.
        buckets: Of the window.
        series: Ids of label texts to the series that they belong to, as `AuthorMetric.series` gives them.
    """
    return view.ask(
        _MEASURED + _CURVES[metric.kind],
        series=_named(series),
        service=metric.service,
        name=metric.name,
        from_ns=buckets.from_ns if metric.kind != "gauge" else 0,
        until_ns=buckets.until_ns,
        width=buckets.width_ns,
        before=buckets.starts[0] - buckets.width_ns,
    )


def _named(series: Mapping[int, str]) -> Sql:
    """Return a relation of label ids and their series."""
    rows = [complete("({number}, {name})", number=number, name=name) for number, name in series.items()]
    nothing = "select 0 as id, '' as series where false"
    return Sql(f"(values {', '.join(rows)}) names(id, series)" if rows else f"({nothing}) names")


def _labels(text: str) -> dict[str, str]:
    try:
        value = json.loads(text) if text else {}
    except ValueError:
        return {}
    return {str(name): str(each) for name, each in value.items()} if isinstance(value, dict) else {}


_METRICS = """
select service.text as service, name.text as name, replace(min(kind.text), '-inc', '') as kind,
  sum(m.measurements)::bigint as measurements, list(m.labels order by m.labels)[:{most}] as ids,
  list(labels.text order by m.labels)[:{most}] as texts
from (
  select service, name, labels, min(kind) as kind, count(*) as measurements
  from raw.metrics where run = {run} group by service, name, labels
) m
join raw.names service on service.run = {run} and service.id = m.service
join raw.names name on name.run = {run} and name.id = m.name
join raw.names kind on kind.run = {run} and kind.id = m.kind
join raw.names labels on labels.run = {run} and labels.id = m.labels
group by service.text, name.text order by service.text, name.text
"""
_MEASURED = """
with found as (
  select greatest(m.at_ns // {width} * {width}, {before}) as bucket_ns, m.seq, m.replica, m.labels, m.kind,
    m.value, names.series
  from raw.metrics m join {series} on names.id = m.labels
  where m.run = {run} and m.at_ns >= {from_ns} and m.at_ns < {until_ns}
    and m.service = (select id from raw.names where run = {run} and text = {service})
    and m.name = (select id from raw.names where run = {run} and text = {name})
)
"""
_COUNTER = """
select bucket_ns as at_ns, series, sum(value) as value from found group by all order by series, at_ns
"""
_OBSERVED = """
select at_ns, unnest([if(is_one, '', series || ' ') || each for each in ['p50', 'p90', 'p99']]) as series,
  unnest(seen) as value
from (
  select bucket_ns as at_ns, series, quantile_disc(value, [0.5, 0.9, 0.99]) as seen,
    (select count(distinct series) from found) = 1 as is_one
  from found group by bucket_ns, series
) order by series, at_ns
"""
# A gauge is set, or added to; what several replicas and label texts come to is the sum of their changes.
_GAUGE = """
, spelled as (
  select *, count(*) filter (kind in (select id from raw.names where run = {run} and text = 'gauge'))
    over (partition by labels, replica order by seq) as setting
  from found
), standing as (
  select *, sum(value) over (partition by labels, replica, setting order by seq) as now from spelled
), last as (
  select bucket_ns, series, labels, replica, arg_max(now, seq) as now from standing group by all
), changed as (
  select bucket_ns, series, now - lag(now, 1, 0) over (partition by labels, replica order by bucket_ns) as change
  from last
)
select bucket_ns as at_ns, series, sum(sum(change)) over (partition by series order by bucket_ns) as value
from changed group by bucket_ns, series order by series, at_ns
"""
_CURVES: Mapping[MetricKind, str] = {
    "counter": _COUNTER,
    "gauge": _GAUGE,
    "histogram": _OBSERVED,
    "summary": _OBSERVED,
}
