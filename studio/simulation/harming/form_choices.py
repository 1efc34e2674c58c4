"""Fill the forms of faults from a system: whom each kind can strike, what is declared there, what does not fit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from studio.errors import StudioError, UnfitTarget, UnknownTarget
from studio.graph.build import Graph
from studio.model.fault import KINDS, Fault
from studio.model.faults.fault_form import FaultForm, Reading
from studio.simulation.harming.fault_targets import check_fault, fitting

__all__ = ["parties_of", "read_form", "suggestions", "targets_of"]


def targets_of(graph: Graph, form: FaultForm) -> tuple[str, ...]:
    """Return whom a form's kind can strike in a system; none where the system has nothing of the sort."""
    known = fitting(graph, KINDS[form.kind])
    if form.kind == "exhaust":  # whoever asks no third party has no connections to be short of
        known = [name for name in known if name in graph.externals or graph.services.get(name, _NOBODY).clients]
    return tuple(known)


def parties_of(graph: Graph) -> tuple[str, ...]:
    """Return who can send or receive: services, sagas, third parties, the bus, and the world outside."""
    return (*graph.services, *graph.sagas, *graph.externals, "bus", "world")


def suggestions(graph: Graph, form: FaultForm, name: str, targets: tuple[str, ...]) -> tuple[str, ...]:
    """Return what is declared that a text of a form may name: errors, fields, versions; none for other fields.

    Args:
        graph: Of the system.
        form: Which.
        name: Of the field.
        targets: That were chosen so far.
    """
    operations = [graph.operations[each][1] for each in targets if each in graph.operations]
    if (form.kind, name) == ("fail", "error"):
        asked = operations or [operation for _, operation in graph.operations.values()]
        return tuple(sorted({kind.code() for operation in asked for kind in operation.raises}))
    if (form.kind, name) == ("deploy", "before"):
        return tuple(version for each in targets for version in graph.older(each))
    if (form.kind, name) in (("hot-key", "field"), ("mismatch", "drop"), ("mismatch", "rename")):
        events = [graph.events[each].contract for each in targets if each in graph.events]
        carried = [*(operation.takes for operation in operations), *events]
        return tuple(sorted({field for each in carried for field in getattr(each, "model_fields", {})}))
    return ()


def read_form(
    graph: Graph, form: FaultForm, values: Mapping[str, Any], *, now_ns: int = 0, base: Fault | None = None
) -> Reading:
    """Return the fault that values stand for in a system, or what is wrong with them, by field.

    Args:
        graph: Of the system.
        form: Which.
        values: By the names of fields.
        now_ns: Virtual time.
        base: As for `FaultForm.read`.
    """
    reading = form.read(values, now_ns=now_ns, base=base)
    if reading.fault is None:
        return reading
    try:
        check_fault(graph, reading.fault, lambda _: None)
    except (UnknownTarget, UnfitTarget) as error:
        return Reading(None, {_blamed(form, error): _told(error)})
    except StudioError as error:
        return Reading(None, {"": str(error).splitlines()[0].partition(": ")[2]})
    return reading


class _Nobody:
    """Who asks no third party."""

    clients: Mapping[str, Any] = {}


_NOBODY: Any = _Nobody()
_WORDS = (
    ("replica=", "replica"),
    ("error=", "error"),
    ("older version", "before"),
    ("which has no reply", "leg"),
    ("has no field", "field"),
    ("has no field", "drop"),
)
"""What reasons say, and the field that they are about."""


def _blamed(form: FaultForm, error: StudioError) -> str:
    names = {each.name for each in form.fields}
    for side in ("source", "to"):
        if f"{side}=..." in str(error.attributes["what"]):
            return side
    reason = str(error.attributes.get("reason", ""))
    found = next((name for word, name in _WORDS if word in reason and name in names), "")
    return found or ("targets" if "targets" in names else "parts" if "parts" in names else "")


def _told(error: StudioError) -> str:
    """Return an error about a target in one line, without what the form shows anyhow."""
    target, known = error.attributes["target"], error.attributes["known"]
    if isinstance(error, UnknownTarget):
        return f"{target} does not exist; nearest: {known}"
    return f"{target} {error.attributes['reason']}; what it can: {known}"
