"""Build the graph: who owns which address, who listens to what, and whether all of it agrees.

A graph is a value made from definitions; it holds no code that runs. How sources become definitions is
`studio.graph.system`; findings that do not stop a run are `studio.graph.lint`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any, Literal

from studio.address import matches, parse, pattern
from studio.errors import AddressIsBoth, CompositionCycle, TwoOwners, UnknownAddress, Where, nearest
from studio.model.composition import Composition, check_wire
from studio.model.composition import Sequence as SequenceOf
from studio.model.declaring import Declarations
from studio.model.event import Event
from studio.model.handle import ServiceHandle
from studio.model.invariant import Invariant
from studio.model.saga import Saga
from studio.model.scenario import Scenario
from studio.model.service import Operation, Service, Subscription
from studio.model.third_party import External
from studio.source.cell import Source

__all__ = ["Definition", "Graph", "build_graph"]


@dataclass(frozen=True, slots=True, eq=False)
class Definition:
    """A source that was executed: its module, what it declared, and what it used.

    Attributes:
        source: What was executed.
        module: The execution that definitions are read from; incarnations execute afresh.
        declarations: In order.
        exports: Names that later cells see through it.
        uses: Names of definitions whose exports it uses, sorted.
        stale: Why its latest re-execution failed (after something it uses changed); empty when it stands.
    """

    source: Source
    module: ModuleType
    declarations: Declarations
    exports: Mapping[str, Any]
    uses: tuple[str, ...] = ()
    stale: str = ""

    @property
    def name(self) -> str:
        """Return the source's name."""
        return self.source.name


@dataclass(frozen=True, slots=True, eq=False)
class Graph:
    """The system: everything declared, by name and by address.

    Attributes:
        definitions: By name, in order.
        services: By name; likewise sagas (the latest version of each), externals, compositions, scenarios, invariants.
        sagas_by_version: Every version that is still kept, by name and version.
        events: By wire address; also undeclared ones that have a subscriber.
        operations: Wire address to owner and operation.
        contracts: Classes by name, from contracts cells.
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

    def kind_of(self, address: str) -> Literal["command", "event", ""]:
        """Return what an address is; empty when it is nothing."""
        if address in self.operations:
            return "command"
        if address in self.events or self.subscribers(address) or self.triggered(address):
            return "event"
        return ""

    def subscribers(self, address: str) -> list[tuple[str, Subscription]]:
        """Return the consumers of an event: service and subscription, in order of declaration."""
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

    def addresses(self) -> list[str]:
        """Return every known address, sorted."""
        exact = {each for s in self.services.values() for sub in s.subscriptions for each in sub.patterns if "*" not in each}
        return sorted({*self.operations, *self.events, *(each for each in exact if ">" not in each)})

    def demand(self, address: str, *, where: Where | None = None) -> Literal["command", "event"]:
        """Return what an address is.

        Raises:
            UnknownAddress: It is neither; names the nearest.
        """
        kind = self.kind_of(address)
        if not kind:
            raise UnknownAddress(where=where, address=address, known=nearest(address, self.addresses()))
        return kind


def build_graph(definitions: Iterable[Definition]) -> Graph:
    """Build the graph from definitions.

    Raises:
        TwoOwners: Two services own an address.
        AddressIsBoth: An address is a command and an event.
        WireMismatch: A wire whose services are known by now does not fit.
        CompositionCycle: A composition contains itself.
    """
    kept = {definition.name: definition for definition in definitions}
    graph = Graph(
        definitions=kept,
        services={each.name: each for each in _all(kept, Service)},
        sagas={each.name: each for each in _all(kept, Saga)},
        sagas_by_version={(each.name, each.version): each for each in _all(kept, Saga)},
        externals={each.name: each for each in _all(kept, External)},
        compositions=_named_compositions(kept),
        scenarios={each.name: each for each in _all(kept, Scenario)},
        invariants={each.name: each for each in _all(kept, Invariant)},
        events={each.address: each for each in _all(kept, Event)},
        operations=_operations(kept),
        contracts=_contracts(kept),
    )
    _check_addresses(graph)
    _check_compositions(graph)
    return graph


def _all(definitions: Mapping[str, Definition], kind: type[Any]) -> list[Any]:
    return [item for definition in definitions.values() for item in definition.declarations.of(kind)]


def _operations(definitions: Mapping[str, Definition]) -> dict[str, tuple[str, Operation]]:
    operations: dict[str, tuple[str, Operation]] = {}
    for service in _all(definitions, Service):
        for address, operation in service.operations.items():
            if address in operations:
                raise TwoOwners(where=operation.where, address=address, first=operations[address][0], second=service.name)
            operations[address] = (service.name, operation)
    return operations


def _contracts(definitions: Mapping[str, Definition]) -> dict[str, Any]:
    return {
        name: kind
        for definition in definitions.values()
        if definition.source.kind == "contracts"
        for name, kind in definition.exports.items()
        if isinstance(kind, type)
    }


def _named_compositions(definitions: Mapping[str, Definition]) -> dict[str, Composition]:
    """Give each composition the name it is bound to; inner ones that have none stay unnamed."""
    named: dict[str, Composition] = {}
    for definition in definitions.values():
        for name, value in vars(definition.module).items():
            if isinstance(value, Composition) and value in definition.declarations.items and not name.startswith("_"):
                value.name = value.name or name
                named[name] = value
    return named


def _check_addresses(graph: Graph) -> None:
    for address, (owner, operation) in graph.operations.items():
        subscribers = graph.subscribers(address)
        exact = [name for name, subscription in subscribers if address in subscription.patterns]
        if address in graph.events or exact or graph.triggered(address):
            other = exact[0] if exact else "event(…)"
            raise AddressIsBoth(where=operation.where, address=address, owner=owner, other=other)


def _check_compositions(graph: Graph) -> None:
    for name, composition in graph.compositions.items():
        _check_stages(graph, composition, (name,), set())


def _check_stages(graph: Graph, composition: Composition, path: tuple[str, ...], above: set[int]) -> None:
    if id(composition) in above:
        raise CompositionCycle(composition=path[0], path=" → ".join(path))
    for label, stage in composition.stages():
        _resolve(graph, stage)
        if isinstance(stage, Composition):
            _check_stages(graph, stage, (*path, stage.name or label), above | {id(composition)})
    if isinstance(composition, SequenceOf):
        for before, after in zip(composition.parts, composition.parts[1:], strict=False):
            check_wire(composition.name or path[0], before, after)


def _resolve(graph: Graph, stage: Any) -> None:
    """Give a handle that was made by name alone the service it means."""
    service = getattr(stage, "service", stage)
    if isinstance(service, ServiceHandle) and service._definition is None and service._name in graph.services:  # noqa: SLF001
        service._definition = graph.services[service._name]  # noqa: SLF001
