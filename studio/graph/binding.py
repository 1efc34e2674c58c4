"""Make the object that is bound for a cell from its magic line, and say which names others see through a source."""

from __future__ import annotations

import ast
from types import ModuleType
from typing import Any

from studio.model.composition import Composition
from studio.model.declaring import Declarations
from studio.model.handle import ServiceHandle
from studio.model.invariant import Invariant, Mode, invariant
from studio.model.mesh import Mesh
from studio.model.saga import Saga
from studio.model.scenario import Scenario
from studio.model.service import Service
from studio.model.third_party import External
from studio.source.cell import Source
from studio.source.names import names_of
from studio.source.options import cell_kind
from studio.source.parsing import parse_source

__all__ = ["bound_names", "bound_object", "exports_of", "given_names", "handled_names"]

_CLASSES: dict[str, type[Any]] = {"service": Service, "external": External, "saga": Saga, "scenario": Scenario}


def bound_names(source: Source) -> tuple[str, ...]:
    """Return the names that are bound for a body: `service` for a service's."""
    name = cell_kind(source.kind).bound
    return (name,) if name and source.implicit else ()


def bound_object(source: Source) -> dict[str, Any]:
    """Make the object that a source's magic line declares, by the name it is bound to.

    An SQL invariant is declared here as a whole, since its body is no Python.
    """
    options = dict(source.options)
    if source.kind == "invariant":
        mode: Mode = "eventually" if options.get("eventually") else "always"
        if not source.is_sql:
            return {"invariant": invariant(mode=mode)}
        Invariant(source.name, sql=source.body, mode=mode)
        return {}
    if source.kind not in _CLASSES:
        return {}
    return {cell_kind(source.kind).bound: _CLASSES[source.kind](source.name, **options)}


def exports_of(source: Source, module: ModuleType, declarations: Declarations) -> dict[str, Any]:
    """Return the names that later cells see through a source.

    Contracts and modules give all public names that they define; a service gives its handle; a compose cell its
    compositions and meshes. For a file, services come under their own name and under the one they are bound to.
    """
    if source.kind == "service":
        services = {each.name: ServiceHandle(each.name, each) for each in declarations.of(Service)}
        bound = {name: services[each.name] for name, each in vars(module).items() if isinstance(each, Service)}
        return services if source.implicit else {**bound, **services}
    if source.kind == "compose":
        kinds = (Composition, Mesh)
        return {name: each for name, each in vars(module).items() if isinstance(each, kinds) and name[0] != "_"}
    if source.kind in ("contracts", "module"):
        own = {name: vars(module)[name] for name in _own_names(source) if name in vars(module)}
        return {source.name: module, **own} if source.kind == "module" else own
    return {}


def given_names(source: Source) -> frozenset[str]:
    """Return, without executing it, the names that cells would see through a source; none through a plain file."""
    if not source.implicit:
        return frozenset()
    if source.kind == "service":
        return frozenset({source.name})
    if source.kind in ("contracts", "compose", "module"):
        own = frozenset(_own_names(source))
        return own | {source.name} if source.kind == "module" else own
    return frozenset()


def handled_names(source: Source) -> frozenset[str]:
    """Return the services that a source names in `handle("…")`, which binds them when the system is built."""
    if source.is_sql:
        return frozenset()
    found = set()
    for node in ast.walk(parse_source(source)):
        match node:
            case ast.Call(
                func=ast.Name(id="handle") | ast.Attribute(attr="handle"), args=[ast.Constant(value=str(name))]
            ):
                found.add(name)
    return frozenset(found)


def _own_names(source: Source) -> list[str]:
    names = names_of(source)
    imported = {each.bound for each in names.imports}
    return [name for name in names.bound if name[0] != "_" and name not in imported]
