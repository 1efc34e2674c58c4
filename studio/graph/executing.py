"""Execute a source as one module of a system: its names, its imports, and the handles that stand for other services.

Which names a source gets is the affair of `studio.graph.candidate`; compiling it, of `studio.source.loader`.
"""

from __future__ import annotations

import functools
import importlib.util
import sys
from collections.abc import Callable, Iterable, Mapping
from types import ModuleType
from typing import Any, Final

from studio.errors import ServiceModuleRefused, StudioError, Where
from studio.graph.binding import bound_object
from studio.graph.definition import Definition, Instance, shown_place
from studio.model.composition import Composition
from studio.model.declaring import gather
from studio.model.handle import OperationHandle, ServiceHandle, resolve, service_behind, service_name
from studio.model.mesh import Mesh
from studio.model.service import Service
from studio.source import loader
from studio.source.cell import Source
from studio.source.importing import make_builtins
from studio.source.mutables import find_shared_state, refuse_shared_state
from studio.source.parsing import parse_source

__all__ = ["bind_handles", "builtins_for", "execute_source", "local_module", "path_of", "restore_modules"]

_ROOT: Final = "studio_files"  # the folder that a system's files were read from, as a package for relative imports
_HANDLE_ONLY: Final = ("service", "external", "saga")
_SHARED: Final = ("contracts", "module")

Modules = Callable[[str], ModuleType | None]
"""Find a module of the system by its path below the folder, dotted."""


def builtins_for(modules: Modules) -> dict[str, Any]:
    """Return the `__builtins__` of a system's modules, whose imports find each other."""

    def resolve(name: str, level: int, package: str | None) -> ModuleType | None:
        if level and not package:
            return None
        full = importlib.util.resolve_name("." * level + name, package) if level else name
        return modules(full.removeprefix(_ROOT).lstrip("."))

    return make_builtins(resolve, place=loader.place)


def execute_source(source: Source, names: Mapping[str, Any], builtins: Mapping[str, Any]) -> Instance:
    """Execute a source with the names it gets and the object that is bound for it.

    Raises:
        SharedMutable: A contracts or module cell holds what services would share and could change.
        StudioError: Any other, placed at the author's line.
        Exception: Whatever the body raises.
    """
    try:
        with gather() as declarations:
            bound = bound_object(source) if source.implicit else {}
            module = ModuleType(source.name) if source.is_sql else _module(source, {**names, **bound}, builtins)
        if source.kind in _SHARED:
            _refuse_shared_state(source, module)
    except StudioError as error:
        error.where = shown_place(source, error.where) or loader.where(error) or Where(source.origin)
        raise
    _name_by_binding(module, [*declarations.of(Composition), *declarations.of(Mesh)])
    return Instance(module, declarations)


def bind_handles(instance: Instance | Definition, services: Mapping[str, Service]) -> None:
    """Give handles that were made by name alone the service they mean, in a module and in the stages it declared."""
    for value in list(vars(instance.module).values()):
        if isinstance(value, (ServiceHandle, OperationHandle)):
            _bind(value, services)
    for composition in instance.declarations.of(Composition):
        for _, stage in composition.stages():
            _bind(stage, services)
    for mesh in instance.declarations.of(Mesh):
        for member in mesh.members:
            _bind(member, services)


def path_of(source: Source) -> str:
    """Return the dotted path of a file's module below the folder it was read from; a cell has none."""
    return _path_of_origin(source.origin)


@functools.lru_cache(maxsize=4096)
def _path_of_origin(origin: str) -> str:
    if not origin.endswith(".py"):
        return ""
    path = origin.removesuffix(".py").replace("/", ".")
    return path.removesuffix(".__init__") if path != "__init__" else ""


def local_module(definitions: Mapping[str, Definition], path: str) -> ModuleType | None:
    """Return the module of a file that is part of the system; a service gives a module with its handle only."""
    for definition in definitions.values() if path else ():
        if path_of(definition.source) == path and not definition.kept_version:
            return _shown_module(definition)
    inner = f"{path}." if path else ""
    paths = [path_of(each.source) for each in definitions.values()]
    if any(each and each.startswith(inner) for each in paths):
        package = ModuleType(f"{_ROOT}.{path}".rstrip("."))
        package.__path__ = []
        return package
    return None


def restore_modules(definitions: Iterable[Definition]) -> None:
    """Let annotations that are resolved late find the modules of the definitions that stand."""
    for definition in definitions:
        if not definition.kept_version:
            sys.modules[definition.module.__name__] = definition.module


def _module(source: Source, namespace: Mapping[str, Any], builtins: Mapping[str, Any]) -> ModuleType:
    given = {**namespace, "__builtins__": builtins, "__package__": _package(source)}
    return loader.execute(source, module_name=f"studio_cells.{source.name}", namespace=given)


def _package(source: Source) -> str:
    if not source.origin.endswith(".py"):
        return ""
    path = path_of(source)
    inside = path if source.origin.endswith("__init__.py") else path.rpartition(".")[0]
    return f"{_ROOT}.{inside}".rstrip(".")


def _refuse_shared_state(source: Source, module: ModuleType) -> None:
    # The finder counts lines in the body, as an error's place for a cell does; `shown_place` makes it the file's.
    if find_shared_state(parse_source(source), vars(module)):
        refuse_shared_state(parse_source(source), vars(module), source.label)


def _name_by_binding(module: ModuleType, declared: list[Composition | Mesh]) -> None:
    """Give each composition and mesh the first public name it is bound to; inner ones that have none stay unnamed."""
    for name, value in vars(module).items():
        if isinstance(value, (Composition, Mesh)) and value in declared and not name.startswith("_"):
            value.name = value.name or name


def _bind(stage: Any, services: Mapping[str, Service]) -> None:
    handle = stage.service if isinstance(stage, OperationHandle) else stage
    if isinstance(handle, ServiceHandle):
        resolve(handle, services.get(service_name(handle)))


def _shown_module(definition: Definition) -> ModuleType:
    if definition.source.kind not in _HANDLE_ONLY:
        return definition.module
    shown = ModuleType(definition.module.__name__)
    shown.__dict__.update({name: _fresh(value) for name, value in definition.exports.items()})
    shown.__dict__["__getattr__"] = _refusal(definition.source)
    return shown


def _fresh(value: Any) -> Any:
    return ServiceHandle(service_name(value), service_behind(value)) if isinstance(value, ServiceHandle) else value


def _refusal(source: Source) -> Callable[[str], Any]:
    def refuse(name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        raise ServiceModuleRefused(name=name, declared=source.label)

    return refuse
