"""Make the cards of scenarios, invariants and third parties."""

from __future__ import annotations

import inspect

from studio.contract import type_name
from studio.graph.build import Graph
from studio.graph.definition import Definition
from studio.model.duration import duration_ns
from studio.model.invariant import Invariant
from studio.model.scenario import Given, Scenario
from studio.model.third_party import External
from studio.notebook.cards.card import (
    Card,
    Cell,
    Lines,
    Listing,
    Section,
    Span,
    Table,
    code,
    flag,
    joined,
    muted,
    words,
)
from studio.notebook.cards.wording import count, distribution_words, target_words, workload_words
from studio.simulation.harming.fault_words import in_words

__all__ = ["external_card", "invariant_card", "scenario_card"]


def scenario_card(definition: Definition, scenario: Scenario, graph: Graph) -> Card:
    """Return the card of a scenario: what stands, what is asked, how long work takes, what goes wrong."""
    network, end_ns = distribution_words(scenario.network), duration_ns(scenario.duration)
    facts = [
        f"{scenario.duration} of work",
        f"seed {scenario.seed}",
        scenario.bus,
        f"network {network} each way",
        *_phases(scenario),
    ]
    workloads = tuple(
        (words(target_words(each.address), "address"), words(workload_words(each, end_ns)))
        for each in scenario.workloads
    )
    faults: list[Cell] = [words(in_words(each)) for each in scenario.faults]
    sections: tuple[Section, ...] = (
        Table("Given", ("What", "Stands"), tuple(_given(each) for each in scenario.givens)),
        Table("Workload", ("To", "Messages"), workloads),
        Table("Work takes", ("Where", "How long"), tuple(
            (words(target_words(each.target), "address"), words(distribution_words(each.time)))
            for each in scenario.service_times
        )),
        Lines("Faults", tuple(faults) or (muted("none: everything goes right"),)),
    )  # fmt: skip
    doc = scenario.doc or definition.module.__doc__ or ""
    return Card("scenario", scenario.name, tuple(map(Span, facts)), doc, sections)


def invariant_card(definition: Definition, invariant: Invariant, graph: Graph) -> Card:
    """Return the card of an invariant: when it is checked, and what it asks."""
    mode = "holds always" if invariant.mode == "always" else "holds in the end, once the system has healed"
    if invariant.sql:
        rule = Span("any row is a violation")
        return Card("invariant", invariant.name, (Span(mode), rule), invariant.doc, (Listing("", invariant.sql),))
    try:
        text = inspect.getsource(invariant.function) if invariant.function else ""
    except (OSError, TypeError):
        text = ""
    rule = Span("whatever it yields is a violation")
    return Card("invariant", invariant.name, (Span(mode), rule), invariant.doc, (Listing("", text),))


def external_card(definition: Definition, external: External, graph: Graph) -> Card:
    """Return the card of a third party: whose client it answers, its routes, its books."""
    clients = [
        (service.name, client)
        for service in graph.services.values()
        for client in service.clients.values()
        if client.name == external.name
    ]
    used: tuple[Cell, ...] = tuple(
        joined((words(name), muted("asks it at"), code(client.base_url))) for name, client in clients
    )
    routes = tuple((code(each.method), code(each.path), code(each.function.__name__)) for each in external.routes)
    ledgers = tuple(
        (code(name), code(type_name(each.contract)), joined(flag(field) for field in _fields(each.contract)))
        for name, each in external.ledgers.items()
    )
    collections = tuple(
        (code(each.name), code(type_name(each.contract)), code(each.key)) for each in external.collections.values()
    )
    sections: tuple[Section, ...] = (
        Lines("", used or (muted(f"No service has a client of the name {external.name} yet."),)),
        Table("Answers", ("Method", "Path", "Handler"), routes),
        Table("Ledgers", ("Name", "Entries", "Columns of the table external"), ledgers),
        Table("Collections", ("Name", "Documents", "Key"), collections),
    )
    facts = (Span("stands for a third party in simulations"),)
    return Card("external", external.name, facts, definition.module.__doc__ or "", sections)


def _fields(contract: type) -> list[str]:
    return list(getattr(contract, "model_fields", {}))


def _phases(scenario: Scenario) -> list[str]:
    """Return what a scenario states of its phases and of Studio's own promises."""
    stated = {"quiet for": scenario.quiet, "heals at": scenario.heal, "converges within": scenario.converge,
              "events wait at most": scenario.queue_age, "without": ", ".join(scenario.without)}  # fmt: skip
    return [f"{words} {value}" for words, value in stated.items() if value]


def _given(given: Given) -> tuple[Cell, Cell]:
    if "." not in given.target:
        return code(given.target), words("a setting or secret")
    kinds = sorted({type_name(type(value)) for value in given.values})
    return code(given.target), words(f"{count(len(given.values), 'document')} ({', '.join(kinds)})")
