"""Find the parts and lines of the drawn system that a record is about: who called what, who heard which event."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from studio.graph.scene import edge_key, scene_of
from studio.graph.topology import Edge, EdgeKind, Topology

__all__ = ["SceneIndex"]

_CALLS: tuple[EdgeKind, ...] = ("call", "step", "compose")
_SAYS: tuple[EdgeKind, ...] = ("publish", "outcome")
_HEARS: tuple[EdgeKind, ...] = ("deliver", "start", "stream")
_OWNERS = ("service", "saga", "external", "composition")
_DEPTH_MAX = 20  # of compositions within each other


@dataclass(frozen=True, slots=True)
class SceneIndex:
    """The lines of a drawing, by what goes along them.

    Attributes:
        topology: What is drawn.
        lines: A line's key to the edges that it stands for.
        parts: Keys of the parts that are drawn as such.
        calls: Sender and address of a command to the lines that its calls go along: several where a composition stands
            between the two.
        requests: Sender and name of a third party to lines.
        says: Sender and address of an event to lines; none where the event is a tab of its sender.
        hears: Consumer and address of an event to lines.
    """

    topology: Topology
    lines: Mapping[str, tuple[Edge, ...]]
    parts: frozenset[str]
    calls: Mapping[tuple[str, str], tuple[str, ...]]
    requests: Mapping[tuple[str, str], tuple[str, ...]]
    says: Mapping[tuple[str, str], tuple[str, ...]]
    hears: Mapping[tuple[str, str], tuple[str, ...]]
    _owners: Mapping[str, str] = field(repr=False)
    _publishers: Mapping[str, str] = field(repr=False)

    @classmethod
    def of(cls, topology: Topology) -> SceneIndex:
        """Index a system."""
        return _indexed(topology)

    def part_of(self, target: str) -> str:
        """Return the key of the drawn part that a name is about; empty where there is none.

        Args:
            target: A service, saga or third party, a replica (`Payment/2`), a step, an operation or a collection of one
                (`Payment.process`), an HTTP request (`cards POST /charges`), or an event: its publisher where it is a
                tab of that.
        """
        if f"event {target}" in self.parts:
            return f"event {target}"
        if target in self._publishers:
            return self._publishers[target]
        name = target.partition(" ")[0].partition("/")[0]
        return self._owners.get(name, "") or self._owners.get(name.partition(".")[0], "")

    def shows(self, edge: Edge) -> bool:
        """Whether what goes along an edge is in the picture: on a line, as a tab of its sender, or as an HTTP tab."""
        source, target = _name(edge.source), _name(edge.target)
        if edge.kind in _SAYS:
            return (source, target) in self.says or self._publishers.get(target) == edge.source
        if edge.kind in _HEARS:
            return (target, source) in self.hears
        if edge.kind == "request":
            return (source, target) in self.requests
        return edge.kind == "http" or (source, edge.address) in self.calls


@lru_cache(maxsize=16)
def _indexed(topology: Topology) -> SceneIndex:
    scene = scene_of(topology)
    lines = {edge_key(link): edges for link, edges in scene.lines.items()}
    line_of = {edge: key for key, edges in lines.items() for edge in edges}
    owners = {node.name: node.key for kind in reversed(_OWNERS) for node in topology.nodes if node.kind == kind}
    publishers = {
        _name(edge.target): edge.source
        for edge in topology.edges
        if edge.kind in _SAYS and edge.target not in scene.glyphs and edge.source in scene.glyphs
    }
    return SceneIndex(
        topology,
        lines,
        frozenset(scene.glyphs),
        _grouped(_calls(topology, line_of)),
        _grouped(((_name(edge.source), _name(edge.target)), (line_of[edge],)) for edge in line_of
                 if edge.kind == "request"),
        _grouped(((_name(edge.source), _name(edge.target)), (line_of[edge],)) for edge in line_of
                 if edge.kind in _SAYS),
        _grouped(((_name(edge.target), _name(edge.source)), (line_of[edge],)) for edge in line_of
                 if edge.kind in _HEARS),
        owners,
        publishers,
    )  # fmt: skip


def _calls(topology: Topology, line_of: Mapping[Edge, str]) -> Iterator[tuple[tuple[str, str], tuple[str, ...]]]:
    """Yield sender, address and lines of what is called; through compositions where nothing leads there directly."""
    entering: dict[str, list[Edge]] = defaultdict(list)
    for edge in topology.edges:
        if edge.target.startswith("composition "):
            entering[edge.target].append(edge)
    calls = [edge for edge in topology.edges if edge.kind in _CALLS and edge.address and edge in line_of]
    direct = {(_name(edge.source), edge.address) for edge in calls if edge.source not in entering}
    for edge in calls:
        for sender, path in _ways(edge, entering, line_of, _DEPTH_MAX):
            if len(path) == 1 or (sender, edge.address) not in direct:
                yield (sender, edge.address), path


def _ways(
    edge: Edge, entering: Mapping[str, list[Edge]], line_of: Mapping[Edge, str], depth: int
) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield who sends along an edge, and the lines from there: a composition sends for those that run it."""
    if not edge.source.startswith("composition ") or not entering.get(edge.source):
        yield _name(edge.source), (line_of[edge],)
    elif depth:
        for above in entering[edge.source]:
            for sender, path in _ways(above, entering, line_of, depth - 1):
                yield sender, (*path, line_of[edge])


def _grouped(
    found: Iterator[tuple[tuple[str, str], tuple[str, ...]]],
) -> Mapping[tuple[str, str], tuple[str, ...]]:
    grouped: dict[tuple[str, str], dict[str, None]] = defaultdict(dict)
    for key, lines in found:
        grouped[key].update(dict.fromkeys(lines))
    return {key: tuple(lines) for key, lines in grouped.items()}


def _name(key: str) -> str:
    return key.partition(" ")[2]
