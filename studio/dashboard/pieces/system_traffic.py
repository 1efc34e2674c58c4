"""Bring what a run's windows say of traffic and state to the parts and lines of the drawn system."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from studio.dashboard.components.graph_stats import EdgeStats, NodeStats
from studio.store.windows.traffic_window import (
    Interval,
    breakers_at,
    deliveries_within,
    publishing_within,
    queues_at,
    replicas_at,
    work_within,
)

if TYPE_CHECKING:
    import polars as pl

    from studio.dashboard.pieces.scene_index import SceneIndex
    from studio.store.windows.run_view import RunView

__all__ = ["FROM_OUTSIDE", "Flow", "SystemTraffic", "Tally"]

FROM_OUTSIDE = "world"
"""Who sends what comes from nobody here."""
_CALLING = ("call", "external")


@dataclass(slots=True)
class Tally:
    """Adds up rows of traffic."""

    count: int = 0
    errors: int = 0
    p50_ns: int | None = None
    p99_ns: int | None = None
    _most: int = 0

    def add(self, count: int, errors: int = 0, p50_ns: int | None = None, p99_ns: int | None = None) -> None:
        """Add a row: the middle is that of the greatest row, the slow ones those of the slowest."""
        self.count += count
        self.errors += errors
        if p50_ns is not None and (self.p50_ns is None or count > self._most):
            self.p50_ns, self._most = p50_ns, count
        if p99_ns is not None:
            self.p99_ns = max(p99_ns, self.p99_ns or 0)

    def stats(self, seconds: float) -> EdgeStats:
        """Return what was added, for a stretch of so many seconds."""
        share = min(1.0, self.errors / self.count) if self.count else float(bool(self.errors))
        return EdgeStats(self.count, self.count / seconds, share, self.p50_ns, self.p99_ns)


@dataclass(frozen=True, slots=True)
class Flow:
    """What went from one part to another about one address.

    Attributes:
        kind: `call`, `request`, `publish` or `deliver`.
        source: Who sent; an event, where it was delivered. `target` likewise: the callee, or an event.
        address: Of the message.
        stats: How much, and how well.
        lines: Keys of the lines that show it; none for what is not drawn, such as calls from outside.
    """

    kind: str
    source: str
    target: str
    address: str
    stats: EdgeStats
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SystemTraffic:
    """A system in a stretch of time, and how it stood at its end.

    Attributes:
        interval: Which.
        flows: All traffic, the busiest first.
        work: Rows of `work_within`.
        replicas: Rows of `replicas_at`, `breakers` and `queues` likewise.
        faults: Part's key to what is in force there, in words; the key is empty for what strikes all.
    """

    interval: Interval
    flows: tuple[Flow, ...]
    work: tuple[dict[str, Any], ...]
    replicas: tuple[dict[str, Any], ...]
    breakers: tuple[dict[str, Any], ...]
    queues: Mapping[str, int]
    faults: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @classmethod
    def of(
        cls, view: RunView, index: SceneIndex, interval: Interval, faults: Mapping[str, tuple[str, ...]]
    ) -> SystemTraffic:
        """Ask a run.

        Args:
            view: The run.
            index: Of the drawing.
            interval: Traffic is counted within; states are those at its end.
            faults: What is in force then, by part.
        """
        with view.burst():
            work = work_within(view, interval)
            flows = [*_calls(work, index, interval), *_events(view, index, interval)]
            return cls(
                interval,
                tuple(sorted(flows, key=lambda flow: (-flow.stats.count, flow.kind, flow.source, flow.address))),
                tuple(work.iter_rows(named=True)),
                tuple(replicas_at(view, interval.until_ns).iter_rows(named=True)),
                tuple(breakers_at(view, interval.until_ns).iter_rows(named=True)),
                dict(queues_at(view, interval.until_ns).iter_rows()),
                faults,
            )

    @property
    def has_unseen(self) -> bool:
        """Whether something went where the picture has no line: it was drawn before that was first seen."""
        return any(
            not flow.lines and flow.kind != "publish" and flow.source != FROM_OUTSIDE and flow.target
            for flow in self.flows
        )

    def edges(self) -> dict[str, EdgeStats]:
        """Return the traffic of each line."""
        tallies: dict[str, Tally] = defaultdict(Tally)
        for flow in self.flows:
            for line in flow.lines:
                stats = flow.stats
                errors = round(stats.error_share * stats.count)
                tallies[line].add(stats.count, errors, stats.p50_ns, stats.p99_ns)
        return {key: tally.stats(self.interval.seconds) for key, tally in tallies.items()}

    def nodes(self, index: SceneIndex) -> dict[str, NodeStats]:
        """Return the traffic and the state of each part of which anything is known."""
        handled = {row["service"]: row for row in self.work if row["kind"] == "all"}
        said = _published(self.flows)
        found = {}
        for key in sorted(index.parts):
            name = key.partition(" ")[2]
            if key.startswith("event "):
                if name in said:
                    found[key] = NodeStats(said[name].stats(self.interval.seconds))
            elif not key.startswith("composition "):
                found[key] = self._node(key, name, handled.get(name), index)
        return found

    def open_breakers(self, key: str, index: SceneIndex) -> list[dict[str, Any]]:
        """Return the breakers that keep calls from a part, where it is known; else those that it has."""
        return [row for row in self.breakers if (index.part_of(row["target"]) or index.part_of(row["service"])) == key]

    def _node(self, key: str, name: str, handled: dict[str, Any] | None, index: SceneIndex) -> NodeStats:
        tally = Tally()
        if handled is not None:
            tally.add(*(handled[column] for column in ("count", "errors", "p50_ns", "p99_ns")))
        breakers = self.open_breakers(key, index)
        mine = [row["is_up"] for row in self.replicas if row["service"] == name]
        return NodeStats(
            tally.stats(self.interval.seconds) if handled is not None else None,
            "open" if any(row["state"] == "opened" for row in breakers) else "half-open" if breakers else "",
            ", ".join(f"{row['service']}/{row['replica']} before {row['target']}" for row in breakers),
            self.queues.get(name, 0),
            sum(mine),
            len(mine) - sum(mine),
            self.faults.get(key, ()),
        )


def _published(flows: Iterable[Flow]) -> dict[str, Tally]:
    found: dict[str, Tally] = defaultdict(Tally)
    for flow in flows:
        if flow.kind == "publish":
            found[flow.address].add(flow.stats.count)
    return found


def _calls(work: pl.DataFrame, index: SceneIndex, interval: Interval) -> list[Flow]:
    found = []
    for row in work.iter_rows(named=True):
        if row["kind"] not in _CALLING:
            continue
        sender, address = row["service"], row["name"]
        is_call = row["kind"] == "call"
        callee = address.partition(" ")[0] if not is_call else index.part_of(address).partition(" ")[2]
        lines = index.calls.get((sender, address), ()) if is_call else index.requests.get((sender, callee), ())
        stats = _stats(row, interval)
        found.append(Flow("call" if is_call else "request", sender, callee, address, stats, lines))
    return found


def _events(view: RunView, index: SceneIndex, interval: Interval) -> list[Flow]:
    found = []
    for kind, sender, address, count in publishing_within(view, interval).iter_rows():
        if kind == "event":
            stats = EdgeStats(count, count / interval.seconds)
            found.append(Flow("publish", sender, address, address, stats, index.says.get((sender, address), ())))
    for row in deliveries_within(view, interval).iter_rows(named=True):
        consumer, address = row["consumer"], row["address"]
        lines = index.hears.get((consumer, address), ())
        found.append(Flow("deliver", address, consumer, address, _stats(row, interval), lines))
    return found


def _stats(row: Mapping[str, Any], interval: Interval) -> EdgeStats:
    tally = Tally()
    tally.add(row["count"], row["errors"], row["p50_ns"], row["p99_ns"])
    return tally.stats(interval.seconds)
