"""Add up what happened and show it to Prometheus: the system's own figures, and the metrics that authors declare.

`prometheus-client`'s metric objects know no quantiles, and refuse two services that both count `requests_total`; so the
figures are kept here, and handed over when they are asked for.
"""

from __future__ import annotations

import json
from bisect import bisect_left
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from math import ceil
from typing import TYPE_CHECKING

from studio.model.duration import SECOND_NS
from studio.model.metric import Metric
from studio.records import Measurement

if TYPE_CHECKING:
    from prometheus_client.metrics_core import Metric as Family

__all__ = ["BUCKETS_S", "CONTENT_TYPE", "Exposition"]

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
BUCKETS_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
QUANTILES = (0.5, 0.9, 0.95, 0.99)

Labels = tuple[tuple[str, str], ...]


class _Sum:
    """A counter or a gauge."""

    __slots__ = ("value",)

    def __init__(self) -> None:
        self.value = 0.0


class _Buckets:
    """A histogram: how many observations fell below each bound, and their sum."""

    __slots__ = ("bounds", "counts", "total")

    def __init__(self, bounds: tuple[float, ...]) -> None:
        self.bounds, self.counts, self.total = bounds, [0] * (len(bounds) + 1), 0.0

    def observe(self, value: float) -> None:
        self.counts[bisect_left(self.bounds, value)] += 1
        self.total += value


class _Window:
    """A summary: count and sum of all observations, and the latest of them for quantiles."""

    __slots__ = ("count", "latest", "total")

    def __init__(self, size: int) -> None:
        self.latest: deque[tuple[int, float]] = deque(maxlen=size)
        self.count, self.total = 0, 0.0

    def observe(self, at_ns: int, value: float) -> None:
        self.latest.append((at_ns, value))
        self.count += 1
        self.total += value

    def quantiles(self, since_ns: int) -> Iterator[tuple[float, float]]:
        """Yield quantile and value by nearest rank; not-a-number where nothing was observed, as Prometheus has it."""
        values = sorted(value for at_ns, value in tuple(self.latest) if at_ns >= since_ns)
        for quantile in QUANTILES:
            yield quantile, values[max(0, ceil(quantile * len(values)) - 1)] if values else float("nan")


class _Kept:
    """One family: a name, what it is, and a series for each combination of labels."""

    __slots__ = ("bounds", "help", "kind", "series")

    def __init__(self, kind: str, text: str, bounds: tuple[float, ...]) -> None:
        self.kind, self.help, self.bounds = kind, text, bounds
        self.series: dict[Labels, _Sum | _Buckets | _Window] = {}


class Exposition:
    """Keep figures by name and labels, and write them in Prometheus's text format.

    Args:
        series: Most label combinations of one metric; what comes beyond is counted in `studio_series_dropped_total`.
        window: Latest observations that a summary's quantiles are taken from.
        window_ns: Oldest observations that they are taken from.
    """

    __slots__ = ("_families", "_series", "_window", "_window_ns")

    def __init__(self, *, series: int = 1000, window: int = 1024, window_ns: int = 600 * SECOND_NS) -> None:
        self._families: dict[str, _Kept] = {}
        self._series, self._window, self._window_ns = series, window, window_ns

    def declare(self, metrics: Iterable[Metric]) -> None:
        """Learn what authors declared: histogram buckets, and what a metric is before it is first used."""
        for metric in metrics:
            self.family(self._name(metric.service, metric.name, metric.kind), metric.kind, bounds=metric.buckets)

    def family(self, name: str, kind: str, text: str = "", *, bounds: tuple[float, ...] = ()) -> None:
        """Make a family known; again is no error.

        Args:
            name: As Prometheus shows it.
            kind: counter, gauge, histogram or summary.
            text: Its help.
            bounds: Of a histogram's buckets, upper and inclusive; `BUCKETS_S` where there are none.
        """
        if name not in self._families:
            self._families[name] = _Kept(kind, text or name, tuple(sorted(bounds)) or BUCKETS_S)

    def add(self, name: str, labels: Labels, value: float = 1.0) -> None:
        """Add to a counter or a gauge of a known family."""
        series = self._at(name, labels)
        if isinstance(series, _Sum):
            series.value += value

    def set(self, name: str, labels: Labels, value: float) -> None:
        """Set a gauge of a known family."""
        series = self._at(name, labels)
        if isinstance(series, _Sum):
            series.value = value

    def observe(self, name: str, labels: Labels, value: float, at_ns: int = 0) -> None:
        """Add an observation to a histogram or summary of a known family."""
        series = self._at(name, labels)
        if isinstance(series, _Buckets):
            series.observe(value)
        elif isinstance(series, _Window):
            series.observe(at_ns, value)

    def measure(self, record: Measurement) -> None:
        """Take one measurement of an author's metric."""
        kind = record.kind.removesuffix("-inc")
        name = self._name(record.service, record.name, kind)
        self.family(name, kind)
        told: Mapping[str, str] = json.loads(record.labels) if record.labels else {}
        # Counts of replicas add up; a gauge is each replica's own.
        own = (("replica", str(record.replica)),) if kind == "gauge" else ()
        labels = (("service", record.service), *own, *((label, told[label]) for label in sorted(told)))
        if kind in ("histogram", "summary"):
            self.observe(name, labels, record.value, record.at_ns)
        elif record.kind == "gauge":
            self.set(name, labels, record.value)
        else:
            self.add(name, labels, record.value)

    def text(self, now_ns: int) -> bytes:
        """Return everything in Prometheus's text format, version 0.0.4.

        Args:
            now_ns: Engine time; observations older than the window are left out of quantiles.
        """
        from prometheus_client import CollectorRegistry, generate_latest

        registry = CollectorRegistry()
        registry.register(_Collector(self, now_ns))
        return generate_latest(registry)

    def families(self, now_ns: int) -> Iterator[Family]:
        """Yield what a Prometheus registry collects."""
        from prometheus_client.metrics_core import Metric as Family

        for name, kept in sorted(self._families.items()):
            family = Family(name.removesuffix("_total") if kept.kind == "counter" else name, kept.help, kept.kind)
            for labels, series in sorted(kept.series.items()):
                _show(family, name, dict(labels), series, now_ns - self._window_ns)
            yield family

    def _name(self, service: str, name: str, kind: str) -> str:
        shown = name if kind != "counter" or name.endswith("_total") else f"{name}_total"
        known = self._families.get(shown)
        if known is None or known.kind == kind:
            return shown
        # Prometheus knows one kind for each name; the second service's metric gets its name in front.
        return f"{service.lower()}_{shown}"

    def _at(self, name: str, labels: Labels) -> _Sum | _Buckets | _Window | None:
        kept = self._families[name]
        found = kept.series.get(labels)
        if found is None:
            if len(kept.series) >= self._series:
                self._drop(name)
                return None
            found = kept.series[labels] = self._new(kept)
        return found

    def _new(self, kept: _Kept) -> _Sum | _Buckets | _Window:
        if kept.kind == "histogram":
            return _Buckets(kept.bounds)
        return _Window(self._window) if kept.kind == "summary" else _Sum()

    def _drop(self, name: str) -> None:
        self.family(
            "studio_series_dropped_total", "counter", "Measurements with labels beyond the bound of their metric"
        )
        self.add("studio_series_dropped_total", (("metric", name),))


class _Collector:
    """What `prometheus_client` asks of a collector."""

    def __init__(self, exposition: Exposition, now_ns: int) -> None:
        self.exposition, self.now_ns = exposition, now_ns

    def collect(self) -> Iterator[Family]:
        return self.exposition.families(self.now_ns)

    def describe(self) -> Iterator[Family]:
        return iter(())


def _show(family: Family, name: str, labels: dict[str, str], series: _Sum | _Buckets | _Window, since_ns: int) -> None:
    if isinstance(series, _Sum):
        family.add_sample(name, labels, series.value)
    elif isinstance(series, _Buckets):
        below = 0
        for bound, count in zip((*series.bounds, float("inf")), series.counts, strict=True):
            below += count
            text = "+Inf" if bound == float("inf") else repr(float(bound))
            family.add_sample(f"{name}_bucket", {**labels, "le": text}, below)
        family.add_sample(f"{name}_sum", labels, series.total)
        family.add_sample(f"{name}_count", labels, below)
    else:
        for quantile, value in series.quantiles(since_ns):
            family.add_sample(name, {**labels, "quantile": str(quantile)}, value)
        family.add_sample(f"{name}_sum", labels, series.total)
        family.add_sample(f"{name}_count", labels, series.count)
