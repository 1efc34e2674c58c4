"""Say where each source goes in a package: its folder by kind, its file by its name, the same on every machine."""

from __future__ import annotations

import keyword
import re
import sys
from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath

from studio.errors import BadPackageName, NotPackaged, Where
from studio.source.cell import Kind, Source
from studio.source.names import names_of
from studio.source.render import suffix

__all__ = ["FOLDERS", "distribution_name", "import_name", "paths_of"]

FOLDERS: Mapping[Kind, str] = {
    "contracts": "contracts",
    "module": "modules",
    "service": "services",
    "compose": "compositions",
    "saga": "sagas",
    "scenario": "simulations",
    "external": "simulations",
    "invariant": "simulations",
}
"""Folder in the package by kind of source."""

_TAKEN = frozenset({"conftest", "setup", "main"})  # what a folder's reader or a package keeps for itself
_RESERVED = frozenset({"studio", "studio_cells", "studio_files", "tests", "wheels"})


def distribution_name(wanted: str) -> str:
    """Return the name a package is installed under, in its normal form: `order-shop`.

    Raises:
        BadPackageName: Nothing of it can be used.
    """
    name = re.sub(r"[^a-z0-9]+", "-", wanted.lower()).strip("-")
    if not name:
        raise BadPackageName(name=repr(wanted), reason="has neither a letter nor a digit")
    return name


def import_name(distribution: str, sources: Iterable[Source]) -> str:
    """Return the name a package is imported under.

    Files written by hand that are in a package keep its name, since they may import each other by it.

    Args:
        distribution: As `distribution_name` returns it.
        sources: Of the system.

    Raises:
        BadPackageName: It is no Python name, or is another module's.
    """
    sources = tuple(sources)
    name = next(iter(sorted(_packages(sources))), distribution.replace("-", "_"))
    if not name.isidentifier() or keyword.iskeyword(name) or keyword.issoftkeyword(name):
        raise BadPackageName(name=name, reason="is no Python name")
    if name in sys.stdlib_module_names or name in _RESERVED:
        raise BadPackageName(name=name, reason="is the name of another module")
    imported = {
        each.module.partition(".")[0] for source in sources for each in names_of(source).imports if not each.level
    }
    if name in imported and not _packages(sources):
        raise BadPackageName(name=name, reason="is the name of a module that the system imports")
    return name


def paths_of(sources: Mapping[str, Source], package: str) -> dict[str, PurePosixPath]:
    """Return where each source's file goes, relative to the project's folder, by the name of its definition.

    Args:
        sources: Of the system, by the name of their definition: `OrderProcessing@1.0.0` for a kept version of a saga.
        package: Import name.

    Raises:
        NotPackaged: A file written by hand imports another by a path that no package gives it.
    """
    paths = {name: _kept_path(source, package) for name, source in sources.items() if not source.implicit}
    _refuse_flat_imports(sources.values())
    taken = {str(path).lower() for path in paths.values()}
    for name, source in sorted((name, source) for name, source in sources.items() if source.implicit):
        folder = PurePosixPath(package, FOLDERS[source.kind])
        path = _free(folder, _stem(name), suffix(source), taken)
        taken.add(str(path).lower())
        paths[name] = path
    return paths


def _free(folder: PurePosixPath, stem: str, ending: str, taken: set[str]) -> PurePosixPath:
    number, path = 1, folder / f"{stem}{ending}"
    while str(path).lower() in taken:
        number += 1
        path = folder / f"{stem}_{number}{ending}"
    return path


def _stem(name: str) -> str:
    """Return a file's name for a declaration's: `order_processing` for `OrderProcessing`."""
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name)
    stem = re.sub(r"\W", "_", words).lower()
    if stem.startswith("test_"):  # a test's, which a folder's reader leaves out
        return f"_{stem}"
    return f"{stem}_" if keyword.iskeyword(stem) or stem in _TAKEN else stem


def _packages(sources: Iterable[Source]) -> set[str]:
    """Return the packages at the top that files written by hand are in."""
    return {source.origin.partition("/")[0] for source in sources if not source.implicit and "/" in source.origin}


def _kept_path(source: Source, package: str) -> PurePosixPath:
    path = PurePosixPath(source.origin)
    return path if len(path.parts) > 1 else PurePosixPath(package) / path


def _refuse_flat_imports(sources: Iterable[Source]) -> None:
    files = {source.origin.removesuffix(".py"): source for source in sources if not source.implicit}
    flat = {stem for stem in files if "/" not in stem}
    for source in files.values():
        for each in names_of(source).imports:
            top = each.module.partition(".")[0]
            if not each.level and top in flat:
                where = Where(source.origin, each.line)
                raise NotPackaged(file=source.origin, module=top, where=where)
