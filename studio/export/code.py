"""Make the import package: a file for each source, its body unchanged, and what makes folders into packages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath

from studio.export.heading import heading
from studio.graph.definition import Definition
from studio.source.cell import Source
from studio.source.file import source_from_text
from studio.source.render import read_exported, render

__all__ = ["code_files", "read_back"]


def code_files(
    definitions: Mapping[str, Definition], paths: Mapping[str, PurePosixPath], package: str
) -> dict[str, str]:
    """Return the text of each file of the import package, by its path.

    Args:
        definitions: Of the system, by name; kept versions of sagas among them.
        paths: Where each source's file goes, by the name of its definition.
        package: Import name.
    """
    files = {str(paths[name]): _text(definition, definitions, paths) for name, definition in definitions.items()}
    for folder in sorted({PurePosixPath(package), *(path.parent for path in paths.values())}):
        for each in (folder, *folder.parents):
            if each.parts:
                # Empty, so that a folder's reader finds no source in it.
                files.setdefault(str(each / "__init__.py"), "")
    return dict(sorted(files.items()))


def read_back(files: Mapping[str, str], paths: Iterable[PurePosixPath]) -> tuple[Source, ...]:
    """Return the sources that a reader of the written files finds."""
    return tuple(
        read_exported(files[str(path)], origin=str(path))
        if path.suffix == ".sql"
        else source_from_text(files[str(path)], origin=str(path))
        for path in sorted(paths)
    )


def _text(definition: Definition, definitions: Mapping[str, Definition], paths: Mapping[str, PurePosixPath]) -> str:
    source = definition.source
    if not source.implicit:
        return source.body
    return render(source, imports=heading(definition, definitions, paths))
