"""Write the nodes and edges of a system as JSON, so that a log tells what its runs ran in, and read them back."""

from __future__ import annotations

import json
from dataclasses import astuple
from functools import lru_cache

from studio.graph.build import Graph
from studio.graph.topology import Edge, Node, Topology, topology_of

__all__ = ["topology_from_json", "topology_json"]


@lru_cache(maxsize=16)  # every run of a system writes it
def topology_json(graph: Graph) -> str:
    """Return a system's nodes and edges as JSON; equal systems give equal text."""
    topology = topology_of(graph)
    content = {"nodes": [astuple(node) for node in topology.nodes], "edges": [astuple(edge) for edge in topology.edges]}
    return json.dumps(content, separators=(",", ":"))


def topology_from_json(text: str) -> Topology:
    """Read what `topology_json` wrote; an empty text, which older logs have, gives no nodes and no edges."""
    content = json.loads(text) if text else {"nodes": [], "edges": []}
    nodes = (
        Node(kind, name, tuple(detail), tuple(operations), stale)
        for kind, name, detail, operations, stale in content["nodes"]
    )
    return Topology(tuple(nodes), tuple(Edge(*edge) for edge in content["edges"]))
