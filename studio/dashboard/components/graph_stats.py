"""Say in words and numbers what the live graph shows: for each line its traffic, for each part its traffic and state.

Everything is worded here, once: the labels of the picture, the table beside it and what a screen reader says agree.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from studio.observe.axis import duration

__all__ = ["EdgeStats", "NodeStats", "graph_stats", "rate_text", "share_text"]

BreakerState = Literal["", "open", "half-open"]
_QUEUE_WARNS, _QUEUE_ALARMS = 20, 200  # messages that wait; a service of ours handles some dozens a second


@dataclass(frozen=True, slots=True)
class EdgeStats:
    """What went along a line in a stretch of time.

    Attributes:
        count: Calls, requests or deliveries.
        rate_per_s: The same for each second.
        error_share: Which part of them went wrong, from 0 to 1.
        p50_ns: How long the middle one took; None where nothing is timed. `p99_ns` likewise for the slow ones.
    """

    count: int
    rate_per_s: float
    error_share: float = 0.0
    p50_ns: int | None = None
    p99_ns: int | None = None


@dataclass(frozen=True, slots=True)
class NodeStats:
    """What a part did in a stretch of time, and how it stood at its end.

    Attributes:
        traffic: What it handled; None where it handled nothing.
        breaker: The worst state of the breakers before it.
        breaker_text: Whose breakers they are.
        queue: Messages that wait for it or are being handled.
        up: Replicas that run; `down`: that crashed or were stopped.
        faults: In force, in words.
    """

    traffic: EdgeStats | None = None
    breaker: BreakerState = ""
    breaker_text: str = ""
    queue: int = 0
    up: int = 0
    down: int = 0
    faults: tuple[str, ...] = ()


def graph_stats(edges: Mapping[str, EdgeStats], nodes: Mapping[str, NodeStats]) -> dict[str, Any]:
    """Return what the component takes as `stats`.

    Args:
        edges: By the line's `data-edge`.
        nodes: By the part's `data-key`.
    """
    return {
        "edges": {key: _traffic(stats) | {"said": _said(stats)} for key, stats in edges.items()},
        "nodes": {key: _node(stats) for key, stats in nodes.items()},
    }


def rate_text(rate_per_s: float) -> str:
    """Return a rate as people read it: `12/s`, or by the minute where it is low."""
    if 0 < rate_per_s < 0.1:
        return f"{rate_per_s * 60:.2g}/min"
    if rate_per_s >= 9_999.5:
        return f"{rate_per_s / 1000:.3g}k/s"
    return f"{rate_per_s:,.0f}/s" if rate_per_s >= 100 else f"{rate_per_s:.2g}/s"


def share_text(share: float) -> str:
    """Return a share in percent; what is not nothing never reads as nothing, and what is not all never as all."""
    if 0 < share < 0.01:
        return "<1 %"
    if 0.99 < share < 1:
        return ">99 %"
    return f"{share:.0%}".replace("%", " %")


def _traffic(stats: EdgeStats) -> dict[str, Any]:
    return {
        "count": stats.count,
        "rate": round(stats.rate_per_s, 4),
        "errors": round(stats.error_share, 4),
        "rate_text": rate_text(stats.rate_per_s),
        "errors_text": share_text(stats.error_share) if stats.error_share else "",
        "p50_text": "" if stats.p50_ns is None else duration(stats.p50_ns),
        "p99_text": "" if stats.p99_ns is None else duration(stats.p99_ns),
    }


def _said(stats: EdgeStats) -> str:
    told = [f"{stats.count:,} in all, {rate_text(stats.rate_per_s)}"]
    told.append(f"{share_text(stats.error_share)} went wrong" if stats.error_share else "none went wrong")
    if stats.p50_ns is not None and stats.p99_ns is not None:
        told.append(f"p50 {duration(stats.p50_ns)}, p99 {duration(stats.p99_ns)}")
    return ", ".join(told)


def _node(stats: NodeStats) -> dict[str, Any]:
    traffic = _traffic(stats.traffic) if stats.traffic else {"count": 0, "rate": 0, "errors": 0}
    state = _state(stats)
    said = [_said(stats.traffic) if stats.traffic else "handled nothing", *state]
    return traffic | {
        "breaker": stats.breaker,
        "breaker_text": stats.breaker_text,
        "queue": stats.queue,
        "queue_text": f"≡{_short(stats.queue)}",
        "queue_said": _queue_said(stats.queue),
        "queue_kind": "bad" if stats.queue >= _QUEUE_ALARMS else "warn" if stats.queue >= _QUEUE_WARNS else "",
        "up": stats.up,
        "down": stats.down,
        "faults": list(stats.faults),
        "state": "; ".join(state),
        "said": "; ".join(said),
    }


def _state(stats: NodeStats) -> list[str]:
    """Return a node's state in words, the worst first."""
    told = [f"in force: {', '.join(stats.faults)}"] if stats.faults else []
    told += [f"breaker {stats.breaker}: {stats.breaker_text}"] if stats.breaker else []
    if stats.up + stats.down:
        whole = stats.up + stats.down
        told.append(f"{stats.up} of {whole} {'replica' if whole == 1 else 'replicas'} up")
    return told + ([_queue_said(stats.queue)] if stats.queue else [])


def _queue_said(queue: int) -> str:
    return f"{queue:,} {'message waits or is' if queue == 1 else 'messages wait or are'} being handled"


def _short(count: int) -> str:
    return str(count) if count < 1_000 else f"{count / 1_000:.2g}k" if count < 9_950 else f"{count / 1_000:.0f}k"
