"""Work out what stands above a body in its file, so that the file is ordinary Python: imports, and handles of services.

In a cell these names are simply there; `studio.graph.candidate` gives them. Here the same are imported.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath

from studio.graph.binding import bound_names
from studio.graph.definition import Definition
from studio.model.handle import ServiceHandle, service_name
from studio.model.prelude import FOREIGN, PRELUDE
from studio.model.service import Service
from studio.source.cell import Source
from studio.source.names import names_of
from studio.source.options import KINDS
from studio.source.render import binding

__all__ = ["heading"]

_WIDTH = 120
_STUDIO = "studio"


def heading(definition: Definition, definitions: Mapping[str, Definition], paths: Mapping[str, PurePosixPath]) -> str:
    """Return the imports and handles that a source's body needs as a file.

    Args:
        definition: Of a source with implicit names.
        definitions: Of the system, this one among them.
        paths: Where each source's file is, by the name of its definition.
    """
    source = definition.source
    if source.is_sql:
        return ""
    givers = dict(_givers(definitions))
    wanted = _Wanted(paths[definition.name], paths)
    for name in _needed(source):
        if name in givers:
            wanted.give(name, givers[name])
        elif name in PRELUDE:
            wanted.take(_STUDIO, name)
        elif name in FOREIGN:
            wanted.take(FOREIGN[name][0], name)
    return wanted.text()


def _needed(source: Source) -> list[str]:
    """Return the names that the body takes, and those in the line that makes the bound object."""
    declared = KINDS[source.kind]
    needed = set(names_of(source).free) - set(bound_names(source))
    if source.kind == "invariant":
        needed.add(declared.bound)
    elif declared.declares:
        needed.add(declared.declares)
    if "S." in binding(source):
        needed.add("S")
    return sorted(needed)


def _givers(definitions: Mapping[str, Definition]) -> Iterator[tuple[str, Definition]]:
    for definition in definitions.values():
        if definition.kept_version:
            continue
        if definition.source.implicit:
            yield from ((name, definition) for name in definition.exports)
        else:
            yield from ((service.name, definition) for service in definition.declarations.of(Service))


class _Wanted:
    """Gather what one file imports, and the handles it makes."""

    def __init__(self, at: PurePosixPath, paths: Mapping[str, PurePosixPath]) -> None:
        self._at, self._paths = at, paths
        self._modules: dict[str, set[str]] = {}
        self._handles: dict[str, str] = {}

    def take(self, module: str, name: str) -> None:
        """Import a name from a module."""
        self._modules.setdefault(module, set()).add(name)

    def give(self, name: str, giver: Definition) -> None:
        """Import a name from another file of the system, or make a handle where it is a service's."""
        given = giver.exports.get(name)
        path = self._paths[giver.name].with_suffix("")
        if isinstance(given, ServiceHandle):
            self._handles[name] = service_name(given)
            self.take(_STUDIO, "handle")
        elif giver.source.kind == "module" and name == giver.name:
            self.take(_relative(path.parent, self._at), name if path.name == name else f"{path.name} as {name}")
        else:
            self.take(_relative(path, self._at), name)

    def text(self) -> str:
        """Return the lines."""
        handles = "\n".join(f'{name} = handle("{service}")' for name, service in sorted(self._handles.items()))
        blocks = (_imports(self._modules, relative=False), _imports(self._modules, relative=True), handles)
        return "\n\n".join(block for block in blocks if block)


def _relative(module: PurePosixPath, at: PurePosixPath) -> str:
    """Return a module's path as a file imports it: `..contracts.shop`."""
    parts, folder = module.parts, at.parent.parts
    common = 0
    while common < min(len(parts), len(folder)) and parts[common] == folder[common]:
        common += 1
    return "." * (len(folder) - common + 1) + ".".join(parts[common:])


def _imports(modules: Mapping[str, set[str]], *, relative: bool) -> str:
    chosen = sorted(name for name in modules if name.startswith(".") is relative)
    return "\n".join(_import(module, sorted(modules[module])) for module in chosen)


def _import(module: str, names: list[str]) -> str:
    line = f"from {module} import {', '.join(names)}"
    if len(line) <= _WIDTH:
        return line
    return "\n".join((f"from {module} import (", *(f"    {name}," for name in names), ")"))
