"""Read one Python file of declarations as a source.

A file that export wrote is the source it was made of. A file written by hand is classified by what it declares on its
own lines with Studio's names; it imports what it needs, and its name is its module's unless what it declares has one.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from studio.errors import MixedFile, UnreadableFile, Where
from studio.source.cell import Kind, Source, normal_body
from studio.source.parsing import parse_source
from studio.source.render import is_exported, read_exported

__all__ = ["import_root", "module_path", "read_file", "source_from_text", "stated_version"]

_SINGLE: Final[Mapping[str, Kind]] = {
    "Service": "service",
    "External": "external",
    "Saga": "saga",
    "Scenario": "scenario",
}
_OTHERS: Final[Mapping[str, Kind]] = {
    **dict.fromkeys(("sequence", "parallel", "route", "mesh"), "compose"),
    **dict.fromkeys(("Invariant", "invariant"), "invariant"),
    **dict.fromkeys(("Contract", "ServiceError", "event"), "contracts"),
}
_PRECEDENCE: Final[tuple[Kind, ...]] = ("compose", "invariant", "contracts")


def read_file(path: Path | str, *, root: Path | str | None = None) -> Source:
    """Read a `.py` file, or a `.sql` file that export wrote.

    Args:
        path: The file.
        root: Folder that its origin and module name are relative to; by default the one that the file's package is in.

    Raises:
        UnreadableFile: It is not there, not UTF-8, or SQL without our header.
        MixedFile: It declares what needs files of its own.
        InvalidSyntax: It is not Python.
        StudioError: Its header cannot be read.
    """
    path = Path(path)
    origin = path.resolve().relative_to(Path(root or import_root(path)).resolve()).as_posix()
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise UnreadableFile(file=origin, reason=error.strerror or type(error).__name__) from error
    except UnicodeDecodeError as error:
        raise UnreadableFile(file=origin, reason="it is not UTF-8") from error
    if path.suffix not in (".py", ".sql"):
        raise UnreadableFile(file=origin, reason=f"suffix={path.suffix!r}")
    return read_exported(text, origin=origin) if path.suffix == ".sql" else source_from_text(text, origin=origin)


def source_from_text(text: str, *, origin: str) -> Source:
    """Make a source of a Python file's text.

    Args:
        text: Exported or written by hand.
        origin: Its path, relative to where its package is, with `/`.

    Raises:
        MixedFile: It declares what needs files of its own.
        InvalidSyntax: It is not Python.
        StudioError: Its header cannot be read.
    """
    if is_exported(text):
        return read_exported(text, origin=origin)
    body, module = normal_body(text), module_path(origin)
    tree = parse_source(Source("module", module, body, origin=origin, implicit=False))
    kind, name = _classified(tree, origin)
    return Source(kind, name or module, body, origin=origin, implicit=False)


def stated_version(source: Source) -> str:
    """Return the version that a source states of what it declares; empty where it states none in plain text."""
    if source.implicit:
        return str(dict(source.options).get("version", ""))
    for statement in parse_source(source).body:
        match statement:
            case ast.Assign(value=ast.Call(keywords=keywords)) | ast.Expr(value=ast.Call(keywords=keywords)):
                for keyword in keywords:
                    if keyword.arg == "version" and isinstance(keyword.value, ast.Constant):
                        return str(keyword.value.value)
    return ""


def import_root(path: Path) -> Path:
    """Return the folder from which a file or package is imported: the first above it that is no package."""
    folder = path.resolve().parent
    while (folder / "__init__.py").exists():
        folder = folder.parent
    return folder


def module_path(origin: str) -> str:
    """Return the dotted name under which `shop/pricing.py` is imported."""
    return origin.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def _classified(tree: ast.Module, origin: str) -> tuple[Kind, str]:
    """Return the kind of a file, and the name that its declaration states, if it has one."""
    names = _StudioNames(tree)
    single: tuple[Kind, str] | None = None
    others: set[Kind] = set()
    for statement in tree.body:
        for used, name in names.declared(statement):
            if used not in _SINGLE:
                others.add(_OTHERS[used])
                continue
            if single is not None:
                second = f"{_SINGLE[used]} {name}".rstrip()
                where = Where(origin, statement.lineno)
                raise MixedFile(file=origin, first=" ".join(single).rstrip(), second=second, where=where)
            single = _SINGLE[used], name
    return single or (next((kind for kind in _PRECEDENCE if kind in others), "module"), "")


class _StudioNames:
    """Know by which names a file reaches Studio's, and which of its classes are contracts."""

    def __init__(self, tree: ast.Module) -> None:
        self._names: dict[str, str] = {}
        self._modules: set[str] = set()
        for node in tree.body:
            if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == "studio":
                self._names |= {alias.asname or alias.name: alias.name for alias in node.names}
            elif isinstance(node, ast.Import):
                found = (alias for alias in node.names if alias.name.partition(".")[0] == "studio")
                self._modules |= {alias.asname or "studio" for alias in found}
        if "*" in self._names:
            self._names |= {name: name for name in (*_SINGLE, *_OTHERS)}

    def declared(self, statement: ast.stmt) -> Iterator[tuple[str, str]]:
        """Yield what of Studio's a top-level statement declares with, and the name it states."""
        match statement:
            case ast.ClassDef(name=name, bases=bases):
                for base in bases:
                    original = self._original(base)
                    if original in ("Contract", "ServiceError"):
                        self._names[name] = original
                        yield original, ""
            case ast.FunctionDef(decorator_list=decorators) | ast.AsyncFunctionDef(decorator_list=decorators):
                for each in decorators:
                    if self._original(each.func if isinstance(each, ast.Call) else each) == "invariant":
                        yield "invariant", ""
            case ast.Assign(value=ast.Call() as call) | ast.Expr(value=ast.Call() as call):
                yield from self._called(call)
            case ast.AnnAssign(value=ast.Call() as call):
                yield from self._called(call)

    def _called(self, call: ast.Call) -> Iterator[tuple[str, str]]:
        original = self._original(call.func)
        if original in _SINGLE or original in _OTHERS:
            yield original, _stated_name(call)

    def _original(self, node: ast.expr) -> str:
        match node:
            case ast.Name(id=name):
                return self._names.get(name, "")
            case ast.Attribute(value=ast.Name(id=module), attr=name) if module in self._modules:
                return name
        return ""


def _stated_name(call: ast.Call) -> str:
    keywords = (keyword.value for keyword in call.keywords if keyword.arg == "name")
    first = next(iter((*call.args, *keywords)), None)
    return first.value if isinstance(first, ast.Constant) and isinstance(first.value, str) else ""
