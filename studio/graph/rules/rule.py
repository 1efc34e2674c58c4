"""What a rule of the architecture lint is, what it finds, and the facts that it looks at."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from studio.errors import Where
from studio.graph.build import Graph
from studio.graph.definition import Definition
from studio.graph.topology import Topology, address_of, topology_of
from studio.source.uses import Use, uses_of

__all__ = ["Facts", "Finding", "Found", "Rule", "Severity", "facts_of"]

Severity = Literal["error", "warning", "note"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that a rule found.

    Attributes:
        code: Of the rule, such as `ARC102`; `slug` its name.
        severity: `error` cannot work, `warning` is likely wrong, `note` is worth a thought.
        where: Cell or file, and line; None when the whole system is meant.
        text: What was found.
        hint: What to do.
    """

    code: str
    slug: str
    severity: Severity
    where: Where | None
    text: str
    hint: str


@dataclass(frozen=True, slots=True)
class Found:
    """What a rule's check yields: where, what, and the nearest names where one is unknown."""

    where: Where | None
    text: str
    nearest: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Facts:
    """What rules look at.

    Attributes:
        graph: Everything declared.
        topology: Who sends what to whom.
        uses: Each place in a source that sends or listens, with the definition and the address meant.
    """

    graph: Graph
    topology: Topology
    uses: tuple[tuple[Definition, Use, str], ...]

    @property
    def published(self) -> frozenset[str]:
        """Return the addresses of all events that the code publishes or a saga ends with."""
        return frozenset(edge.address for edge in self.topology.edges if edge.kind in ("publish", "outcome"))


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule.

    Attributes:
        code: Stable; `slug` is for reading.
        severity: Of its findings.
        reason: Why it is there, one paragraph.
        bad: Cells that break it; `good` cells that keep it. Both run in its tests.
        hint: What to do, an imperative.
        check: Yields what it finds.
    """

    code: str
    slug: str
    severity: Severity
    reason: str
    bad: str
    good: str
    hint: str
    check: Callable[[Facts], Iterator[Found]]

    def findings(self, facts: Facts) -> Iterator[Finding]:
        """Yield what the rule finds."""
        for found in self.check(facts):
            hint = f"{self.hint} Nearest: {found.nearest}." if found.nearest else self.hint
            yield Finding(self.code, self.slug, self.severity, found.where, found.text, hint)


def facts_of(graph: Graph) -> Facts:
    """Gather what rules look at."""
    current = [definition for definition in graph.definitions.values() if not definition.kept_version]
    uses = [(each, use, address_of(graph, each, use)) for each in current for use in uses_of(each.source)]
    return Facts(graph, topology_of(graph), tuple((each, use, address) for each, use, address in uses if address))
