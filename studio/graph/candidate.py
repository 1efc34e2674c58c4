"""Work out what a system becomes when sources are replaced or removed; the caller adopts it, or drops it on an error.

Here is decided what a source sees, in which order sources are executed, and which others must be executed again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from types import ModuleType
from typing import Any

from studio.errors import DeclaredTwice, DefinitionCycle, Where
from studio.graph.binding import bound_names, exports_of, given_names, handled_names
from studio.graph.build import Graph, build_graph
from studio.graph.definition import Definition, reason_of
from studio.graph.executing import bind_handles, builtins_for, execute_source, local_module, path_of
from studio.graph.versions import older_versions
from studio.model.handle import ServiceHandle
from studio.model.prelude import FOREIGN, PRELUDE
from studio.model.saga import Saga
from studio.model.service import Service
from studio.source.cell import Source
from studio.source.names import check_names, names_of

__all__ = ["Candidate", "visible_names"]


def visible_names(definitions: Iterable[Definition]) -> dict[str, Any]:
    """Return every name that a new cell would see."""
    names: dict[str, Any] = {name: each for name, (_, each) in FOREIGN.items()}
    names.update(PRELUDE)
    for definition in definitions:
        names.update(_exports(definition))
    return names


class Candidate:
    """A system in the making.

    Args:
        definitions: Those that stand, in order.
        names: What each was given.
        cells: Which cell holds which definition.
    """

    def __init__(
        self, definitions: Iterable[Definition], names: Mapping[str, dict[str, Any]], cells: Mapping[str, str]
    ) -> None:
        self.definitions = {definition.name: definition for definition in definitions}
        self.names, self.cells = dict(names), dict(cells)
        self._pending: dict[str, Source] = {}
        self._older: dict[str, tuple[Source, ...]] = {}
        self._path: list[Source] = []
        self._promised: frozenset[str] = frozenset()
        self._givers: dict[str, str] = {}
        self._imported: list[set[str]] = []
        self._builtins = builtins_for(self._module)

    def replace(self, source: Source, cell_id: str | None, elsewhere: Mapping[str, str]) -> None:
        """Execute one source in place of what it replaces, and again what depends on it."""
        gone = [name for name, cell in self.cells.items() if cell == cell_id and name != source.name]
        order = [source.name if name in gone[:1] else name for name in self.definitions if name not in gone[1:]]
        for name in gone:
            self._drop(name)
        self._refuse_other_kind(source, cell_id)
        if cell_id is not None:
            self.cells[source.name] = cell_id
        self._execute(source, elsewhere)
        self._execute_users({source.name, *gone})
        self._arrange(order)

    def replace_all(self, sources: tuple[Source, ...]) -> None:
        """Execute sources, what one needs of the others first, and again what else depends on them.

        Of several sagas of one name the highest version is the current one, and the others are kept.
        """
        names = list(dict.fromkeys(source.name for source in sources))
        order = [*(name for name in self.definitions if name not in names), *names]
        self._older = older_versions(sources)
        older = {id(each) for versions in self._older.values() for each in versions}
        for source in (each for each in sources if id(each) not in older):
            if source.name in self._pending:
                raise _twice(source, source.label, self._pending[source.name])
            self._pending[source.name] = source
            self._drop(source.name)
        self._promised = frozenset(each.name for each in sources if each.kind == "service" and each.implicit)
        self._givers = {name: source.name for source in sources for name in given_names(source)}
        while self._pending:
            self._execute_pending(next(iter(self._pending)))
        self._execute_users(set(names))
        self._arrange(order)

    def remove(self, name: str) -> None:
        """Delete a definition, a saga's kept versions too, and execute again what depended on it."""
        self._drop(name)
        self._execute_users({name})

    def graph(self) -> Graph:
        """Return the graph, and resolve the handles that waited for it.

        Raises:
            StudioError: As `build_graph`.
        """
        graph = build_graph(self.definitions.values())
        for definition in self.definitions.values():
            bind_handles(definition, graph.services)
        return graph

    # -- order ------------------------------------------------------------------------------------------------------

    def _drop(self, name: str) -> None:
        for gone in [each for each in self.definitions if each == name or each.startswith(f"{name}@")]:
            del self.definitions[gone], self.names[gone]
        self.cells.pop(name, None)

    def _arrange(self, order: list[str]) -> None:
        """Put definitions in order; kept versions follow the current one, what is new comes last."""
        known = {name: index for index, name in reversed(list(enumerate(order)))}
        places = {name: known.get(name.partition("@")[0], len(order)) for name in self.definitions}
        self.definitions = {name: self.definitions[name] for name in sorted(places, key=lambda name: places[name])}

    def _execute_pending(self, name: str) -> None:
        source = self._pending.pop(name)
        self._path.append(source)
        versions = (*self._older.pop(name, ()), source)
        free = [used for each in versions if each.implicit for used in names_of(each).free]
        for giver in dict.fromkeys(self._givers[used] for used in free if used in self._givers):
            if giver in self._pending:
                self._execute_pending(giver)
            elif giver not in self._promised and giver in [each.name for each in self._path[:-1]]:
                raise _cycle(source, [each.name for each in self._path], giver)
        for each in versions:
            self._execute(each, {})
        self._path.pop()

    def _execute_users(self, changed: set[str]) -> None:
        """Execute again whatever uses what changed, directly or not, and whatever was stale; givers come first."""
        for name in self._users(changed):
            definition = self.definitions[name]
            try:
                made, names = self._make(definition.source, {})
                self._refuse_cycle(made)
            except Exception as error:  # noqa: BLE001 - whatever an author's code raises makes the definition stale
                self._imported.clear()
                self.definitions[name] = replace(definition, stale=reason_of(error))
            else:
                self.definitions[name] = replace(made, kept_version=definition.kept_version)
                self.names[name] = names

    def _users(self, changed: set[str]) -> list[str]:
        dirty = changed | {name for name in changed if name in self.definitions for name in self._services_of(name)}
        found = {each.name for each in self.definitions.values() if each.stale}
        while True:
            more = {each.name for each in self.definitions.values() if (dirty | found).intersection(each.uses)}
            if more <= found:
                break
            found |= more
        ordered: dict[str, None] = {}
        for name in self.definitions:
            self._visit(name, found - changed, ordered, set())
        return list(ordered)

    def _visit(self, name: str, wanted: set[str], ordered: dict[str, None], seen: set[str]) -> None:
        if name not in wanted or name in ordered or name in seen:
            return
        seen.add(name)  # services may name each other in a circle, by their handles
        for used in self.definitions[name].uses:
            self._visit(used, wanted, ordered, seen)
        ordered[name] = None

    def _services_of(self, name: str) -> list[str]:
        return [service.name for service in self.definitions[name].declarations.of(Service)]

    # -- one source -------------------------------------------------------------------------------------------------

    def _execute(self, source: Source, elsewhere: Mapping[str, str]) -> None:
        """Execute a source and keep what it declares; refuse what contradicts the others."""
        definition, names = self._make(source, elsewhere)
        self._refuse_names_given_twice(definition)
        self._refuse_cycle(definition)
        self._keep_version(definition)
        self.definitions[source.name], self.names[source.name] = definition, names

    def _make(self, source: Source, elsewhere: Mapping[str, str]) -> tuple[Definition, dict[str, Any]]:
        names, uses = self._names_for(source, elsewhere)
        self._imported.append(uses)
        instance = execute_source(source, names, self._builtins)
        self._imported.pop()
        exports = exports_of(source, instance.module, instance.declarations)
        used = tuple(sorted(uses - {source.name}))
        return Definition(source, instance.module, instance.declarations, exports, used), names

    def _names_for(self, source: Source, elsewhere: Mapping[str, str]) -> tuple[dict[str, Any], set[str]]:
        """Return the names that a source gets, and the definitions that they come from."""
        handled = self._declaring(handled_names(source))
        if not source.implicit or source.is_sql:
            return {}, handled
        own = bound_names(source)
        visible = {**visible_names(self.definitions.values()), **dict.fromkeys(own)}
        for name in self._promised - self.definitions.keys() | ({source.name} if source.kind == "service" else set()):
            visible[name] = ServiceHandle(name)  # resolved when all is there
        check_names(source, visible, ordinary=elsewhere)
        names = {name: visible[name] for name in names_of(source).free if name in visible and name not in own}
        givers = {name: each.name for each in self.definitions.values() for name in _exports(each)}
        promised = {name for name in names if name in self._promised and name not in givers}
        return names, {givers[name] for name in names if name in givers} | promised | handled

    def _declaring(self, services: Iterable[str]) -> set[str]:
        """Return the definitions that declare services; the services' own names where there are none yet."""
        declared = {service: name for name in self.definitions for service in self._services_of(name)}
        return {declared.get(service, service) for service in services}

    def _module(self, path: str) -> ModuleType | None:
        """Find a file's module for the import hook; what is still pending is executed first."""
        pending = next((each for each in self._pending.values() if path and path_of(each) == path), None)
        if pending is not None:
            self._execute_pending(pending.name)
        for source in self._path[:-1]:
            if path and path_of(source) == path:
                raise _cycle(self._path[-1], [each.name for each in self._path], source.name)
        if self._imported:
            found = (each for each in self.definitions.values() if path and path_of(each.source) == path)
            self._imported[-1].update(each.name for each in found if not each.kept_version)
        return local_module(self.definitions, path)

    def _keep_version(self, definition: Definition) -> None:
        """Keep a saga's definition when its version changes, for the instances that started with it."""
        before = self.definitions.get(definition.name)
        version = _saga_version(definition)
        if before is not None and version and _saga_version(before) not in ("", version):
            kept = replace(before, kept_version=_saga_version(before))
            self.definitions[kept.name], self.names[kept.name] = kept, self.names[before.name]
        self.definitions.pop(f"{definition.name}@{version}", None)
        self.names.pop(f"{definition.name}@{version}", None)

    # -- refusals ---------------------------------------------------------------------------------------------------

    def _refuse_other_kind(self, source: Source, cell_id: str | None) -> None:
        before = self.definitions.get(source.name)
        is_same_cell = cell_id is not None and self.cells.get(source.name) == cell_id
        if before is not None and before.source.kind != source.kind and not is_same_cell:
            raise _twice(source, f"name {source.name}", before.source)

    def _refuse_names_given_twice(self, definition: Definition) -> None:
        given = _exports(definition)
        for other in self.definitions.values():
            both = sorted(given.keys() & _exports(other).keys())
            if both and other.name != definition.name:
                raise _twice(definition.source, f"name {both[0]}", other.source)

    def _refuse_cycle(self, definition: Definition) -> None:
        """Refuse a definition that uses itself through others; handles of services may go in circles."""
        pending: list[tuple[str, tuple[str, ...]]] = [(used, (definition.name, used)) for used in definition.uses]
        seen: set[str] = set()
        while pending:
            name, path = pending.pop()
            if name == definition.name:
                raise _cycle(definition.source, list(path[:-1]), name)
            known = self.definitions.get(name)
            if name not in seen and known is not None and known.source.kind != "service":
                seen.add(name)
                pending += [(used, (*path, used)) for used in known.uses]


def _exports(definition: Definition) -> Mapping[str, Any]:
    """Return what cells see through a definition: through a plain file, the handles of its services only."""
    if definition.kept_version:
        return {}
    if definition.source.implicit:
        return definition.exports
    return {service.name: ServiceHandle(service.name, service) for service in definition.declarations.of(Service)}


def _saga_version(definition: Definition) -> str:
    return next((saga.version for saga in definition.declarations.of(Saga)), "")


def _twice(source: Source, what: str, first: Source) -> DeclaredTwice:
    return DeclaredTwice(where=Where(source.origin), what=what, first=first.origin)


def _cycle(source: Source, path: list[str], back_to: str) -> DefinitionCycle:
    start = path.index(back_to) if back_to in path else 0
    circle = " → ".join([*path[start:], back_to])
    return DefinitionCycle(where=Where(source.origin), name=back_to, path=circle)
