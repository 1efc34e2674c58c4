"""Compile a graph into look-up tables for the corridor: for each address what to encode, decode, and whom to ask."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from studio.address import key as key_of
from studio.address import parse
from studio.contract import ServiceError, codec
from studio.errors import WrongVerb
from studio.graph.build import Graph
from studio.graph.governing import mesh_of, policies_of
from studio.graph.system import Build
from studio.model.data import Collection
from studio.model.event import Event
from studio.model.service import Operation

__all__ = ["CollectionPlan", "EventPlan", "OperationPlan", "Program", "compile_program"]

PASSING_MAX = 1000
"""Plans to keep of events that are known by a pattern only: whoever publishes chooses their addresses."""


@dataclass(frozen=True, slots=True, eq=False)
class OperationPlan:
    """All that a call of one address needs.

    Attributes:
        timeout_ns: Of a call that says nothing else, by whoever is in no mesh.
        is_bare: Whether no level declares more than that: such a call takes the short way, past all policies.
    """

    address: str
    key: int
    owner: str
    operation: Operation
    encode: Callable[[Any], bytes]
    decode: Callable[[bytes], Any]
    encode_answer: Callable[[Any], bytes]
    decode_answer: Callable[[bytes], Any]
    errors: dict[str, type[ServiceError]]
    timeout_ns: int
    is_bare: bool


@dataclass(frozen=True, slots=True, eq=False)
class EventPlan:
    """All that publishing at one address needs."""

    address: str
    key: int
    event: Event
    encode: Callable[[Any], bytes]
    decode: Callable[[bytes], Any]


@dataclass(frozen=True, slots=True, eq=False)
class CollectionPlan:
    """All that reading and writing one collection needs."""

    collection: Collection[Any]
    encode: Callable[[Any], bytes]
    decode: Callable[[bytes], Any]

    def unique_of(self, value: Any) -> tuple[tuple[str, str], ...]:
        """Return the index entries of a document."""
        return tuple((field, str(getattr(value, field))) for field in self.collection.unique)


@dataclass(frozen=True, slots=True, eq=False)
class Program:
    """A build, compiled.

    Attributes:
        build: What was compiled.
        operations: By wire address; likewise events, those that are declared.
        collections: By owner and name.
        passing: Events that were published at addresses which only a pattern knows, the latest last.
    """

    build: Build
    operations: dict[str, OperationPlan]
    events: dict[str, EventPlan]
    collections: dict[tuple[str, str], CollectionPlan]
    passing: OrderedDict[str, EventPlan] = field(default_factory=OrderedDict)

    @property
    def graph(self) -> Graph:
        """Return the build's graph."""
        return self.build.graph

    def operation(self, address: str) -> OperationPlan:
        """Return the plan of a command.

        Raises:
            UnknownAddress: No service owns it.
            WrongVerb: It is an event.
        """
        plan = self.operations.get(address)
        if plan is None:
            self.graph.demand(address)
            raise WrongVerb(address=address, found="an event", wanted="an operation", verb="publish")
        return plan

    def event(self, address: str) -> EventPlan:
        """Return the plan of an event; one that is only subscribed to by pattern gets its plan now.

        Raises:
            UnknownAddress: It is nothing.
            WrongVerb: It is an operation.
        """
        plan = self.events.get(address) or self.passing.get(address)
        if plan is None:
            if self.graph.demand(address) != "event":
                raise WrongVerb(address=address, found="an operation", wanted="an event", verb="call")
            plan = self.passing[address] = _event_plan(Event(address, _contract_of(self.graph, address)))
            if len(self.passing) > PASSING_MAX:
                self.passing.popitem(last=False)
        return plan


def compile_program(build: Build) -> Program:
    """Compile a build; done once, shared by every replica and every run of it."""
    if build.compiled is None:
        object.__setattr__(build, "compiled", _compiled(build))
    program: Program = build.compiled
    return program


def _compiled(build: Build) -> Program:
    graph = build.graph
    declared: list[Any] = [*graph.services.values(), *graph.externals.values()]
    return Program(
        build=build,
        operations={
            address: _operation_plan(graph, owner, operation)
            for address, (owner, operation) in graph.operations.items()
        },
        events={address: _event_plan(event) for address, event in graph.events.items()},
        collections={
            (owner.name, name): CollectionPlan(each, codec(each.contract).encode, codec(each.contract).decode)
            for owner in declared
            for name, each in owner.collections.items()
        },
    )


def _operation_plan(graph: Graph, owner: str, operation: Operation) -> OperationPlan:
    message, answer = codec(operation.takes), codec(operation.returns)
    resolved = policies_of(graph, "", operation.address)
    return OperationPlan(
        address=operation.address,
        key=key_of(parse(operation.address)),
        owner=owner,
        operation=operation,
        encode=message.encode,
        decode=message.decode,
        encode_answer=answer.encode,
        decode_answer=answer.decode,
        errors={error.code(): error for error in operation.raises},
        timeout_ns=resolved.timeout_ns,
        is_bare=resolved.is_bare and mesh_of(graph, owner) is None,
    )


def _event_plan(event: Event) -> EventPlan:
    message = codec(event.contract)
    return EventPlan(event.address, key_of(parse(event.address)), event, message.encode, message.decode)


def _contract_of(graph: Graph, address: str) -> Any:
    """Return the contract of an event that nobody declared: what its first subscriber takes."""
    return next((subscription.takes for _, subscription in graph.subscribers(address)), Any)
