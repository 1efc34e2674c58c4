"""Make the object that is bound for a cell from its magic line, and say which names others see through it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from studio.model.composition import Composition
from studio.model.handle import ServiceHandle
from studio.model.invariant import Invariant
from studio.model.saga import Saga
from studio.model.scenario import Scenario
from studio.model.service import Service
from studio.model.third_party import External
from studio.source.cell import Source
from studio.source.names import names_of
from studio.source.options import cell_kind

if TYPE_CHECKING:
    from studio.graph.system import Instance

__all__ = ["bound_names", "bound_object", "exports_of"]

_CLASSES: dict[str, type[Any]] = {"service": Service, "external": External, "saga": Saga, "scenario": Scenario}


def bound_names(source: Source) -> tuple[str, ...]:
    """Return the names that are bound for a body: `service` for a service's."""
    name = cell_kind(source.kind).bound
    return (name,) if name and source.implicit else ()


def bound_object(source: Source) -> dict[str, Any]:
    """Make the object that a source's magic line declares, by the name it is bound to.

    An SQL invariant is declared here as a whole, since its body is no Python.
    """
    options = {name: value for name, value in source.options if name not in ("python", "eventually")}
    if source.is_sql:
        mode = "eventually" if ("eventually", True) in source.options else "always"
        Invariant(source.name, sql=source.body, mode=mode)  # type: ignore[arg-type]
        return {}
    if source.kind not in _CLASSES:
        return {}
    declared = _CLASSES[source.kind](source.name, **options)
    return {cell_kind(source.kind).bound: declared}


def exports_of(source: Source, instance: Instance) -> dict[str, Any]:
    """Return the names that later cells see through a source.

    Contracts and modules give all public names that they define; a service gives its handle; a compose cell its
    compositions. For a file, services come under their own name and under the one they are bound to.
    """
    module, declarations = instance.module, instance.declarations
    services = {each.name: ServiceHandle(each.name, each) for each in declarations.of(Service)}
    if source.kind == "service":
        bound = {name: services[each.name] for name, each in vars(module).items() if isinstance(each, Service)}
        return services if source.implicit else {**bound, **services}
    if source.kind == "compose":
        return {name: each for name, each in vars(module).items() if isinstance(each, Composition) and name[0] != "_"}
    if source.kind in ("contracts", "module"):
        imported = {each.bound for each in names_of(source).imports}
        public = {name: each for name, each in vars(module).items() if name[0] != "_"}
        own = {name: each for name, each in public.items() if name in names_of(source).bound and name not in imported}
        return {source.name: module, **own} if source.kind == "module" else own
    return {}
