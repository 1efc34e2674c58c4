"""Know the system that a run ran in: from its log, else from what is declared now; and from who spoke with whom.

Calls that go through a helper, or whose address is computed, are not seen in the sources; once one has been made, it is
a line as any other.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from studio.dashboard.pieces.scene_index import SceneIndex
from studio.dashboard.pieces.system_traffic import FROM_OUTSIDE
from studio.graph.topology import OUTSIDE, Edge, Node, NodeKind, Topology, topology_of
from studio.graph.topology_text import topology_from_json
from studio.store.windows.traffic_window import known_traffic

if TYPE_CHECKING:
    from studio.graph.system import Build
    from studio.store.windows.run_view import RunView

__all__ = ["derived_topology", "run_topology", "with_seen"]


def run_topology(view: RunView, build: Build | None) -> Topology:
    """Return the system of a run.

    Args:
        view: The run.
        build: What is declared now, for logs that were written before they kept it.
    """
    declared = topology_from_json(view.topology_json)
    if not declared.nodes and build is not None:
        declared = topology_of(build.graph)
    return with_seen(declared, derived_topology(view))


def with_seen(declared: Topology, seen: Topology) -> Topology:
    """Return a declared system with the lines, and their ends, that were seen and not declared."""
    index = SceneIndex.of(declared)
    keys = {node.name: node.key for node in declared.nodes if node.kind not in ("event", "outside")}
    added = []
    for edge in seen.edges:
        moved = replace(edge, source=_known(edge.source, keys), target=_known(edge.target, keys))
        if not index.shows(moved):
            is_step = moved.kind == "call" and moved.source.startswith("saga ")
            added.append(replace(moved, kind="step") if is_step else moved)
    if not added:
        return declared
    edges = tuple(sorted({*declared.edges, *added}))
    nodes = {node.key: node for node in declared.nodes}
    ends = {key for edge in added for key in (edge.source, edge.target)}
    nodes |= {node.key: node for node in seen.nodes if node.key in ends and node.key not in nodes}
    return Topology(tuple(sorted(nodes.values())), edges)


def _known(key: str, keys: dict[str, str]) -> str:
    """Return the key under which a part is declared: a log cannot always tell what kind it is."""
    return key if key.startswith("event ") else keys.get(key.partition(" ")[2], key)


def derived_topology(view: RunView) -> Topology:
    """Return the parts that took part in a run, and who had to do with whom, as far as it is recorded."""
    sagas = set(view.names("sagas", "name"))
    edges = sorted({edge for row in known_traffic(view).iter_rows() for edge in _edges(row, sagas)})
    operations: dict[str, set[str]] = {}
    for edge in edges:
        for key in (edge.source, edge.target):
            operations.setdefault(key, set())
        if edge.kind == "call" and edge.address.startswith(f"{edge.target.partition(' ')[2]}."):
            operations[edge.target].add(edge.address.rpartition(".")[2])
    return Topology(tuple(sorted(_node(key, names) for key, names in operations.items())), tuple(edges))


def _edges(row: tuple[str, ...], sagas: set[str]) -> Iterator[Edge]:
    kind, sender, address, consumer = row
    source, target = _key(sender, sagas), _key(consumer, sagas)
    if kind == "event":
        if sender != FROM_OUTSIDE:
            yield Edge(source, f"event {address}", "publish", address)
        yield Edge(f"event {address}", target, "start" if consumer in sagas else "deliver", address)
    elif kind == "http" and sender == FROM_OUTSIDE:
        yield Edge(f"{OUTSIDE} world", target, "http", address)
    elif kind == "http":
        yield Edge(source, f"external {consumer}", "request")
    elif kind == "call" and sender != FROM_OUTSIDE:
        yield Edge(source, target, "call", address)


def _key(name: str, sagas: set[str]) -> str:
    return f"saga {name}" if name in sagas else f"service {name}"


def _node(key: str, operations: set[str]) -> Node:
    kind, _, name = key.partition(" ")
    kinds: dict[str, NodeKind] = {"service": "service", "saga": "saga", "event": "event", "external": "external"}
    return Node(kinds.get(kind, "outside"), name, ("seen in the log",), tuple(sorted(operations)))
