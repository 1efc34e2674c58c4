"""Know where declarations stand and what was found about them, in the form in which the sidebar is told."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from studio.errors import Where
from studio.graph.definition import Definition
from studio.graph.lint import Finding, Severity
from studio.graph.system import System
from studio.source.options import cell_kind

if TYPE_CHECKING:
    from studio.notebook.session import Session

__all__ = ["Places", "Values", "health_of"]

Values = dict[str, Any]
"""A piece of what is sent: JSON's types alone."""

_SEVERITIES: tuple[Severity, ...] = ("error", "warning", "note")


class Places:
    """Where the declarations of a session stand, and the findings about each.

    Args:
        session: Of the notebook.
        findings: Of the architecture lint.
    """

    def __init__(self, session: Session, findings: tuple[Finding, ...]) -> None:
        self._session = session
        self._system: System = session.system
        self._labels: dict[str, Definition] = {}
        for definition in self._current():
            self._labels[definition.source.label] = self._labels[definition.source.origin] = definition
        self._findings: dict[str, list[Finding]] = defaultdict(list)
        for finding in findings:
            known = None if finding.where is None else self._labels.get(finding.where.cell)
            if known is not None:
                self._findings[known.name].append(finding)

    def definition_of(self, kind: type[Any], name: str) -> Definition | None:
        """Return the definition that declares a thing of a name; None where it is gone."""
        return next((each for each in self._current() if any(i.name == name for i in each.declarations.of(kind))), None)

    def bound_in(self, name: str) -> Definition | None:
        """Return the definition that gives a name to others, such as a composition's."""
        return next((each for each in self._current() if name in each.exports), None)

    def of(self, definition: Definition | None, where: Where | None = None) -> Values | None:
        """Return where a declaration stands, or one line of it; None where that is not known."""
        if definition is None:
            return None
        source = definition.source
        line = where.line if where is not None and where.cell in (source.label, source.origin) else None
        if not definition.is_cell:
            return {"cell": "", "magic": "", "file": source.origin, "line": (line or 1) + source.first_line - 1}
        named = source.name if cell_kind(source.kind).is_named else ""  # else the name is from the body
        cell = self._session.cell_of(definition.name)
        return {"cell": cell, "magic": f"%%{source.kind} {named}".rstrip(), "file": "", "line": line}

    def of_label(self, label: str, line: int | None = None) -> Values | None:
        """Return where a declaration stands that is called `service Inventory`, or by its file."""
        definition = self._labels.get(label)
        return self.of(definition, Where(label, line)) if definition else _by_label(label, line)

    def health(self, definition: Definition | None) -> Values:
        """Return the number of findings about a declaration, and the worst of them."""
        return health_of(self._findings[definition.name] if definition else [])

    def told(self, findings: tuple[Finding, ...]) -> Iterator[Values]:
        """Yield findings that have a place, and the place."""
        for each in findings:
            place = None if each.where is None else self.of_label(each.where.cell, each.where.line)
            yield {
                "code": each.code, "severity": each.severity, "slug": each.slug, "text": each.text, "hint": each.hint,
                "line": each.where.line if each.where else None, "place": place,
            }  # fmt: skip

    def _current(self) -> Iterator[Definition]:
        return (each for each in self._system.graph.definitions.values() if not each.kept_version)


def health_of(findings: list[Finding]) -> Values:
    """Return how many findings there are, and the worst severity among them; empty where there are none."""
    present: Mapping[str, int] = {
        severity: sum(each.severity == severity for each in findings) for severity in _SEVERITIES
    }
    return {"count": len(findings), "worst": next((name for name, number in present.items() if number), ""), **present}


def _by_label(label: str, line: int | None) -> Values | None:
    """Return where a cell is looked for that declares nothing yet: by its magic line."""
    kind, _, name = label.partition(" ")
    return {"cell": "", "magic": f"%%{kind} {name}", "file": "", "line": line} if name else None
