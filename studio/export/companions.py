"""Find what a system imports beside itself: Python files next to the notebook, which are copied, and distributions."""

from __future__ import annotations

import ast
import importlib.util
import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from studio.errors import ExportUnwritable
from studio.export.wheel import DISTRIBUTION
from studio.source.cell import Source
from studio.source.names import names_of

__all__ = ["Companions", "companions_of", "requirement"]

_OURS = "studio"
_RELEASE = re.compile(r"(\d+)(?:\.(\d+))?")


@dataclass(frozen=True, slots=True)
class Companions:
    """What a system imports that is not of the system.

    Attributes:
        files: Files to copy: path relative to the project's folder, and content.
        requirements: Distributions with their range, sorted.
        missing: Modules that are nowhere, each with what imports it.
    """

    files: tuple[tuple[str, bytes], ...]
    requirements: tuple[str, ...]
    missing: tuple[tuple[str, str], ...]

    @property
    def modules(self) -> tuple[str, ...]:
        """Return the top names of what is copied: `helpers.py`, or a package's folder."""
        return tuple(sorted({path.partition("/")[0] for path, _ in self.files}))


def companions_of(sources: Iterable[Source]) -> Companions:
    """Find what sources import that is neither of the system, nor Studio, nor of Python.

    Modules are looked for where this process would find them; none is imported for it.

    Args:
        sources: Of the system.
    """
    sources = tuple(sources)
    own = {source.origin.partition("/")[0].removesuffix(".py") for source in sources if not source.implicit}
    pending = [(top, source.origin) for source in sources for top in _tops(source)]
    seen = {*own, _OURS, *sys.stdlib_module_names}
    files: dict[str, bytes] = {}
    requirements: set[str] = set()
    missing: list[tuple[str, str]] = []
    distributions = metadata.packages_distributions()
    while pending:
        top, importer = pending.pop(0)
        if top in seen:
            continue
        seen.add(top)
        found = dict(_local_files(top)) if top not in distributions else {}
        files |= found
        requirements |= {requirement(name) for name in distributions.get(top, ()) if name != DISTRIBUTION}
        if not found and top not in distributions:
            missing.append((top, importer))
        pending += [(each, path) for path, content in found.items() for each in _imported(path, content)]
    return Companions(tuple(sorted(files.items())), tuple(sorted(requirements)), tuple(sorted(missing)))


def requirement(distribution: str) -> str:
    """Return a distribution with the range that its installed version is the least of: `httpx>=0.28.1,<0.29`."""
    version = metadata.version(distribution).partition("+")[0]
    release = _RELEASE.match(version)
    name = re.sub(r"[-_.]+", "-", distribution).lower()
    if release is None:
        return name
    major, minor = int(release[1]), int(release[2] or 0)
    below = f"{major + 1}" if major else f"0.{minor + 1}"
    return f"{name}>={version},<{below}"


def _tops(source: Source) -> list[str]:
    return sorted({each.module.partition(".")[0] for each in names_of(source).imports if not each.level})


def _local_files(top: str) -> Iterator[tuple[str, bytes]]:
    """Yield the files of a module or package that stands on its own, outside any distribution."""
    path = _origin(top)
    if path is None:
        return
    files = sorted(path.parent.rglob("*")) if path.name == "__init__.py" else [path]
    root = path.parent.parent if path.name == "__init__.py" else path.parent
    for each in files:
        parts = each.relative_to(root).parts
        if each.is_file() and "__pycache__" not in parts and not any(part.startswith(".") for part in parts):
            try:
                yield "/".join(parts), each.read_bytes()
            except OSError as error:
                raise ExportUnwritable(file=each.name, reason=error.strerror or type(error).__name__) from error


def _origin(top: str) -> Path | None:
    try:
        spec = importlib.util.find_spec(top)
    except (ImportError, ValueError):
        return None
    if spec is None or not spec.has_location or not str(spec.origin).endswith(".py"):
        return None
    return Path(str(spec.origin))


def _imported(path: str, content: bytes) -> Iterator[str]:
    if not path.endswith(".py"):
        return
    try:
        tree = ast.parse(content)
    except (SyntaxError, ValueError):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield str(node.module).partition(".")[0]
