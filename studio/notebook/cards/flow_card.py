"""Make the cards of what is drawn as a flow: compositions and sagas."""

from __future__ import annotations

from studio.graph.build import Graph
from studio.graph.definition import Definition
from studio.model.composition import Composition, Parallel, Route, Sequence, label, returns_of, takes_of
from studio.model.duration import format_ns
from studio.model.mesh import Mesh
from studio.model.saga import Compensation, Saga, Step
from studio.notebook.cards.card import (
    Box,
    Card,
    Cell,
    Chain,
    Flow,
    Fork,
    Lines,
    Node,
    Section,
    Span,
    Table,
    address,
    code,
    flag,
    muted,
    words,
)
from studio.notebook.cards.plain import table_lines
from studio.notebook.cards.policy_words import mesh_table
from studio.notebook.cards.wording import count, listed, retry_words, type_words

__all__ = ["compositions_card", "saga_card"]


def compositions_card(definition: Definition, graph: Graph) -> Card:
    """Return the card of a compose cell: a flow for each composition that has a name, a table for each mesh."""
    kinds = (Composition, Mesh)
    named = [(name, each) for name, each in definition.exports.items() if isinstance(each, kinds)]
    sections: list[Section] = []
    for name, each in sorted(named, key=lambda pair: list(vars(definition.module)).index(pair[0])):
        if isinstance(each, Mesh):
            sections.append(mesh_table(name, each))
            continue
        about = f"{type_words(each.takes)} → {type_words(each.returns)}"
        sections.append(Flow(name, _node(each), tuple(_text(each)), about))
    meshes = sum(isinstance(each, Mesh) for _, each in named)
    facts = words(count(len(named) - meshes, "composition")) if len(named) > meshes or not meshes else ()
    facts += words(count(meshes, "mesh", "meshes")) if meshes else ()
    return Card("compose", definition.source.name, facts, definition.module.__doc__ or "", tuple(sections))


def saga_card(definition: Definition, saga: Saga, graph: Graph) -> Card:
    """Return the card of a saga: its steps as boxes with what undoes them below, and its events."""
    chain = Chain(tuple(_group(group) for group in saga.groups))
    kept = [version for name, version in graph.sagas_by_version if name == saga.name and version != saga.version]
    notes = Lines("", (muted(f"Kept for instances under way: {listed(kept)}."),) if kept else ())
    sections: tuple[Section, ...] = (
        Flow("Steps", chain, tuple(_step_lines(saga))) if saga.steps else Lines("Steps", (muted("none yet"),)),
        _events(saga, graph),
        notes,
    )
    facts = (Span(f"version {saga.version}"), Span(count(len(saga.steps), "step")))
    doc = saga.doc or definition.module.__doc__ or ""
    return Card("saga", saga.name, facts, doc, sections)


# -- compositions -----------------------------------------------------------------------------------------------------


def _node(stage: object) -> Node:
    match stage:
        case Sequence(parts=parts):
            return Chain(tuple(_node(part) for part in parts))
        case Parallel(parts=parts, on_error=on_error):
            kept = "errors are collected" if on_error == "collect" else "the first error cancels the others"
            return Fork(f"all at once, {kept}", tuple((name, _node(part)) for name, part in parts.items()))
        case Route(branches=branches, otherwise=otherwise):
            ways = [(branch.label, _node(branch.stage)) for branch in branches]
            ways += [] if otherwise is None else [("otherwise", _node(otherwise))]
            return Fork("the first that holds", tuple(ways))
    return Box(label(stage), _wire(stage))


def _wire(stage: object) -> Cell:
    takes, returns = takes_of(stage), returns_of(stage)
    return (*words(type_words(takes)), *muted(" → "), *words(type_words(returns)))


def _text(composition: Composition, depth: int = 0) -> list[str]:
    """Return a composition as lines: what is inside another is indented below it."""
    pad = "  " * depth
    if isinstance(composition, Sequence) and not any(isinstance(part, Composition) for part in composition.parts):
        return [pad + " → ".join(map(label, composition.parts))]
    lines = []
    for position, (name, stage) in enumerate(composition.stages(), start=1):
        head = f"{position}. " if isinstance(composition, Sequence) else f"{name}: "
        if isinstance(stage, Composition):
            lines += [f"{pad}{head.rstrip()} {_word(stage)}".rstrip(), *_text(stage, depth + 1)]
        else:
            lines.append(f"{pad}{head}{label(stage)}")
    return lines if depth else [_order(composition), *(f"  {line}" for line in lines)]


def _word(composition: Composition) -> str:
    order = _order(composition)
    return f"{composition.name} ({order})" if composition.name else order


def _order(composition: Composition) -> str:
    match composition:
        case Parallel(on_error=on_error):
            return "all at once" + (", errors are collected" if on_error == "collect" else "")
        case Route():
            return "the first that holds"
    return "one after the other"


# -- sagas ------------------------------------------------------------------------------------------------------------


def _group(group: list[Step]) -> Node:
    if len(group) == 1:
        return _step_box(group[0])
    return Fork("at once", tuple(("", _step_box(step)) for step in group))


def _step_box(step: Step) -> Box:
    undone = None if step.compensated_by is None else _compensation_box(step.compensated_by)
    marks = (*flag(_kind_word(step)), *muted(f" {_limits(step)}"))
    return Box(step.name, marks, undone, is_decisive=step.kind == "pivot")


def _compensation_box(compensation: Compensation) -> Box:
    limits = [retry_words(compensation.retry), f"{format_ns(compensation.timeout_ns)} each"]
    return Box(compensation.name, words(", ".join(filter(None, limits))))


def _kind_word(step: Step) -> str:
    if step.kind == "compensatable" and step.compensated_by is None:
        return "nothing to undo"
    return step.kind


def _limits(step: Step) -> str:
    return ", ".join(filter(None, (retry_words(step.retry), f"{format_ns(step.timeout_ns)} each")))


def _step_lines(saga: Saga) -> list[str]:
    rows = []
    for number, group in enumerate(saga.groups, start=1):
        for step in group:
            undone = f"undone by {step.compensated_by.name}" if step.compensated_by else ""
            rows.append((f"{number}.", step.name, _kind_word(step), _limits(step), undone))
    return table_lines(("",) * 5, rows)


def _events(saga: Saga, graph: Graph) -> Table:
    ends = (
        ("starts it", saga.on),
        ("when completed", saga.completed),
        ("when undone", saga.failed),
        ("when stuck", saga.stuck),
    )
    rows = tuple(
        (words(what), address(str(each)), code(_carries(str(each), graph)), _heard(str(each), graph, what))
        for what, each in ends
        if each
    )
    return Table("Events", ("When", "Address", "Carries", "Heard by"), rows)


def _carries(event: str, graph: Graph) -> str:
    return type_words(graph.events[event].contract) if event in graph.events else ""


def _heard(event: str, graph: Graph, what: str) -> Cell:
    if what == "starts it":
        return words("this saga")
    found = sorted({name for name, _ in graph.subscribers(event)})
    found += [f"saga {saga.name}" for saga in graph.triggered(event)]
    return words(listed(found)) if found else muted("nobody yet")
