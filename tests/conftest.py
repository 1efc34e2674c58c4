"""What every test may use: the project's own sources, parsed once."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One file of the package, parsed.

    Args:
        path: Relative to the package, such as `source/cell.py`.
        tree: Its syntax.
    """

    path: Path
    tree: ast.Module

    @property
    def part(self) -> str:
        """The part of the house it belongs to: `source` for `source/cell.py`, `ports` for `ports.py`."""
        return self.path.parts[0].removesuffix(".py")

    def __str__(self) -> str:
        return self.path.as_posix()


@pytest.fixture(scope="session")
def root() -> Path:
    """The repository's top level."""
    return ROOT


@pytest.fixture(scope="session")
def source_files() -> tuple[SourceFile, ...]:
    """Every Python file under studio/, templates left out."""
    return tuple(_parse(ROOT / "studio"))


def _parse(package: Path) -> Iterator[SourceFile]:
    for file in sorted(package.rglob("*.py")):
        path = file.relative_to(package)
        if "templates" not in path.parts:
            yield SourceFile(path, ast.parse(file.read_text(encoding="utf-8"), str(path)))
