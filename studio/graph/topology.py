"""Draw the graph's consequences: who calls whom, and which events lead from where to where, as nodes and edges.

Declarations say who owns and who listens; who sends is read from the sources without executing them. What can only be
guessed that way is marked.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

from studio.address import is_pattern, matches, parse, pattern
from studio.graph.build import Definition, Graph, outcomes
from studio.graph.governing import mesh_of
from studio.model.composition import Composition
from studio.model.handle import OperationHandle, ServiceHandle, service_name
from studio.model.saga import Saga
from studio.model.service import Service
from studio.model.third_party import External
from studio.source.uses import Use, uses_of

__all__ = ["Edge", "EdgeKind", "Node", "NodeKind", "Topology", "address_of", "topology_of"]

NodeKind = Literal["service", "saga", "composition", "event", "external", "outside"]
EdgeKind = Literal["call", "publish", "deliver", "stream", "start", "step", "outcome", "request", "compose", "http"]

OUTSIDE = "outside"
_DRAWN: tuple[type[Any], ...] = (Service, Saga, External, Composition)


@dataclass(frozen=True, slots=True, order=True)
class Node:
    """A part of the system.

    Attributes:
        kind: What it is.
        name: Unique within its kind; an event's is its address.
        detail: What a reader wants to know besides: kind, version, replicas.
        operations: Names of the operations that it owns, in order of their addresses.
        is_stale: Whether its cell does not fit what it uses any more.
    """

    kind: NodeKind
    name: str
    detail: tuple[str, ...] = ()
    operations: tuple[str, ...] = ()
    is_stale: bool = False

    @property
    def key(self) -> str:
        """Return what edges name it by: `service Inventory`."""
        return f"{self.kind} {self.name}"


@dataclass(frozen=True, slots=True, order=True)
class Edge:
    """One way from a part to another.

    Attributes:
        source: Key of the node that acts; `target` of the one that is acted upon.
        kind: What happens along it.
        address: Of the command or event, in wire form; a path for `http` and empty for `request`.
        function: Function that does it, as far as one is known.
        cell: Place of the line in the author's code; `line` 0 where the edge was declared and not seen in code.
        is_guessed: Whether it is only likely: seen in a helper module, of which a part may use something else.
    """

    source: str
    target: str
    kind: EdgeKind
    address: str = ""
    function: str = ""
    cell: str = ""
    line: int = 0
    is_guessed: bool = False


@dataclass(frozen=True, slots=True)
class Topology:
    """The system as a picture's content; both in a fixed order."""

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]

    def leaving(self, key: str) -> tuple[Edge, ...]:
        """Return the edges from a node."""
        return tuple(edge for edge in self.edges if edge.source == key)

    def reaching(self, key: str) -> tuple[Edge, ...]:
        """Return the edges to a node."""
        return tuple(edge for edge in self.edges if edge.target == key)


@lru_cache(maxsize=16)  # a graph is never changed, and rules, cards and drawings all ask
def topology_of(graph: Graph) -> Topology:
    """Return the system as nodes and edges."""
    edges = sorted({*_declared_edges(graph), *_seen_edges(graph)})
    declared = {node.key: node for node in _nodes(graph)}
    for edge in edges:
        for key in (edge.source, edge.target):
            kind, _, name = key.partition(" ")
            declared.setdefault(key, Node(kind, name))  # type: ignore[arg-type]  # keys are made of node kinds
    return Topology(tuple(sorted(declared.values())), tuple(edges))


def address_of(graph: Graph, definition: Definition, use: Use) -> str:
    """Return the address that a use is about; empty when it is a call on something that is no service's handle.

    An operation that the service lacks gives the address it would have, which nobody owns.
    """
    if use.target is not None:
        return str(use.target)
    handle = vars(definition.module).get(use.handle)
    service = graph.services.get(service_name(handle)) if isinstance(handle, ServiceHandle) else None
    if service is None:
        return ""
    found = [address for address, operation in service.operations.items() if operation.name == use.operation]
    return found[0] if found else f"{service.name}.{use.operation}"


def _nodes(graph: Graph) -> Iterator[Node]:
    stale = {item for each in graph.definitions.values() if each.stale for item in _names(each)}
    for service in graph.services.values():
        operations = tuple(service.operations[address].name for address in sorted(service.operations))
        mesh = mesh_of(graph, service.name)
        details = _details(service) + (() if mesh is None else (f"mesh {mesh.name}",))
        yield Node("service", service.name, details, operations, service.name in stale)
    for saga in graph.sagas.values():
        steps = "1 step" if len(saga.steps) == 1 else f"{len(saga.steps)} steps"
        yield Node("saga", saga.name, ("saga", saga.version, steps), (), saga.name in stale)
    for external in graph.externals.values():
        yield Node("external", external.name, ("third party, simulated",), (), external.name in stale)
    for name, composition in graph.compositions.items():
        yield Node("composition", name, (type(composition).__name__.lower(),), (), name in stale)
    for event in graph.events.values():
        yield Node("event", event.address)


def _names(definition: Definition) -> list[str]:
    parts: list[Any] = [each for kind in _DRAWN for each in definition.declarations.of(kind)]
    return [part.name for part in parts]


def _details(service: Service) -> tuple[str, ...]:
    shown = [service.kind, service.version, f"×{service.replicas}" if service.replicas > 1 else ""]
    if service.jobs:
        shown.append("1 job" if len(service.jobs) == 1 else f"{len(service.jobs)} jobs")
    return tuple(each for each in shown if each)


# -- what declarations say --------------------------------------------------------------------------------------------


def _declared_edges(graph: Graph) -> Iterator[Edge]:
    for service in graph.services.values():
        yield from _service_edges(graph, service)
    for saga in graph.sagas.values():
        yield Edge(f"event {saga.on}", f"saga {saga.name}", "start", str(saga.on))
        for address in outcomes(saga):
            yield Edge(f"saga {saga.name}", f"event {address}", "outcome", address)
        for step in saga.steps:
            yield from _stage_edges(graph, f"saga {saga.name}", "step", step.function, step.name)
    for name, composition in graph.compositions.items():
        yield from _stage_edges(graph, f"composition {name}", "compose", composition, "")


def _service_edges(graph: Graph, service: Service) -> Iterator[Edge]:
    key = f"service {service.name}"
    for subscription in service.subscriptions:
        for selector in subscription.patterns:
            for address in _matching(graph, selector):
                yield Edge(f"event {address}", key, "deliver", address, subscription.name)
    for client in service.clients.values():
        yield Edge(key, f"external {client.name}", "request")
    for endpoint in service.endpoints:
        yield Edge(f"{OUTSIDE} world", key, "http", f"{endpoint.method} {endpoint.path}", endpoint.name)
    for operation in service.operations.values():
        yield from _stage_edges(graph, key, "call", operation.function, operation.name)
    for subscription in service.subscriptions:
        yield from _stage_edges(graph, key, "call", subscription.function, subscription.name)


def _matching(graph: Graph, selector: str) -> list[str]:
    """Return the known events that a pattern selects; the pattern itself when there are none."""
    if not is_pattern(selector):
        return [selector]
    events = [address for address in graph.addresses() if address not in graph.operations]
    return [address for address in events if matches(pattern(selector), parse(address))] or [selector]


def _stage_edges(graph: Graph, key: str, kind: EdgeKind, stage: Any, function: str) -> Iterator[Edge]:
    """Yield edges to the operations in a composition; a named one inside is a node of its own."""
    if isinstance(stage, Composition):
        is_other = stage.name in graph.compositions and key != f"composition {stage.name}"
        if is_other and graph.compositions[stage.name] is stage:
            yield Edge(key, f"composition {stage.name}", kind, "", function)
            return
        for _, inner in stage.stages():
            yield from _stage_edges(graph, key, kind, inner, function)
    elif isinstance(stage, (ServiceHandle, OperationHandle)):
        handle = stage.service if isinstance(stage, OperationHandle) else stage
        service = graph.services.get(service_name(handle))
        names = [stage.name] if isinstance(stage, OperationHandle) else []
        for address in _addresses(service, names) if service is not None else ():
            yield Edge(key, f"service {service_name(handle)}", kind, address, function)


def _addresses(service: Service, names: list[str]) -> list[str]:
    wanted = names or [operation.name for operation in service.operations.values()][:1]
    return [address for address, operation in service.operations.items() if operation.name in wanted]


# -- what the code shows ----------------------------------------------------------------------------------------------


def _seen_edges(graph: Graph) -> Iterator[Edge]:
    for definition in graph.definitions.values():
        if definition.kept_version:
            continue
        uses = [use for use in uses_of(definition.source) if use.verb != "on"]
        keys = list(_keys(definition))
        shared = [] if keys else [key for each in _users(graph, definition.name) for key in _keys(each)]
        for use in uses:
            for key in keys or sorted(set(shared)):
                yield from _use_edges(graph, definition, use, key, is_guessed=not keys)


def _keys(definition: Definition) -> Iterator[str]:
    for service in definition.declarations.of(Service):
        yield f"service {service.name}"
    for saga in definition.declarations.of(Saga):
        yield f"saga {saga.name}"


def _users(graph: Graph, name: str) -> list[Definition]:
    """Return the definitions that use another, directly or through others."""
    found: dict[str, Definition] = {}
    pending = [name]
    while pending:
        used = pending.pop()
        for definition in graph.definitions.values():
            if used in definition.uses and definition.name not in found:
                found[definition.name] = definition
                pending.append(definition.name)
    return list(found.values())


def _use_edges(graph: Graph, definition: Definition, use: Use, key: str, *, is_guessed: bool) -> Iterator[Edge]:
    address = address_of(graph, definition, use)
    kind = graph.kind_of(address) if address and not is_pattern(address) else ""
    place = (use.function, definition.source.origin, use.line)
    if kind == "command":
        target = f"service {graph.operations[address][0]}"
        yield Edge(key, target, "step" if key.startswith("saga ") else "call", address, *place, is_guessed)
    elif use.verb == "stream" and address:
        yield Edge(f"event {address}", key, "stream", address, *place, is_guessed)
    elif address and (use.verb == "publish" or (use.verb == "send" and kind == "event")):
        yield Edge(key, f"event {address}", "publish", address, *place, is_guessed)
