"""Hold what executing a source gives: the module, what it declared, and what others see through it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

from studio.errors import StudioError, Where
from studio.model.declaring import Declarations
from studio.source.cell import Source

__all__ = ["Broken", "Definition", "Instance", "reason_of", "shown_place"]


@dataclass(frozen=True, slots=True, eq=False)
class Instance:
    """One execution of a module for one incarnation: its globals, and the service (or saga, external) it declared."""

    module: ModuleType
    declarations: Declarations


@dataclass(frozen=True, slots=True, eq=False)
class Definition:
    """A source that was executed: its module, what it declared, and what it used.

    Attributes:
        source: What was executed.
        module: The execution that definitions are read from; incarnations execute afresh.
        declarations: In order.
        exports: Names that later cells see through it.
        uses: Names of definitions whose exports it uses (and of services that it has a `handle` of), sorted.
        stale: Why its latest re-execution failed (after something it uses changed); empty when it stands.
        kept_version: Version, when it is kept beside a newer one for the sake of saga instances; empty when current.
    """

    source: Source
    module: ModuleType
    declarations: Declarations
    exports: Mapping[str, Any] = field(default_factory=dict)
    uses: tuple[str, ...] = ()
    stale: str = ""
    kept_version: str = ""

    @property
    def name(self) -> str:
        """Return the name it goes by: its source's, and the version where it is an older one that is kept."""
        return f"{self.source.name}@{self.kept_version}" if self.kept_version else self.source.name

    @property
    def is_cell(self) -> bool:
        """Tell whether it stands in a notebook, where the order of cells matters."""
        return self.source.implicit and not self.source.origin.endswith(".py")


@dataclass(frozen=True, slots=True)
class Broken:
    """A cell whose latest run failed.

    Attributes:
        where: Place of the failure, as its author finds it.
        reason: First line of the error.
        cell_id: Of the cell, where it is known.
    """

    where: Where
    reason: str
    cell_id: str | None = None


def reason_of(error: Exception) -> str:
    """Return the first line of an error's text, with its type where it is not ours."""
    text = str(error).splitlines()[0] if str(error) else ""
    return text if isinstance(error, StudioError) else f"{type(error).__name__}: {text}".rstrip(": ")


def shown_place(source: Source, where: Where | None) -> Where | None:
    """Return a place as its author finds it: a file's path and line instead of the declaration and the body's line."""
    if where is None or where.cell != source.label or source.origin == source.label:
        return where
    return Where(source.origin, None if where.line is None else where.line + source.first_line - 1)
