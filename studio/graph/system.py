"""Turn sources into definitions, and keep them as cells are run again, renamed and forgotten.

A `System` is what a notebook or a folder holds at this moment. What runs is a `Build`: a snapshot that never changes, from
which every incarnation executes its module afresh.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from types import ModuleType
from typing import Any

from studio.errors import StaleDefinition, StudioError, UnknownDefinition, nearest
from studio.graph.build import Definition, Graph, build_graph
from studio.graph.declaring import bound_names, bound_object, exports_of
from studio.model.declaring import Declarations, gather
from studio.model.handle import ServiceHandle
from studio.model.prelude import FOREIGN, PRELUDE
from studio.source.cell import Source
from studio.source.importing import make_builtins
from studio.source.loader import execute
from studio.source.names import check_names, names_of

__all__ = ["Build", "Instance", "System"]


@dataclass(frozen=True, slots=True, eq=False)
class Instance:
    """One execution of a module for one incarnation: its globals, and the service (or saga, external) it declared."""

    module: ModuleType
    declarations: Declarations


@dataclass(frozen=True, eq=False)
class Build:
    """A system that will not change: its definitions and graph, ready to execute.

    Attributes:
        graph: Everything declared.
        digest: Hash of all sources in order; two builds with the same digest behave the same.
    """

    graph: Graph
    digest: str
    _names: Mapping[str, Mapping[str, Any]] = field(repr=False)

    def instantiate(self, name: str) -> Instance:
        """Execute a definition's module afresh.

        Contracts, plain modules and handles are the build's; the service and everything at the module's top level are new.
        """
        definition = self.graph.definitions[name]
        return _execute(definition.source, self._names[name], modules=self._modules)

    def definition_of(self, kind: type[Any], name: str) -> str:
        """Return the name of the definition that declared a service, saga or external."""
        for definition in self.graph.definitions.values():
            if any(item.name == name for item in definition.declarations.of(kind)):
                return definition.name
        raise UnknownDefinition(name=name, known=nearest(name, self.graph.definitions))

    def _modules(self, path: str) -> ModuleType | None:
        return _local_module(self.graph.definitions, path)


class System:
    """What is declared now, in the order in which it was first declared.

    Running a source again replaces what it declared and executes what depends on it again; a source that fails changes
    nothing. Not safe to use from two threads.
    """

    def __init__(self) -> None:
        self._definitions: dict[str, Definition] = {}
        self._names: dict[str, dict[str, Any]] = {}
        self._graph: Graph | None = None

    @property
    def sources(self) -> tuple[Source, ...]:
        """Return the sources in order."""
        return tuple(definition.source for definition in self._definitions.values())

    @property
    def definitions(self) -> Mapping[str, Definition]:
        """Return the definitions by name, in order."""
        return dict(self._definitions)

    @property
    def graph(self) -> Graph:
        """Return the graph of what is declared now."""
        if self._graph is None:
            self._graph = build_graph(self._definitions.values())
        return self._graph

    def define(self, source: Source, *, elsewhere: Mapping[str, str] | None = None) -> Definition:
        """Execute a source and keep what it declares.

        Args:
            source: Replaces the one of the same name, if any.
            elsewhere: Names that only ordinary cells define, and which cell; for the remedy.

        Raises:
            UndefinedName: The source uses a name that no studio cell, import or prelude gives it.
            NameOfOrdinaryCell: Only an ordinary cell defines it.
            StudioError: Any other; the last good definition stands.
        """
        candidate = self._copy()
        definition = candidate._define(source, elsewhere or {})
        candidate._refresh(definition.name)
        candidate._graph = build_graph(candidate._definitions.values())
        self._definitions, self._names, self._graph = candidate._definitions, candidate._names, candidate._graph
        return self._definitions[definition.name]

    def define_all(self, sources: Iterable[Source]) -> None:
        """Define sources in order; the graph is checked once, at the end.

        Files among them import each other, so what one imports is executed before it, whatever the order.
        """
        candidate = self._copy()
        pending = {source.name: source for source in sources}
        while pending:
            candidate._define_pending(next(iter(pending)), pending)
        candidate._graph = build_graph(candidate._definitions.values())
        self._definitions, self._names, self._graph = candidate._definitions, candidate._names, candidate._graph

    def forget(self, name: str) -> tuple[str, ...]:
        """Delete a definition.

        Returns:
            Names of the definitions that used it and are stale now.

        Raises:
            UnknownDefinition: There is none of that name.
        """
        if name not in self._definitions:
            raise UnknownDefinition(name=name, known=nearest(name, self._definitions))
        del self._definitions[name], self._names[name]
        broken = tuple(each.name for each in self._definitions.values() if name in each.uses)
        for user in broken:
            self._definitions[user] = replace(self._definitions[user], stale=f"{name} was forgotten")
        self._graph = None
        return broken

    def reset(self) -> None:
        """Delete everything."""
        self._definitions, self._names, self._graph = {}, {}, None

    def visible(self) -> dict[str, Any]:
        """Return every name that a new cell at the end would see."""
        names: dict[str, Any] = {**{name: each for name, (_, each) in FOREIGN.items()}, **PRELUDE}
        for definition in self._definitions.values():
            names.update(definition.exports)
        return names

    def build(self) -> Build:
        """Return a snapshot to run.

        Raises:
            StaleDefinition: A definition could not be executed again after something that it uses changed.
        """
        for definition in self._definitions.values():
            if definition.stale:
                raise StaleDefinition(name=definition.name, reason=definition.stale)
        digest = hashlib.sha256("".join(source.digest for source in self.sources).encode()).hexdigest()
        return Build(self.graph, digest, {name: dict(names) for name, names in self._names.items()})

    # -- helpers ----------------------------------------------------------------------------------------------------

    def _copy(self) -> System:
        copy = System()
        copy._definitions, copy._names = dict(self._definitions), dict(self._names)
        return copy

    def _define(self, source: Source, elsewhere: Mapping[str, str]) -> Definition:
        names, uses = self._names_for(source, elsewhere)
        instance = _execute(source, names, modules=self._resolve)
        exports = exports_of(source, instance)
        definition = Definition(source, instance.module, instance.declarations, exports, uses)
        self._definitions[source.name] = definition
        self._names[source.name] = names
        return definition

    def _define_pending(self, name: str, pending: dict[str, Source]) -> None:
        """Define one of the pending sources; what it imports of them first, through the import hook."""
        source = pending.pop(name)

        def resolve(path: str) -> ModuleType | None:
            wanted = next((each for each in pending.values() if _path_of(each) == path), None)
            if wanted is not None:
                self._define_pending(wanted.name, pending)
            found = self._resolve(path)
            if found is not None:
                used.add(next(n for n, d in self._definitions.items() if _path_of(d.source) == path))
            return found

        used: set[str] = set()
        names, uses = self._names_for(source, {})
        instance = _execute(source, names, modules=resolve)
        definition = Definition(
            source, instance.module, instance.declarations, exports_of(source, instance), tuple(sorted({*uses, *used}))
        )
        self._definitions[name], self._names[name] = definition, names

    def _resolve(self, path: str) -> ModuleType | None:
        return _local_module(self._definitions, path)

    def _names_for(self, source: Source, elsewhere: Mapping[str, str]) -> tuple[dict[str, Any], tuple[str, ...]]:
        """Return the names that a source gets, and the definitions that they come from."""
        if not source.implicit or source.is_sql:
            return {}, ()
        visible = {**self.visible(), **self._own(source)}
        check_names(source, visible, ordinary=elsewhere)
        givers = {name: each.name for each in self._definitions.values() for name in each.exports}
        names = {name: visible[name] for name in names_of(source).free if name in visible}
        uses = {givers[name] for name in names if name in givers and givers[name] != source.name}
        return {name: each for name, each in names.items() if name not in bound_names(source)}, tuple(sorted(uses))

    def _own(self, source: Source) -> dict[str, Any]:
        """Return the names that a source sees of itself: what is bound for it, and a service's own handle."""
        own: dict[str, Any] = dict.fromkeys(bound_names(source))
        return {**own, source.name: ServiceHandle(source.name)} if source.kind == "service" else own

    def _refresh(self, changed: str) -> None:
        """Execute again, in order, what uses a changed definition, directly or not."""
        dirty = {changed}
        for name in list(self._definitions):
            definition = self._definitions[name]
            if name in dirty or not dirty.intersection(definition.uses):
                continue
            dirty.add(name)
            try:
                self._define(definition.source, {})
            except StudioError as error:
                self._definitions[name] = replace(definition, stale=str(error).splitlines()[0])


def _execute(source: Source, names: Mapping[str, Any], *, modules: Any) -> Instance:
    """Execute a source with the names it gets and the object that is bound for it."""

    def resolve(name: str, level: int, package: str | None) -> ModuleType | None:
        base = (package or "").rsplit(".", level - 1)[0] if level > 1 else (package or "")
        path = f"{base}.{name}".strip(".") if level else name
        return modules(path)  # type: ignore[no-any-return]

    with gather() as declarations:
        bound = bound_object(source) if source.implicit else {}
        module = execute(
            source,
            module_name=f"studio_cells.{source.name}" if source.implicit else _path_of(source),
            namespace={**names, **bound, "__builtins__": make_builtins(resolve)},
        )
    return Instance(module, declarations)


def _path_of(source: Source) -> str:
    """Return the dotted name of a file's module; cells have none."""
    if source.implicit and not source.origin.endswith(".py"):
        return ""
    path = source.origin.removesuffix(".py").replace("/", ".")
    return path.removesuffix(".__init__")


def _local_module(definitions: Mapping[str, Definition], path: str) -> ModuleType | None:
    """Return the module of a file that is part of the system; a service gives a module with its handle only."""
    for definition in definitions.values():
        if _path_of(definition.source) == path:
            return _shown_module(definition)
    if any(_path_of(each.source).startswith(f"{path}.") for each in definitions.values()):
        package = ModuleType(path)
        package.__path__ = []
        return package
    return None


def _shown_module(definition: Definition) -> ModuleType:
    if definition.source.kind not in ("service", "external", "saga"):
        return definition.module
    shown = ModuleType(definition.module.__name__)
    shown.__dict__.update(definition.exports)
    return shown
