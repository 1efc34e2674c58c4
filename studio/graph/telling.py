"""Tell the system in words: one line for each part, with what it owns, hears, says and asks."""

from __future__ import annotations

from collections.abc import Iterable

from studio.graph.topology import Edge, EdgeKind, Node, Topology

__all__ = ["as_text", "edge_words"]

_OUT: tuple[tuple[str, tuple[EdgeKind, ...]], ...] = (
    ("calls", ("call",)),
    ("steps call", ("step",)),
    ("runs", ("compose",)),
    ("publishes", ("publish", "outcome")),
    ("asks", ("request",)),
)
_IN: tuple[tuple[str, tuple[EdgeKind, ...]], ...] = (
    ("started by", ("start",)),
    ("listens to", ("deliver", "stream")),
    ("answers HTTP", ("http",)),
)
_CALLS: tuple[EdgeKind, ...] = ("call", "step", "compose")
_VERBS: dict[EdgeKind, str] = {
    "call": "calls",
    "publish": "publishes",
    "deliver": "is delivered to",
    "stream": "streams to",
    "start": "starts",
    "step": "calls",
    "outcome": "ends with",
    "request": "asks",
    "compose": "runs",
    "http": "asks",
}


def as_text(topology: Topology) -> str:
    """Return one line for each part; events stand with those that say and hear them, except those nobody mentions."""
    told = [_line(topology, node) for node in topology.nodes if node.kind not in ("event", "outside")]
    for node in topology.nodes:
        if node.kind == "event" and not topology.reaching(node.key):
            hearers = _joined(edge.target.partition(" ")[2] for edge in topology.leaving(node.key))
            told.append(f"event $.{node.name}: nobody here publishes it; heard by {hearers or 'nobody'}")
    if any(edge.is_guessed for edge in topology.edges):
        told.append("? likely, not certain: seen in a module that several use")
    return "\n".join(told) or "nothing is declared yet"


def edge_words(edge: Edge) -> str:
    """Say what happens along an edge, and where in the code: `Orders calls Payment by $.Payment.process (place)`."""
    source, target = (key.partition(" ")[2] for key in (edge.source, edge.target))
    words = [source, _VERBS[edge.kind], target]
    if edge.address and edge.address not in (source, target):
        words.append(f"by $.{edge.address}")
    place = [edge.function, f"{edge.cell}, line {edge.line}" if edge.line else ""]
    shown = ", ".join(each for each in place if each)
    return " ".join(words) + (f" ({shown})" if shown else "") + (", likely" if edge.is_guessed else "")


def _line(topology: Topology, node: Node) -> str:
    detail = f" ({', '.join(node.detail)})" if node.detail else ""
    callers = _joined(edge.source.partition(" ")[2] for edge in topology.reaching(node.key) if edge.kind in _CALLS)
    facts = [f"owns {_joined(node.operations)}"] if node.operations else []
    facts += _facts(_IN, topology.reaching(node.key), node)
    facts += _facts(_OUT, topology.leaving(node.key), node)
    facts += [f"called by {callers}"] if callers else []
    askers = _joined(edge.source.partition(" ")[2] for edge in topology.reaching(node.key) if edge.kind == "request")
    facts += [f"asked by {askers}"] if askers else []
    facts += ["out of date"] if node.is_stale else []
    return f"{node.key}{detail}: {'; '.join(facts) or 'nothing'}"


def _facts(table: tuple[tuple[str, tuple[EdgeKind, ...]], ...], edges: tuple[Edge, ...], node: Node) -> list[str]:
    facts = []
    for words, kinds in table:
        named = _joined(_other(edge, node) for edge in edges if edge.kind in kinds)
        if named:
            facts.append(f"{words} {named}")
    return facts


def _other(edge: Edge, node: Node) -> str:
    other = edge.target if edge.source == node.key else edge.source
    text = edge.address if edge.kind == "http" else f"$.{edge.address}" if edge.address else other.partition(" ")[2]
    return f"{text}?" if edge.is_guessed else text


def _joined(names: Iterable[str]) -> str:
    return ", ".join(dict.fromkeys(names))
