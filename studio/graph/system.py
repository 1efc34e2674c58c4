"""Turn sources into definitions, and keep them as cells are run again, renamed and forgotten.

A `System` is what a notebook or a folder holds at this moment; `studio.graph.candidate` works out how it changes.
What runs is a `Build`: a snapshot that never changes, from which every incarnation executes its module afresh.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from types import ModuleType
from typing import Any

from studio.errors import StaleDefinition, UnknownDefinition, Where, nearest
from studio.graph.build import Graph, build_graph
from studio.graph.candidate import Candidate, visible_names
from studio.graph.definition import Broken, Definition, Instance, reason_of
from studio.graph.executing import bind_handles, builtins_for, execute_source, local_module, restore_modules
from studio.graph.undoing import check_effects
from studio.model.handle import ServiceHandle, service_name
from studio.model.service import Service
from studio.source import loader
from studio.source.cell import Source

__all__ = ["Build", "Definition", "Instance", "System"]


@dataclass(frozen=True, eq=False)
class Build:
    """A system that will not change: its definitions and graph, ready to execute.

    Attributes:
        graph: Everything declared.
        digest: Hash of all sources, in whatever order; two builds with the same digest behave the same.
        compiled: What `studio.runtime.program` has made of it; None before the first run.
    """

    graph: Graph
    digest: str
    _names: Mapping[str, Mapping[str, Any]] = field(repr=False)
    compiled: Any = field(default=None, init=False, repr=False)
    _builtins: Mapping[str, Any] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_builtins", builtins_for(self._module))

    def instantiate(self, name: str) -> Instance:
        """Execute a definition's module afresh.

        Contracts, plain modules and handles are the build's; the service and what the module binds are new.

        Raises:
            UnknownDefinition: There is none of that name.
        """
        if name not in self.graph.definitions:
            raise UnknownDefinition(name=name, known=nearest(name, self.graph.definitions))
        instance = execute_source(self.graph.definitions[name].source, self._names[name], self._builtins)
        bind_handles(instance, self.graph.services)
        return instance

    def definition_of(self, kind: type[Any], name: str) -> str:
        """Return the name of the definition that declared a service, saga or external; the current one of a saga.

        Raises:
            UnknownDefinition: None did.
        """
        for definition in self.graph.definitions.values():
            if not definition.kept_version and any(item.name == name for item in definition.declarations.of(kind)):
                return definition.name
        declared = [item.name for each in self.graph.definitions.values() for item in each.declarations.of(kind)]
        raise UnknownDefinition(name=name, known=nearest(name, declared))

    def _module(self, path: str) -> ModuleType | None:
        return local_module(self.graph.definitions, path)


class System:
    """What is declared now, in the order in which it was first declared.

    Running a source again replaces what it declared and executes what depends on it again; a source that fails changes
    nothing. A saga whose version changes is kept in its old version too, since instances finish on the version that
    started them, until `forget("OrderProcessing@1.0.0")`. Not safe to use from two threads.
    """

    def __init__(self) -> None:
        self._definitions: dict[str, Definition] = {}
        self._names: dict[str, dict[str, Any]] = {}
        self._cells: dict[str, str] = {}
        self._broken: dict[str, Broken] = {}
        self._graph = build_graph(())

    @property
    def sources(self) -> tuple[Source, ...]:
        """Return the sources in order, kept versions of sagas among them."""
        return tuple(definition.source for definition in self._definitions.values())

    @property
    def definitions(self) -> Mapping[str, Definition]:
        """Return the definitions by name, in order."""
        return dict(self._definitions)

    @property
    def graph(self) -> Graph:
        """Return the graph of what is declared now."""
        return self._graph

    def define(
        self, source: Source, cell_id: str | None = None, *, elsewhere: Mapping[str, str] | None = None
    ) -> Definition:
        """Execute a source and keep what it declares.

        Args:
            source: Replaces the one of the same name, if any.
            cell_id: Cell that holds the source; what that cell declared before under another name is forgotten, and the
                new declaration takes its place in the order.
            elsewhere: Names that only ordinary cells define, and which cell; for the remedy.

        Raises:
            UndefinedName: The source uses a name that no studio cell, import or prelude gives it.
            NameOfOrdinaryCell: Only an ordinary cell defines it.
            DeclaredTwice: Another definition gives the same names, or declares the same thing.
            DefinitionCycle: It uses what uses it.
            StudioError: Any other; the last good definition stands.
            Exception: Whatever the body raises; likewise.
        """
        try:
            with self._candidate() as candidate:
                candidate.replace(source, cell_id, elsewhere or {})
                check_effects(candidate.definitions.values(), of=source.name)
        except Exception as error:
            where = loader.where(error) or Where(source.origin)
            self._mark({**self._standing(source, cell_id), source.name: Broken(where, reason_of(error), cell_id)})
            raise
        self._mark(self._standing(source, cell_id))
        return self._definitions[source.name]

    def define_all(self, sources: Iterable[Source]) -> None:
        """Define sources, in whatever order they stand; the graph is checked once, at the end.

        What one of them uses or imports of the others is executed before it.

        Raises:
            StudioError: As `define`; nothing is changed then.
            Exception: Whatever a body raises; likewise.
        """
        with self._candidate() as candidate:
            candidate.replace_all(tuple(sources))
        self._mark({name: each for name, each in self._broken.items() if name not in self._definitions})

    def forget(self, name: str) -> tuple[str, ...]:
        """Delete a definition; a saga's kept versions too, unless one of them is named (`OrderProcessing@1.0.0`).

        Returns:
            Names of the definitions that used it and are stale now.

        Raises:
            UnknownDefinition: There is none of that name, nor a cell that failed to declare it.
        """
        if name not in self._definitions and name not in self._broken:
            raise UnknownDefinition(name=name, known=nearest(name, {*self._definitions, *self._broken}))
        before = {each.name for each in self._definitions.values() if each.stale}
        if name in self._definitions:
            with self._candidate() as candidate:
                candidate.remove(name)
        self._mark({broken: each for broken, each in self._broken.items() if broken != name})
        return tuple(each.name for each in self._definitions.values() if each.stale and each.name not in before)

    def reset(self) -> None:
        """Delete everything."""
        self.__init__()  # type: ignore[misc]  # as new

    def visible(self) -> dict[str, Any]:
        """Return every name that a new cell would see."""
        return visible_names(self._definitions.values())

    def build(self) -> Build:
        """Return a snapshot to run.

        Raises:
            StaleDefinition: A definition could not be executed again after something that it uses changed.
            UnknownTarget: A saga's step declares an effect where there is nothing.
        """
        for definition in self._definitions.values():
            if definition.stale:
                raise StaleDefinition(name=definition.name, reason=definition.stale)
        check_effects(self._definitions.values())
        digests = sorted(f"{each.source.digest} {each.kept_version}" for each in self._definitions.values())
        digest = hashlib.sha256("\n".join(digests).encode()).hexdigest()
        services = self.graph.services
        names = {name: {n: _rebound(v, services) for n, v in given.items()} for name, given in self._names.items()}
        return Build(self.graph, digest, names)

    def _standing(self, source: Source, cell_id: str | None) -> dict[str, Broken]:
        """Return what is broken besides a source and the cell that it is in."""
        return {
            name: each
            for name, each in self._broken.items()
            if name != source.name and (cell_id is None or each.cell_id != cell_id)
        }

    def _mark(self, broken: dict[str, Broken]) -> None:
        self._broken = broken
        self._graph = replace(self._graph, broken=dict(sorted(broken.items())))

    @contextmanager
    def _candidate(self) -> Iterator[Candidate]:
        """Change a copy, and take it over only when everything in it has succeeded."""
        definitions = tuple(self._definitions.values())
        candidate = Candidate(definitions, self._names, self._cells)
        try:
            yield candidate
            graph = candidate.graph()
        except BaseException:
            restore_modules(definitions)
            raise
        self._definitions, self._names, self._cells = candidate.definitions, candidate.names, candidate.cells
        self._graph = graph


def _rebound(value: Any, services: Mapping[str, Service]) -> Any:
    """Return a handle of this build's service for a handle of whatever was declared when the name was given."""
    if not isinstance(value, ServiceHandle):
        return value
    return ServiceHandle(service_name(value), services.get(service_name(value)))
