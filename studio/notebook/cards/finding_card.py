"""Make cards of the architecture lint's findings, for one cell and for the whole system."""

from __future__ import annotations

from studio.graph.build import Graph
from studio.graph.definition import Definition
from studio.notebook.cards.card import Section

__all__ = ["findings_section"]


def findings_section(graph: Graph, definition: Definition) -> tuple[Section, ...]:
    """Return the findings about one definition, as a section; none when there are none."""
    return ()
