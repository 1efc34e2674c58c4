"""Read all that a path holds, a folder, file or notebook, as sources in the order in which they can be executed.

The order is by kind, contracts first, and then by path; but what a source imports, or uses by name, comes before it.
It depends on nothing but the files, so every machine executes alike.

What a folder's files import by a relative name from outside it (`from ..shared import cards`) belongs to the system
too, so that two systems can share files: a broken one and its mended twin.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from studio.errors import UnreadableFile
from studio.source.cell import Source
from studio.source.file import import_root, module_path, read_file
from studio.source.names import Import, names_of
from studio.source.notebook import latest, read_notebook
from studio.source.options import KINDS

__all__ = ["in_order", "read", "read_directory"]

_RANKS = {kind: rank for rank, kind in enumerate(KINDS)}
_SHARED = frozenset({"contracts", "module", "compose"})  # others are seen as handles, whatever the order
_SKIPPED_FOLDERS = frozenset({"__pycache__", "tests", "node_modules"})
_SKIPPED_FILES = frozenset({"__main__.py", "conftest.py", "setup.py"})


def read(path: Path | str) -> tuple[Source, ...]:
    """Read a folder, a Python file or a notebook.

    Raises:
        UnreadableFile: Nothing is there, or it cannot be read.
        UnreadableNotebook: A notebook is not of notebook format 4.
        StudioError: As `read_file` says.
    """
    path = Path(path)
    if not path.exists():
        raise UnreadableFile(file=str(path), reason="it is not there")
    if path.is_dir():
        return read_directory(path)
    if path.suffix == ".ipynb":
        return latest(read_notebook(path).sources)
    return (read_file(path),)


def read_directory(folder: Path | str) -> tuple[Source, ...]:
    """Read the Python files (and exported SQL) of a folder and the folders below it, in order of execution.

    Tests, hidden folders, virtual environments, and package files without code are left out; files elsewhere in the
    same package that are imported by a relative name are read too.

    Args:
        folder: A package, or a folder of files and packages.

    Raises:
        UnreadableFile: It is no folder, or a file cannot be read.
        StudioError: As `read_file` says.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise UnreadableFile(file=folder.name, reason="it is no folder")
    root = import_root(folder / "__init__.py")
    paths = list(_files(folder))
    sources = [read_file(path, root=root) for path in paths]
    known = {path.resolve() for path in paths}
    for source in sources:  # which grows while it is gone through
        for path in _imported_files(source, root):
            if path not in known:
                known.add(path)
                sources.append(read_file(path, root=root))
    return in_order(source for source in sources if source.body or source.implicit)


def in_order(sources: Iterable[Source]) -> tuple[Source, ...]:
    """Return sources in order of execution.

    Sources that depend on each other in a circle are taken as kind and path have them.
    """
    given = sorted(sources, key=lambda source: (_RANKS[source.kind], source.origin, source.name))
    needed = _needed(given)
    done: list[int] = []
    waiting = dict(enumerate(map(set, needed)))
    ready = [index for index, before in waiting.items() if not before]
    while waiting:
        # Numbers are ranks already. A circle is entered at its first, once nothing else can go.
        index = heapq.heappop(ready) if ready else min(waiting)
        del waiting[index]
        done.append(index)
        for other, before in waiting.items():
            if index in before:
                before.discard(index)
                if not before:
                    heapq.heappush(ready, other)
    return tuple(given[index] for index in done)


def _files(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.iterdir(), key=lambda path: path.name):
        if path.name.startswith("."):
            continue
        if path.is_dir():
            if path.name not in _SKIPPED_FOLDERS and not (path / "pyvenv.cfg").exists():
                yield from _files(path)
        elif path.suffix in (".py", ".sql") and path.name not in _SKIPPED_FILES and not path.stem.startswith("test_"):
            yield path


def _imported_files(source: Source, root: Path) -> Iterator[Path]:
    """Yield the files that a source imports by a relative name, as far as they are there."""
    for each in names_of(source).imports if not source.is_sql else ():
        for path in _module_paths(each, source) if each.level else ():
            file = root.resolve().joinpath(*path.split(".")).with_suffix(".py")
            if file.is_file():
                yield file


def _needed(sources: Sequence[Source]) -> list[set[int]]:
    """Return for each source the numbers of those it depends on."""
    shared = [(index, source) for index, source in enumerate(sources) if source.kind in _SHARED]
    givers = {name: index for index, source in reversed(shared) if source.implicit for name in names_of(source).bound}
    modules = {module_path(source.origin): index for index, source in shared if not source.implicit}
    needed = []
    for index, source in enumerate(sources):
        names = names_of(source)
        found = {givers[name] for name in names.free if name in givers} if source.implicit else set()
        found |= {modules[path] for each in names.imports for path in _paths(each, source, modules)}
        needed.append(found - {index})
    return needed


def _paths(imported: Import, source: Source, modules: Mapping[str, int]) -> Iterator[str]:
    """Yield the modules among ours that one import may execute: the one named, and the one its name may be."""
    for path in _module_paths(imported, source):
        if path in modules:
            yield path


def _module_paths(imported: Import, source: Source) -> tuple[str, str]:
    """Return the dotted paths that an import may mean: the module that it names, and the name within it."""
    base = imported.module
    if imported.level:
        package = module_path(source.origin).split(".")
        kept = len(package) - imported.level + source.origin.endswith("/__init__.py")
        base = ".".join((*package[: max(kept, 0)], *base.split("."))).strip(".")
    return base, f"{base}.{imported.name}".strip(".")
