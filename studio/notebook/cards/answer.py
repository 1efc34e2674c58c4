"""Choose the card of a definition: what running its cell answers with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from studio.graph.build import Graph
from studio.graph.definition import Definition
from studio.model.invariant import Invariant
from studio.model.saga import Saga
from studio.model.scenario import Scenario
from studio.model.service import Service
from studio.model.third_party import External
from studio.notebook.cards.card import Card, Section
from studio.notebook.cards.contract_card import contracts_card, module_card
from studio.notebook.cards.finding_card import findings_section
from studio.notebook.cards.flow_card import compositions_card, saga_card
from studio.notebook.cards.scenario_card import external_card, invariant_card, scenario_card
from studio.notebook.cards.service_card import service_card

__all__ = ["card_of"]


def card_of(definition: Definition, graph: Graph, *, notes: tuple[str, ...] = (), now_ns: int) -> Card:
    """Return the card of a definition, with its findings and with what its cell did to the others.

    Args:
        definition: What the cell declared.
        graph: Everything that is declared.
        notes: Sentences for the end of the card.
        now_ns: Instant from which the next ticks of jobs are counted, in nanoseconds since 1970.
    """
    card = _plain_card(definition, graph, now_ns)
    findings: tuple[Section, ...] = findings_section(graph, definition)
    return replace(card, sections=(*card.sections, *findings), notes=notes)


_CARDS: dict[str, Callable[[Definition, Graph], Card]] = {
    "contracts": contracts_card,
    "module": module_card,
    "compose": compositions_card,
}
_DECLARED: dict[type[Any], Callable[[Definition, Any, Graph], Card]] = {
    Saga: saga_card,
    External: external_card,
    Scenario: scenario_card,
    Invariant: invariant_card,
}


def _plain_card(definition: Definition, graph: Graph, now_ns: int) -> Card:
    for each in definition.declarations.items:
        if isinstance(each, Service):
            return service_card(definition, each, graph, now_ns=now_ns)
        if type(each) in _DECLARED:
            return _DECLARED[type(each)](definition, each, graph)
    return _CARDS.get(definition.source.kind, contracts_card)(definition, graph)
