"""Declare a service's own metrics: counters, gauges, histograms, summaries."""

from __future__ import annotations

import json
from typing import Any, Literal

from studio.errors import InvalidDeclaration
from studio.ports import ACTING

__all__ = ["Metric", "MetricKind"]

MetricKind = Literal["counter", "gauge", "histogram", "summary"]


class Metric:
    """A metric of one service.

    Args:
        service: Owner.
        name: Such as `requests_total`.
        kind: Counter, gauge, histogram or summary.
        labels: Names of its labels; each use gives all of them.
        buckets: Upper bounds of a histogram.
    """

    __slots__ = ("buckets", "kind", "labels", "name", "service")

    def __init__(
        self, service: str, name: str, kind: MetricKind, labels: tuple[str, ...], buckets: tuple[float, ...] = ()
    ) -> None:
        self.service, self.name, self.kind, self.labels, self.buckets = service, name, kind, labels, buckets

    def __repr__(self) -> str:
        return f"Metric({self.service}.{self.name}: {self.kind})"

    def inc(self, amount: float = 1, **labels: Any) -> None:
        """Add to a counter or a gauge.

        Raises:
            InvalidDeclaration: Labels differ from those declared, or a counter would go down.
        """
        if self.kind == "counter" and amount < 0:
            raise InvalidDeclaration(
                what=f"metric={self.name}",
                reason="a counter cannot go down",
                remedy_text="Declare it with service.gauge(...).",
            )
        self._measure("inc", amount, labels)

    def set(self, value: float, **labels: Any) -> None:
        """Set a gauge."""
        self._measure("set", value, labels)

    def observe(self, value: float, **labels: Any) -> None:
        """Add an observation to a histogram or a summary."""
        self._measure("observe", value, labels)

    def _measure(self, verb: str, value: float, labels: dict[str, Any]) -> None:
        allowed = {"counter": ("inc",), "gauge": ("inc", "set")}.get(self.kind, ("observe",))
        if verb not in allowed:
            raise InvalidDeclaration(
                what=f"metric={self.name}",
                reason=f"a {self.kind} has no .{verb}()",
                remedy_text=f"Use .{allowed[0]}().",
            )
        if set(labels) != set(self.labels):
            raise InvalidDeclaration(
                what=f"metric={self.name}",
                reason=f"labels={sorted(labels)} are not those declared",
                remedy_text=f"Give each of {list(self.labels)} by keyword.",
            )
        actor = ACTING.get()
        if actor is not None:
            text = json.dumps({name: str(labels[name]) for name in sorted(labels)}) if labels else ""
            actor.measure(
                self.name, "gauge-inc" if (self.kind, verb) == ("gauge", "inc") else self.kind, text, float(value)
            )
