"""Answer `import` in a studio module: shims, system modules, refusals, and the real thing for everything else.

The hook stands in the `__builtins__` of the modules that it is given to, so it concerns their own import statements and
no other code's: a package that they import may itself import sockets. Refusals are made at the import, where the line
is the author's; an import under `if TYPE_CHECKING` never runs and so is never refused. How a system's own modules are
found is the caller's business.
"""

from __future__ import annotations

import builtins
import importlib
import importlib.util
import sys
from collections.abc import Callable, Mapping, Sequence
from types import FrameType, ModuleType
from typing import Any, Protocol

from studio.errors import RefusedImport, Where
from studio.source import loader
from studio.source.shims import shim
from studio.source.shims.mirror import mirror

__all__ = ["REFUSED", "Import", "Place", "Resolve", "make_builtins", "make_import"]

Resolve = Callable[[str, int, str | None], ModuleType | None]
"""Find a module of the system by name, level of a relative import, and importing package; None when it is no such."""

Place = Callable[[FrameType], Where | None]
"""Name the author's cell and line for a frame."""

_CLIENT = "call third parties with service.client(...), an httpx client"
_ENDPOINT = "declare an endpoint: @service.get(...), @service.post(...)"
_TASKS = "use asyncio: tasks, asyncio.Lock, asyncio.Event; a sync endpoint is already run beside the loop"
_EXTERNAL = "declare what runs elsewhere with %%external, and reach it through service.client"

REFUSED: Mapping[str, str] = {
    **dict.fromkeys(("aiohttp", "ftplib", "http.client", "pycurl", "requests", "urllib.request", "urllib3"), _CLIENT),
    **dict.fromkeys(("imaplib", "poplib", "smtplib", "telnetlib", "xmlrpc.client"), _CLIENT),
    **dict.fromkeys(("_socket", "_ssl", "select", "selectors", "socket", "ssl"), _CLIENT),
    **dict.fromkeys(("http.server", "socketserver", "xmlrpc.server"), _ENDPOINT),
    **dict.fromkeys(("_thread", "concurrent.futures", "multiprocessing", "threading"), _TASKS),
    **dict.fromkeys(("asyncio.subprocess", "pty", "subprocess"), _EXTERNAL),
    "signal": "leave signals to the engine: it drains the service and cancels its tasks",
}
"""Module to what a studio module uses instead; the modules below it are refused with it."""


class Import(Protocol):
    """Have the signature of `builtins.__import__`."""

    def __call__(
        self,
        name: str,
        namespace: Mapping[str, Any] | None = None,
        scope: Mapping[str, Any] | None = None,
        fromlist: Sequence[str] | None = (),
        level: int = 0,
        /,
    ) -> ModuleType:
        """Return what an import statement binds, or takes its names from."""
        ...


def make_builtins(resolve_local: Resolve, *, place: Place | None = None) -> dict[str, Any]:
    """Return what a studio module's `__builtins__` should be; all modules of a system can share it.

    Args:
        resolve_local: Finds the system's own modules; it is asked first, so they may have any name.
        place: Names the author's line for a refusal; by default as the loader does, else by file and line.
    """
    return {**vars(builtins), "__import__": make_import(resolve_local, place=place)}


def make_import(resolve_local: Resolve, *, place: Place | None = None) -> Import:
    """Return a replacement for `builtins.__import__`.

    A name is looked for among the system's modules, then the refused, then the shims, then the installed.

    Args:
        resolve_local: Finds the system's own modules by full name; what it returns for `a.b` is `a.b`, not `a`.
        place: Names the author's line for a refusal; by default as the loader does, else by file and line.

    Raises:
        RefusedImport: From the returned function, for a module in `REFUSED`.
    """
    locate = _frame_place if place is None else place

    def studio_import(
        name: str,
        namespace: Mapping[str, Any] | None = None,
        scope: Mapping[str, Any] | None = None,
        fromlist: Sequence[str] | None = (),
        level: int = 0,
        /,
    ) -> ModuleType:
        package = _package(namespace) if level else None
        names = tuple(fromlist or ())
        local = _import_local(resolve_local, name, level, package, names)
        if local is not None:
            return local
        if level == 0:
            _refuse(name, names, locate)
        module = builtins.__import__(name, namespace, scope, names, level)
        return module if level else _shimmed(module, name, names)

    def _shimmed(module: ModuleType, name: str, names: tuple[str, ...]) -> ModuleType:
        """Replace what the real import returned: the named module, or for a plain `import a.b` the top of it."""
        answered = name if names else name.partition(".")[0]
        return importing if answered == "importlib" else shim(answered) or module

    importing = _importlib(studio_import)
    return studio_import


def _import_local(
    resolve: Resolve, name: str, level: int, package: str | None, names: tuple[str, ...]
) -> ModuleType | None:
    module = resolve(name, level, package)
    if module is None:
        return None
    full = importlib.util.resolve_name("." * level + name, package) if level else name
    if names:
        for each in names:
            _bind(resolve, module, full, each)
        return module
    return _top(resolve, full, module)


def _bind(resolve: Resolve, parent: ModuleType, path: str, name: str) -> None:
    """Make a submodule an attribute of its package, as the import system does."""
    if name != "*" and not hasattr(parent, name) and (child := resolve(f"{path}.{name}", 0, None)) is not None:
        setattr(parent, name, child)


def _top(resolve: Resolve, path: str, module: ModuleType) -> ModuleType:
    """Return what `import a.b.c` binds: `a`, with `b` in it, with `c` in that."""
    first, *rest = path.split(".")
    top = parent = resolve(first, 0, None) if rest else module
    walked = first
    for name in rest:
        if parent is None:
            break
        _bind(resolve, parent, walked, name)
        walked = f"{walked}.{name}"
        parent = getattr(parent, name, None)
    return module if top is None else top


def _refuse(name: str, names: tuple[str, ...], locate: Place) -> None:
    """Raise when the module, one that holds it, or one that is taken from it is refused."""
    asked = [".".join(name.split(".")[: count + 1]) for count in range(name.count(".") + 1)]
    asked += [f"{name}.{each}" for each in names]
    for module in asked:
        if module in REFUSED:
            raise RefusedImport(where=locate(_importer()), module=module, instead=REFUSED[module])


def _importer() -> FrameType:
    """Return the frame with the import statement: the nearest that is neither ours nor importlib's."""
    frame = sys._getframe(1)  # noqa: SLF001 - the statement's line is the author's
    while frame.f_back is not None and frame.f_globals.get("__name__") in (__name__, "importlib"):
        frame = frame.f_back
    return frame


def _frame_place(frame: FrameType) -> Where:
    return loader.place(frame) or Where(frame.f_code.co_filename, frame.f_lineno)


def _package(namespace: Mapping[str, Any] | None) -> str | None:
    """Return the package that a relative import starts from, by the rules of the import system."""
    known = namespace or {}
    package = known.get("__package__")
    if package is None:
        name = str(known.get("__name__", ""))
        package = name if "__path__" in known else name.rpartition(".")[0]
    return package or None


def _importlib(hook: Import) -> ModuleType:
    """Return an `importlib` whose `import_module` asks the hook."""

    def import_module(name: str, package: str | None = None) -> ModuleType:
        full = importlib.util.resolve_name(name, package)
        return hook(full, None, None, ("__name__",), 0)

    return mirror(importlib, {"import_module": import_module, "__import__": hook})
