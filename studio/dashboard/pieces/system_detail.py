"""Tell, beside the graph, what is known of the chosen part or line, or of the whole system where none is chosen."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

from studio.dashboard.components.graph_stats import EdgeStats, rate_text, share_text
from studio.dashboard.pieces.declared import place
from studio.dashboard.pieces.facts import error_words, facts, marked, section, table
from studio.dashboard.pieces.markup import act, cell_link, link
from studio.graph.telling import edge_words
from studio.observe.axis import duration, instant
from studio.store.windows.traffic_window import code_places, last_errors

if TYPE_CHECKING:
    from studio.dashboard.desk import Desk
    from studio.dashboard.pieces.scene_index import SceneIndex
    from studio.dashboard.pieces.system_traffic import Flow, SystemTraffic
    from studio.store.windows.run_view import RunView

__all__ = ["SystemDetail"]

_FLOWS_MAX, _EDGES_MAX, _LISTED_MAX = 8, 6, 6
_NUMBERS = ("Rate", "Errors", "p99")
_HANDLING = ("handle", "http", "job", "health", "saga")


@dataclass(frozen=True, slots=True)
class SystemDetail:
    """What stands beside the graph.

    Attributes:
        desk: The session.
        view: Its run.
        index: Of the drawing.
        traffic: What is shown in it.
    """

    desk: Desk
    view: RunView
    index: SceneIndex
    traffic: SystemTraffic

    def html(self, key: str) -> str:
        """Return what is known of a part or a line; of all where the key is empty."""
        if key in self.index.lines:
            return self._line(key)
        return self._part(key) if key in self.index.parts else self._whole()

    # -- the system -------------------------------------------------------------------------------------------------

    def _whole(self) -> str:
        flows = self.traffic.flows
        calls = [flow for flow in flows if flow.kind in ("call", "request")]
        events = [flow for flow in flows if flow.kind == "deliver"]
        breakers = [f"{row['service']}/{row['replica']} before {row['target']}: {_state(row)}"
                    for row in self.traffic.breakers]  # fmt: skip
        waiting = [f"{name}: {count:,}" for name, count in sorted(self.traffic.queues.items())]
        down = [f"{row['service']}/{row['replica']} {row['change']}" for row in self.traffic.replicas
                if not row["is_up"]]  # fmt: skip
        told = facts(
            (
                ("Calls", _sum(calls, self.traffic.interval.seconds)),
                ("Events handled", _sum(events, self.traffic.interval.seconds)),
                ("Breakers", _listed(breakers) or "all closed"),
                ("Replicas", _listed(down) or f"{len(self.traffic.replicas)} up, none down"),
                ("Waiting", _listed(waiting, is_bad=False) or "no events"),
                ("In force", _listed([each for words in self.traffic.faults.values() for each in words])
                 or "no faults"),
            )
        )  # fmt: skip
        worst = sorted((flow for flow in flows if flow.stats.error_share), key=lambda flow: -flow.stats.error_share)
        hint = '<p class="soft">Choose a part or a line to see what it does; all tabs then show only that.</p>'
        return (
            self._head("Whole system", is_chosen=False)
            + told
            + section("Most errors", self._flows(worst[:_FLOWS_MAX], "Traffic that went wrong"))
            + section("Last errors", self._errors())
            + hint
        )

    # -- a part -----------------------------------------------------------------------------------------------------

    def _part(self, key: str) -> str:
        kind, _, name = key.partition(" ")
        stats = self.traffic.nodes(self.index).get(key)
        node = next((node for node in self.index.topology.nodes if node.key == key), None)
        handled = stats.traffic if stats else None
        is_event = kind == "event"
        told = facts(
            (
                ("", escape(" · ".join(node.detail)) if node else ""),
                ("Published" if is_event else "Handled", _stats_words(handled) if handled else "nothing"),
                ("Replicas", "" if is_event or kind == "composition" else self._replicas(name)),
                ("Waiting", f"{stats.queue:,} events" if stats and stats.queue else ""),
                ("Breakers", _listed(self._breakers(key))),
                ("In force", _listed(self.traffic.faults.get(key, ()))),
            )
        )
        out = [flow for flow in self.traffic.flows if flow.source == name]
        into = [flow for flow in self.traffic.flows if flow.target == name and flow.kind != "publish"]
        address, service = (name, "") if is_event else ("", name)
        return (
            self._head(f"{kind} {'$.' if is_event else ''}{name}")
            + told
            + section("What it handles", "" if is_event else self._operations(name))
            + section("What it sends", self._flows(out[:_FLOWS_MAX], "What it sends"))
            + section("What comes to it", self._flows(into[:_FLOWS_MAX], "What comes to it"))
            + section("Last errors", self._errors(service=service, address=address) if kind != "composition" else "")
        )

    def _replicas(self, name: str) -> str:
        mine = [row for row in self.traffic.replicas if row["service"] == name]
        words = [f"{row['replica']} {row['change']} at {instant(row['since_ns'])}" for row in mine]
        signs = ["ok" if row["is_up"] else "error" for row in mine]
        return "<br>".join(marked(sign, text) for sign, text in zip(signs, words, strict=True))

    def _breakers(self, key: str) -> list[str]:
        return [
            f"{row['service']}/{row['replica']} before {row['target']}, {_state(row)} since {instant(row['since_ns'])}"
            for row in self.traffic.open_breakers(key, self.index)
        ]

    def _operations(self, name: str) -> str:
        places = {(row["kind"], row["name"]): row for row in code_places(self.view, name).iter_rows(named=True)}
        rows = []
        for row in sorted(self.traffic.work, key=lambda row: -row["count"]):
            if row["service"] == name and row["kind"] in _HANDLING:
                found = places.get((row["kind"], row["name"]))
                code = cell_link(found["cell"], found["line"]) if found and found["cell"] else ""
                seconds = self.traffic.interval.seconds
                stats = EdgeStats(row["count"], row["count"] / seconds, row["errors"] / row["count"], row["p50_ns"],
                                  row["p99_ns"])  # fmt: skip
                shown = link(
                    self.desk, row["name"], title="Its traces", tab="traces", address=row["name"], service=name
                )
                rows.append((f"{shown}<br><small>{code}</small>" if code else shown, *_numbers(stats)))
        return table(("Operation", *_NUMBERS), rows, label=f"What {name} handles")

    # -- a line -----------------------------------------------------------------------------------------------------

    def _line(self, key: str) -> str:
        edges = self.index.lines[key]
        flows = [flow for flow in self.traffic.flows if key in flow.lines]
        stats = self.traffic.edges().get(key)
        words = []
        for edge in edges[:_EDGES_MAX]:
            code = place(self.desk.feed.build, edge.cell, edge.line) if edge.line else ""
            words.append(f"<p>{escape(edge_words(edge).partition(' (')[0])}{'<br>' if code else ''}{code}</p>")
        rest = f"<p>and {len(edges) - _EDGES_MAX} more</p>" if len(edges) > _EDGES_MAX else ""
        first = edges[0]
        source, target = (end.partition(" ")[2] for end in (first.source, first.target))
        return (
            self._head(f"{source} → {target}")
            + facts((("Traffic", _stats_words(stats) if stats else "none in this time"),))
            + section("By address", self._flows(flows[:_FLOWS_MAX], "Traffic of this line"))
            + section("Declared", "".join(words) + rest)
            + section("Last errors", self._errors_of(flows))
        )

    # -- pieces -----------------------------------------------------------------------------------------------------

    def _head(self, title: str, *, is_chosen: bool = True) -> str:
        clear = act("clear", "Show all") if is_chosen else ""
        return f'<div class="head"><h2>{escape(title)}</h2><span class="grow"></span>{clear}</div>'

    def _flows(self, flows: Iterable[Flow], label: str) -> str:
        rows = []
        for flow in flows:
            sign = "⇒" if flow.kind in ("publish", "deliver") else "→"
            told = f"{flow.source} {sign} {flow.target if flow.kind == 'deliver' else flow.address}"
            source = flow.source if flow.kind in ("call", "request", "publish") else ""
            shown = link(self.desk, told, title="Its messages", tab="messages", address=flow.address, source=source)
            rows.append((shown, *_numbers(flow.stats)))
        return table(("What", *_NUMBERS), rows, label=label)

    def _errors(self, *, service: str = "", address: str = "", source: str = "") -> str:
        found = last_errors(self.view, self.traffic.interval, service=service, address=address, source=source)
        return "".join(f"<p>{self._error(row)}</p>" for row in found.iter_rows(named=True))

    def _errors_of(self, flows: Sequence[Flow]) -> str:
        shown = [
            self._errors(service=flow.target, address=flow.address)
            if flow.kind == "deliver"
            else self._errors(source=flow.source, address=flow.address)
            for flow in flows[:3]
            if flow.kind != "publish" and flow.stats.error_share
        ]
        return "".join(shown)

    def _error(self, row: dict[str, Any]) -> str:
        status = marked(row["status"])
        why = escape(error_words(row["error"])) if row["error"] else ""
        told = f"{row['name']} in {row['service']}, {instant(row['end_ns'])}"
        if not row["trace"]:
            return f"{status} {escape(told)} {why}"
        shown = link(self.desk, told, title="Its trace", tab="traces", trace=row["trace"], span=row["span"])
        return f"{status} {shown} {why}"


def _numbers(stats: EdgeStats) -> tuple[str, ...]:
    errors = marked("error", share_text(stats.error_share)) if stats.error_share else ""
    slow = "" if stats.p99_ns is None else duration(stats.p99_ns)
    shown = (rate_text(stats.rate_per_s), errors, slow)
    return tuple(f'<span class="end" style="white-space: nowrap">{each}</span>' for each in shown)


def _stats_words(stats: EdgeStats) -> str:
    told = f"{stats.count:,}, {rate_text(stats.rate_per_s)}"
    if stats.p50_ns is not None and stats.p99_ns is not None:
        told += f", p50 {duration(stats.p50_ns)}, p99 {duration(stats.p99_ns)}"
    wrong = f" {marked('error', share_text(stats.error_share) + ' went wrong')}" if stats.error_share else ""
    return escape(told) + wrong


def _sum(flows: Sequence[Flow], seconds: float) -> str:
    count = sum(flow.stats.count for flow in flows)
    errors = sum(flow.stats.error_share * flow.stats.count for flow in flows)
    return _stats_words(EdgeStats(count, count / seconds, errors / count if count else 0.0))


def _listed(words: Sequence[str], *, is_bad: bool = True) -> str:
    shown = [_bad(each) if is_bad else escape(each) for each in words[:_LISTED_MAX]]
    more = [f"and {len(words) - _LISTED_MAX} more"] if len(words) > _LISTED_MAX else []
    return "<br>".join([*shown, *more])


def _state(breaker: dict[str, Any]) -> str:
    return "open" if breaker["state"] == "opened" else str(breaker["state"])


def _bad(words: str) -> str:
    """Return words that may be long, with the sign of what went wrong."""
    return f'<span class="mark is-error" style="white-space: normal; font-weight: 400">✕ {escape(words)}</span>'
