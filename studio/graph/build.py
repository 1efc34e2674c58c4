"""Build the graph: who owns which address, who listens to what, and whether all of it agrees.

A graph is a value made from definitions; it holds no code that runs. How sources become definitions is
`studio.graph.system`; findings that do not stop a run are `studio.graph.lint`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Literal, Protocol, TypeVar

from studio.address import is_pattern, matches, parse, pattern
from studio.errors import (
    AddressIsBoth,
    CompositionCycle,
    DeclaredTwice,
    InvalidDeclaration,
    StudioError,
    TwoOwners,
    UnknownAddress,
    Where,
    nearest,
)
from studio.graph.definition import Broken, Definition, shown_place
from studio.graph.governing import check_policies
from studio.graph.versions import is_newer, newest_first
from studio.model.composition import Composition, check_wire
from studio.model.composition import Sequence as SequenceOf
from studio.model.event import Event
from studio.model.handle import OperationHandle, ServiceHandle, only_operation, service_behind, service_name
from studio.model.invariant import Invariant
from studio.model.mesh import Mesh
from studio.model.saga import Saga
from studio.model.scenario import Scenario
from studio.model.service import Operation, Service, Subscription
from studio.model.third_party import External

__all__ = ["Broken", "Definition", "Graph", "build_graph", "outcomes"]

Item = TypeVar("Item")


class _HasName(Protocol):
    @property
    def name(self) -> str: ...


Named = TypeVar("Named", bound=_HasName)


@dataclass(frozen=True, slots=True, eq=False)
class Graph:
    """The system: everything declared, by name and by address.

    Attributes:
        definitions: By name, in the order of their cells.
        services: By name, sorted, as all that follow; sagas in their latest version.
        sagas_by_version: Every version that is still kept, by name and version.
        events: Those declared, by wire address.
        operations: Wire address to owner and operation.
        contracts: Classes by name, from contracts cells.
        broken: Cells whose latest run failed, by the name that they declare; nothing of that run is in the graph.
        meshes: By the names that they are bound to.
    """

    definitions: Mapping[str, Definition]
    services: Mapping[str, Service] = field(default_factory=dict)
    sagas: Mapping[str, Saga] = field(default_factory=dict)
    sagas_by_version: Mapping[tuple[str, str], Saga] = field(default_factory=dict)
    externals: Mapping[str, External] = field(default_factory=dict)
    compositions: Mapping[str, Composition] = field(default_factory=dict)
    scenarios: Mapping[str, Scenario] = field(default_factory=dict)
    invariants: Mapping[str, Invariant] = field(default_factory=dict)
    events: Mapping[str, Event] = field(default_factory=dict)
    operations: Mapping[str, tuple[str, Operation]] = field(default_factory=dict)
    contracts: Mapping[str, Any] = field(default_factory=dict)
    broken: Mapping[str, Broken] = field(default_factory=dict)
    meshes: Mapping[str, Mesh] = field(default_factory=dict)

    def kind_of(self, address: str) -> Literal["command", "event", ""]:
        """Return what an address is; empty when it is nothing.

        A saga's trigger and outcomes are events, as is what has a subscriber.
        """
        if address in self.operations:
            return "command"
        if address in self.events or self.subscribers(address):
            return "event"
        sagas = self.sagas_by_version.values()
        return "event" if any(address in (saga.on, *outcomes(saga)) for saga in sagas) else ""

    def subscribers(self, address: str) -> list[tuple[str, Subscription]]:
        """Return the consumers of an event: service and subscription, by service, then in order of declaration."""
        parsed = parse(address)
        return [
            (service.name, subscription)
            for service in self.services.values()
            for subscription in service.subscriptions
            if any(matches(pattern(each), parsed) for each in subscription.patterns)
        ]

    def triggered(self, address: str) -> list[Saga]:
        """Return the sagas that an event starts."""
        return [saga for saga in self.sagas.values() if saga.on == address]

    def older(self, saga: str) -> list[str]:
        """Return the versions of a saga that are kept beside its latest, the newest first; none of what is no saga."""
        versions = [version for name, version in self.sagas_by_version if name == saga]
        return newest_first(each for each in versions if is_newer(self.sagas[saga].version, each))

    def addresses(self) -> list[str]:
        """Return every known address, sorted."""
        subscriptions = [each for service in self.services.values() for each in service.subscriptions]
        exact = {each for subscription in subscriptions for each in subscription.patterns if not is_pattern(each)}
        of_sagas = {each for saga in self.sagas_by_version.values() for each in (str(saga.on), *outcomes(saga))}
        return sorted({*self.operations, *self.events, *exact, *of_sagas})

    def shown(self, where: Where | None) -> Where | None:
        """Return a place as its author finds it: a file's path and line where the declaration stands in a file."""
        if where is None:
            return None
        by_label = {definition.source.label: definition.source for definition in self.definitions.values()}
        source = by_label.get(where.cell)
        return where if source is None else shown_place(source, where)

    def demand(self, address: str, *, where: Where | None = None) -> Literal["command", "event"]:
        """Return what an address is.

        Raises:
            UnknownAddress: It is neither; names the nearest.
        """
        kind = self.kind_of(address)
        if not kind:
            raise UnknownAddress(where=where, address=address, known=nearest(address, self.addresses()))
        return kind


def outcomes(saga: Saga) -> tuple[str, ...]:
    """Return the events that a saga publishes in the end: those it states of completed, failed and stuck."""
    return tuple(str(each) for each in (saga.completed, saga.failed, saga.stuck) if each)


def build_graph(definitions: Iterable[Definition]) -> Graph:
    """Build the graph from definitions.

    Everything in it is in order of names or addresses, so that moving a cell changes no run.

    Raises:
        DeclaredTwice: Two definitions declare a thing of the same name.
        TwoOwners: Two services own an address.
        AddressIsBoth: An address is a command and an event.
        WireMismatch: A wire whose services are known by now does not fit.
        CompositionCycle: A composition contains itself.
        InTwoMeshes: A service is a member of two meshes.
        FallbackChangesState: A fallback asks an operation that changes state.
    """
    kept = {definition.name: definition for definition in definitions}
    current = [definition for definition in kept.values() if not definition.kept_version]
    graph = Graph(
        definitions=kept,
        services=_named(current, Service),
        sagas=_named(current, Saga),
        sagas_by_version=_sagas(kept.values()),
        externals=_named(current, External),
        compositions=_bound(current, Composition),
        scenarios=_named(current, Scenario),
        invariants=_named(current, Invariant),
        events=_events(current),
        operations=_operations(current),
        contracts=_contracts(current),
        meshes=_bound(current, Mesh),
    )
    _check_sagas(current)
    _check_addresses(graph)
    _check_compositions(graph, [definition for definition in current if not definition.stale])
    check_policies(graph)
    return graph


def _declared(definitions: Iterable[Definition], kind: type[Item]) -> Iterator[tuple[Definition, Item]]:
    for definition in definitions:
        for item in definition.declarations.of(kind):
            yield definition, item


def _named(definitions: Iterable[Definition], kind: type[Named]) -> dict[str, Named]:
    found: dict[str, tuple[Definition, Named]] = {}
    for definition, item in _declared(definitions, kind):
        if item.name in found:
            raise _twice(f"{kind.__name__.lower()} {item.name}", found[item.name][0], definition)
        found[item.name] = (definition, item)
    return {name: found[name][1] for name in sorted(found)}


def _twice(what: str, first: Definition, second: Definition) -> DeclaredTwice:
    return DeclaredTwice(where=Where(second.source.origin), what=what, first=first.source.origin)


def _sagas(definitions: Iterable[Definition]) -> dict[tuple[str, str], Saga]:
    sagas = [saga for _, saga in _declared(definitions, Saga)]
    return {(saga.name, saga.version): saga for saga in sorted(sagas, key=lambda saga: (saga.name, saga.version))}


def _check_sagas(definitions: Iterable[Definition]) -> None:
    """Refuse a saga whose latest version is retired: none would start its instances."""
    for definition, saga in _declared(definitions, Saga):
        if saga.retired:
            raise InvalidDeclaration(
                what=f"saga={saga.name} version={saga.version} retired",
                reason="it is the latest version",
                remedy_text="Keep its newer version beside it, or delete the saga.",
                where=Where(definition.source.origin),
            )


def _events(definitions: Iterable[Definition]) -> dict[str, Event]:
    found: dict[str, tuple[Definition, Event]] = {}
    for definition, event in _declared(definitions, Event):
        known = found.setdefault(event.address, (definition, event))
        if known[1] != event:
            raise _twice(f"event {event.address}", known[0], definition)
    return {address: found[address][1] for address in sorted(found)}


def _operations(definitions: Iterable[Definition]) -> dict[str, tuple[str, Operation]]:
    operations: dict[str, tuple[str, Operation]] = {}
    for definition, service in _declared(definitions, Service):
        for address, operation in service.operations.items():
            if address in operations:
                where = shown_place(definition.source, operation.where)
                raise TwoOwners(where=where, address=address, first=operations[address][0], second=service.name)
            operations[address] = (service.name, operation)
    return dict(sorted(operations.items()))


def _contracts(definitions: Iterable[Definition]) -> dict[str, Any]:
    return {
        name: kind
        for definition in definitions
        if definition.source.kind == "contracts"
        for name, kind in definition.exports.items()
        if isinstance(kind, type)
    }


def _bound(definitions: Iterable[Definition], kind: type[Item]) -> dict[str, Item]:
    """Return what goes by the names that it is bound to: compositions and meshes."""
    found: dict[str, tuple[Definition, Item]] = {}
    for definition, item in _declared(definitions, kind):
        for name, value in vars(definition.module).items():
            if value is item and not name.startswith("_"):
                if name in found and found[name][1] is not item:
                    raise _twice(f"{kind.__name__.lower()} {name}", found[name][0], definition)
                found[name] = (definition, item)
    return {name: found[name][1] for name in sorted(found)}


def _check_addresses(graph: Graph) -> None:
    for address, (owner, operation) in graph.operations.items():
        exact = [name for name, subscription in graph.subscribers(address) if address in subscription.patterns]
        sagas = graph.sagas_by_version.values()
        others = exact + [f"saga {saga.name}" for saga in sagas if address in (saga.on, *outcomes(saga))]
        if others or address in graph.events:
            other = others[0] if others else "event(…)"
            where = graph.shown(operation.where)
            raise AddressIsBoth(where=where, address=address, owner=owner, other=other)


def _check_compositions(graph: Graph, definitions: Iterable[Definition]) -> None:
    for definition, composition in _declared(definitions, Composition):
        try:
            _check_stages(graph, composition, (composition.name or definition.name,), set())
        except StudioError as error:
            error.where = error.where or Where(definition.source.origin)
            raise


def _check_stages(graph: Graph, composition: Composition, path: tuple[str, ...], above: set[int]) -> None:
    if id(composition) in above:
        raise CompositionCycle(composition=path[0], path=" → ".join(path))
    for label, stage in composition.stages():
        inner = _operation_composition(graph, stage)
        if inner is not None:
            _check_stages(graph, inner, (*path, inner.name or label), above | {id(composition)})
    if isinstance(composition, SequenceOf):
        stages = [_resolved(graph, stage) for stage in composition.parts]
        for before, after in pairwise(stages):
            check_wire(composition.name or path[0], before, after)


def _operation_composition(graph: Graph, stage: Any) -> Composition | None:
    """Return the composition that a stage is, or that answers the operation it names."""
    if isinstance(stage, Composition):
        return stage
    resolved = _resolved(graph, stage)
    if not isinstance(resolved, OperationHandle) or service_behind(resolved.service) is None:
        return None
    function = resolved.definition.function
    return function if isinstance(function, Composition) else None


def _resolved(graph: Graph, stage: Any) -> Any:
    """Return a stage whose handle knows the service of this graph; the stage itself stays as it is."""
    if not isinstance(stage, (ServiceHandle, OperationHandle)):
        return stage
    handle = stage.service if isinstance(stage, OperationHandle) else stage
    known = ServiceHandle(service_name(handle), graph.services.get(service_name(handle), service_behind(handle)))
    if isinstance(stage, OperationHandle):
        return OperationHandle(known, stage.name)
    return only_operation(known) if service_behind(known) is not None else OperationHandle(known, "")
