"""Say what an export has done."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from studio.export.writing import Written

__all__ = ["Report"]


@dataclass(frozen=True, slots=True)
class Report:
    """What an export has done.

    Attributes:
        folder: Of the package.
        name: Under which it is installed, and of its command.
        written: What became of its files.
        scenarios: Those whose records are kept for its tests.
        warnings: What its author should look at, a line each.
    """

    folder: Path
    name: str
    written: Written
    scenarios: tuple[str, ...]
    warnings: tuple[str, ...]

    def __str__(self) -> str:
        return "\n".join(self._lines())

    __repr__ = __str__

    def _lines(self) -> Iterator[str]:
        count = len(self.written.written) + len(self.written.unchanged)
        changed = f"{len(self.written.written)} written, {len(self.written.unchanged)} as they were"
        yield f"Exported {self.name} to {self.folder}: {count} files ({changed})"
        if self.scenarios:
            yield f"  its tests replay {', '.join(self.scenarios)}"
        yield from (f"  removed {path}: not part of the system any more" for path in self.written.removed)
        yield from (f"  kept {path}: edited by hand (--force overwrites it)" for path in self.written.kept)
        yield from (
            f"  kept {path}: not part of the system any more, but edited by hand (--force removes it)"
            for path in self.written.left
        )
        yield from (f"  warning: {warning}" for warning in self.warnings)
        yield f"  try it: cd {self.folder} && make test && make serve"
