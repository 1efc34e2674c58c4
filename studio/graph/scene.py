"""Decide what of a topology is drawn as what: which events are tabs of their publisher, and which lines there are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from studio.graph.glyphs import REST, Doings, Glyph, glyph_of
from studio.graph.layout import Link
from studio.graph.topology import Edge, EdgeKind, Topology

__all__ = ["WAYS", "WAY_OF", "Scene", "edge_key", "scene_of"]

WAYS: tuple[tuple[str, tuple[EdgeKind, ...], str], ...] = (
    ("calls", ("call",), "call"),
    ("step", ("step",), "saga step"),
    ("event", ("publish", "outcome", "deliver", "start", "stream"), "event"),
    ("request", ("request",), "HTTP request"),
    ("compose", ("compose",), "stage"),
)
"""Class of a line, the kinds of edges that it stands for, and its word in the legend."""

WAY_OF: Mapping[EdgeKind, str] = {kind: name for name, kinds, _ in WAYS for kind in kinds}
_SAID: tuple[EdgeKind, ...] = ("publish", "outcome")
_HEARD: tuple[EdgeKind, ...] = ("deliver", "start", "stream")


@dataclass(frozen=True, slots=True)
class Scene:
    """What is drawn.

    Attributes:
        glyphs: By key of their node.
        lines: What each line stands for.
    """

    glyphs: Mapping[str, Glyph]
    lines: Mapping[Link, tuple[Edge, ...]]


def edge_key(link: Link) -> str:
    """Return what a line is known by outside the picture: where it leads from and to, and as what."""
    source = f"{link.source}/{link.outlet}" if link.outlet else link.source
    target = f"{link.target}/{link.port}" if link.port else link.target
    return f"{link.trunk}: {source} > {target}"


def scene_of(topology: Topology) -> Scene:
    """Return what is drawn of a topology.

    An event that one part alone publishes is a tab of that part; any other is a node.
    """
    publishers = _publishers(topology)
    glyphs = {
        node.key: glyph_of(node, _doings(topology, node.key, publishers))
        for node in topology.nodes
        if node.kind != "outside" and node.key not in publishers
    }
    lines: dict[Link, list[Edge]] = {}
    for edge in topology.edges:
        if edge.kind != "http" and edge.target not in publishers:
            lines.setdefault(_link(edge, publishers, glyphs), []).append(edge)
    return Scene(glyphs, {link: tuple(lines[link]) for link in sorted(lines)})


def _publishers(topology: Topology) -> dict[str, str]:
    """Return who publishes each event that one part alone publishes, by the event's key."""
    sources: dict[str, set[str]] = {}
    for edge in topology.edges:
        if edge.kind in _SAID:
            sources.setdefault(edge.target, set()).add(edge.source)
    return {event: next(iter(found)) for event, found in sources.items() if len(found) == 1}


def _doings(topology: Topology, key: str, publishers: Mapping[str, str]) -> Doings:
    """Return what a node's shape shows of its edges."""
    own = sorted(event for event, publisher in publishers.items() if publisher == key)
    heard = {edge.source for edge in topology.reaching(key) if edge.kind in _HEARD}
    kinds = {edge.kind for edge in topology.reaching(key)}
    return Doings(
        tuple((event.partition(" ")[2], event in heard) for event in own),
        has_http="http" in kinds,
        hears=bool(heard - set(own)),
        acts=any(edge.target not in own for edge in topology.leaving(key)),
    )


def _link(edge: Edge, publishers: Mapping[str, str], glyphs: Mapping[str, Glyph]) -> Link:
    source = publishers.get(edge.source, edge.source)
    outlets, ports = dict(glyphs[source].box.outlets), dict(glyphs[edge.target].box.ports)
    outlet = _one_of(outlets, edge.address) if edge.source in publishers else ""
    operation = edge.address.rpartition(".")[2]
    port = _one_of(ports, operation) if edge.kind in ("call", "step", "compose") else ""
    return Link(source, edge.target, port, outlet, WAY_OF[edge.kind])


def _one_of(ports: Mapping[str, float], name: str) -> str:
    """Return the port of a name, that of the rest where it has none of its own, or nothing."""
    return name if name in ports else REST if REST in ports else ""
