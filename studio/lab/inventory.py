"""Tell what a notebook declares, how it stands and what came of it, as one value of JSON's types.

It is made from the session alone, so that it can be tested without a kernel; `studio.lab.kernel_side` sends it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, Protocol

from studio.errors import Where
from studio.graph.build import Graph, outcomes
from studio.graph.lint import Finding, lint
from studio.lab.keepsakes import Keepsakes
from studio.lab.last_results import Outcome, Outcomes
from studio.lab.whereabouts import Places, Values, health_of
from studio.model.event import Event
from studio.model.invariant import Invariant
from studio.model.saga import Saga
from studio.model.scenario import Scenario
from studio.model.service import Service
from studio.model.third_party import External
from studio.notebook.cards.wording import count

if TYPE_CHECKING:
    from studio.graph.definition import Definition
    from studio.notebook.session import Session

__all__ = ["VERSION", "Inventories", "inventory"]

VERSION = 1
"""Of the form; the browser's side says so when it expects another."""


def inventory(session: Session) -> Values:
    """Return what a session declares: services, sagas, scenarios and the rest, each with its place and its findings."""
    return Inventories(session).make()


class Inventories:
    """Makes the inventory of one session again and again; what has not changed is not worked out anew.

    Args:
        session: Of the notebook.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._keepsakes = Keepsakes(session.system)
        self.outcomes = Outcomes()
        self._found: tuple[Graph | None, tuple[Finding, ...]] = (None, ())

    def make(self) -> Values:
        """Return the inventory as it is now."""
        graph = self._session.system.graph
        findings = self._findings(graph)
        places = Places(self._session, findings)
        return {
            "version": VERSION,
            "services": [_service(each, places) for each in graph.services.values()],
            "externals": [_external(each, places) for each in graph.externals.values()],
            "compositions": list(_compositions(graph, places)),
            "sagas": [_saga(each, graph, places) for each in graph.sagas.values()],
            "scenarios": [self._scenario(each, places) for each in graph.scenarios.values()],
            "invariants": [_invariant(each, places) for each in graph.invariants.values()],
            "contracts": list(_contracts(graph, places)),
            "counterexamples": self._keepsakes.told(self._session.revisits.verdicts),
            "broken": list(_broken(graph)),
            "findings": list(places.told(findings)),
            "health": health_of(list(findings)),
        }

    def _findings(self, graph: Graph) -> tuple[Finding, ...]:
        if self._found[0] is not graph:
            self._found = (graph, lint(graph))
        return self._found[1]

    def _scenario(self, scenario: Scenario, places: Places) -> Values:
        definition = places.definition_of(Scenario, scenario.name)
        outcome = self.outcomes.of(scenario.name)
        faults = count(len(scenario.faults), "fault") if scenario.faults else "no faults"
        told = None if outcome is None else self._outcome(outcome)
        return {**_entry(scenario, definition, places), "detail": f"{scenario.duration}, {faults}", "outcome": told}

    def _outcome(self, outcome: Outcome) -> Values:
        return {
            "state": outcome.state,
            "text": outcome.text,
            "seed": outcome.seed,
            "violated": list(outcome.violated),
            "is_older": self.outcomes.is_older(outcome, self._session.system),
        }


def _entry(item: Any, definition: Definition | None, places: Places) -> Values:
    return {
        "name": item.name,
        "doc": _first_line(getattr(item, "doc", "")),
        "place": places.of(definition),
        "health": places.health(definition),
        "stale": "" if definition is None else definition.stale,
    }


def _first_line(text: str) -> str:
    return text.strip().partition("\n")[0]


class _HasPlace(Protocol):
    @property
    def where(self) -> Where | None: ...


def _service(service: Service, places: Places) -> Values:
    definition = places.definition_of(Service, service.name)
    replicas = f"× {service.replicas}" if service.replicas > 1 else ""
    members: tuple[tuple[str, str, str, _HasPlace], ...] = (
        *(("operation", f"$.{each.address}", "", each) for each in service.operations.values()),
        *(("event", _addresses(each.patterns), f"heard by {each.name}", each) for each in service.subscriptions),
        *(("endpoint", f"{each.method} {each.path}", "", each) for each in service.endpoints),
        *(("job", each.name, each.schedule, each) for each in service.jobs),
    )
    return {
        **_entry(service, definition, places),
        "detail": " ".join(filter(None, (service.version, service.kind, replicas))),
        "members": [
            _member(kind, name, detail, places.of(definition, item.where)) for kind, name, detail, item in members
        ],
    }


def _addresses(wires: Iterable[str]) -> str:
    return ", ".join(f"$.{each}" for each in wires)


def _member(kind: str, name: str, detail: str = "", place: Values | None = None) -> Values:
    return {"kind": kind, "name": name, "detail": detail, "place": place}


def _external(external: External, places: Places) -> Values:
    definition = places.definition_of(External, external.name)
    routes = [_member("endpoint", f"{each.method} {each.path}") for each in external.routes]
    return {**_entry(external, definition, places), "detail": "third party", "members": routes}


def _compositions(graph: Graph, places: Places) -> Iterator[Values]:
    for name, composition in graph.compositions.items():
        definition = places.bound_in(name)
        stages = [_member("stage", label) for label, _ in composition.stages()]
        kind = type(composition).__name__.lower()
        yield {**_entry(composition, definition, places), "name": name, "detail": kind, "members": stages}
    for name, mesh in graph.meshes.items():
        members = [_member("stage", each) for each in mesh.names]
        entry = _entry(mesh, places.bound_in(name), places)
        yield {**entry, "name": name, "detail": "mesh", "members": members}


def _saga(saga: Saga, graph: Graph, places: Places) -> Values:
    definition = places.definition_of(Saga, saga.name)
    steps = []
    for step in saga.steps:
        undone = f"undone by {step.compensated_by.name}" if step.compensated_by else ""
        kind = "" if step.kind == "compensatable" else step.kind
        detail = ", ".join(filter(None, (kind, undone)))
        steps.append(_member("step", step.name, detail, places.of(definition, step.where)))
    older = graph.older(saga.name)
    kept = f", {', '.join(older)} kept" if older else ""
    ends = _addresses(outcomes(saga))
    return {**_entry(saga, definition, places), "detail": f"on $.{saga.on}{kept}", "ends": ends, "members": steps}


def _invariant(invariant: Invariant, places: Places) -> Values:
    entry = _entry(invariant, places.definition_of(Invariant, invariant.name), places)
    return {**entry, "detail": invariant.mode}


def _contracts(graph: Graph, places: Places) -> Iterator[Values]:
    """Yield a contracts cell with its events and contracts; other cells that declare events count too."""
    for definition in graph.definitions.values():
        events = definition.declarations.of(Event)
        if definition.kept_version or not (events or definition.source.kind == "contracts"):
            continue
        names = [name for name in definition.exports if name in graph.contracts]
        members = [_member("event", f"$.{each.address}") for each in events]
        members += [_member("contract", name) for name in names]
        entry = _entry(definition, definition, places)
        yield {**entry, "detail": count(len(events), "event"), "members": members}


def _broken(graph: Graph) -> Iterator[Values]:
    for name, broken in graph.broken.items():
        kind, _, _ = broken.where.cell.partition(" ")
        place = {
            "cell": broken.cell_id or "",
            "magic": f"%%{broken.where.cell}",
            "file": "",
            "line": broken.where.line,
        }
        yield {"name": name, "kind": kind, "reason": broken.reason, "place": place}
