"""What stands behind the controls for faults, in the Faults tab and in a notebook's cell: JSON in, JSON out.

The controls themselves are `components/fault_panel.js`. They ask for one thing at a time; what cannot be is answered
with complaints, by field, and whatever people have typed stays where it is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from studio.dashboard.fault_bench import FaultBench, bench_of
from studio.errors import InvalidFault, StudioError, UnknownTarget, nearest
from studio.model.fault import KINDS, Fault
from studio.model.faults.fault_form import FaultForm, families, form_of, forms
from studio.model.faults.network_faults import Partition
from studio.observe.axis import instant
from studio.simulation.harming.fault_presets import presets_of
from studio.simulation.harming.fault_words import in_words
from studio.simulation.harming.form_choices import parties_of, read_form, suggestions, targets_of

if TYPE_CHECKING:
    from studio.graph.build import Graph
    from studio.simulation.live.in_force import StandingFault
    from studio.simulation.world import World

__all__ = ["FaultPanel", "catalogue_of", "rows_of"]

Strikes = Callable[[], Mapping[int, int]]


def catalogue_of(graph: Graph) -> dict[str, Any]:
    """Return what can be stated of faults in a system: forms with their targets, presets, whom quick controls name."""
    owners: dict[str, Any] = {**graph.services, **graph.sagas}
    events = [each for each in graph.addresses() if each not in graph.operations]
    return {
        "families": [
            {"name": name, "forms": [_form(graph, form) for form in of_family]}
            for name, of_family in families().items()
        ],
        "parties": list(parties_of(graph)),
        "links": [
            {"name": name, "items": items}
            for name, items in (
                ("Services", [*owners]),
                ("Third parties", [*graph.externals]),
                ("Commands", [*graph.operations]),
                ("Events", events),
            )
            if items
        ],
        "owners": [{"name": name, "replicas": each.replicas} for name, each in owners.items()],
        "sides": [*owners, *graph.externals, "bus"],
        "presets": [
            {"name": each.name, "about": each.about, "declared": each.is_declared} for each in presets_of(graph)
        ],
    }


def _form(graph: Graph, form: FaultForm) -> dict[str, Any]:
    shown: list[dict[str, Any]] = []
    for each in form.fields:
        field = {name: value for name, value in asdict(each).items() if name != "attribute"}
        if each.control == "kinds":
            field["choices"] = [other.kind for other in forms() if KINDS[other.kind].strikes]
        shown.append(field)
    about = {"kind": form.kind, "title": form.title, "about": form.about, "instant": form.is_instant}
    return {**about, "fields": shown, "targets": list(targets_of(graph, form))}


def rows_of(standing: tuple[StandingFault, ...], strikes: Mapping[int, int]) -> list[dict[str, Any]]:
    """Return the faults of a plan as the controls list them; those in force first, the newest of them on top."""
    rows = [
        {
            "number": each.number,
            "kind": each.fault.kind,
            "title": form_of(each.fault.kind).title,
            "words": in_words(each.played),
            "strikes": strikes.get(each.number, 0),
            "on": each.is_in_force,
        }
        for each in standing
    ]
    return sorted(rows, key=lambda row: (not row["on"], -row["number"]))


class FaultPanel:
    """Answers what the controls of one world ask.

    Args:
        world: Whose faults.
        strikes: Gives how often each fault of the plan has struck so far, by its number.
    """

    def __init__(self, world: World, strikes: Strikes) -> None:
        self._world, self._strikes = world, strikes
        self._bench: FaultBench = bench_of(world)

    def standing(self) -> dict[str, Any]:
        """Return what stands now."""
        faults = self._bench.standing()
        return {
            "live": self._world.state not in ("closed", "died"),
            "now": self._world.now,
            "rows": rows_of(faults, self._strikes()),
            "undo": self._bench.undoable,
            "redo": self._bench.redoable,
            "losses": {
                f"{'+'.join(each.fault.source)}>{each.fault.target}": each.fault.probability
                for each in faults
                if each.is_in_force and each.fault.kind == "lose"
            },
        }

    def answer(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Do what is asked; say what was done, or what is wrong.

        Args:
            request: `do` names it; see the methods below.
        """
        act = self._acts.get(str(request.get("do")))
        if act is None:
            return {"error": f"there is nothing to do that is called {request.get('do')}"}
        try:
            return act(self, request)
        except StudioError as error:
            return {"error": str(error)}
        except (KeyError, TypeError, ValueError) as error:  # a page that is older than this process
            return {"error": f"{request.get('do')} cannot be read: {error!r}"}

    # -- what can be asked ------------------------------------------------------------------------------------------

    def _check(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Say what values stand for, without doing it."""
        form = form_of(str(request["kind"]))
        targets = request["values"].get("targets", [])
        reading = self._read(form, request)
        named = {
            each.name: list(suggestions(self._graph, form, each.name, tuple(targets)))
            for each in form.fields
            if each.control in ("text", "names")
        }
        words = "" if reading[0] is None else in_words(reading[0])
        return {"complaints": reading[1], "words": words, "suggestions": named}

    def _inject(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Put in force what values stand for, or put it in the place of another."""
        fault, complaints = self._read(form_of(str(request["kind"])), request)
        if fault is None:
            return {"complaints": complaints}
        number = request.get("number")
        if number is None:
            return {"complaints": {}, "done": f"In force: {self._bench.inject((fault,))}"}
        return {"complaints": {}, "done": self._bench.change(int(number), fault)}

    def _edit(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Return a fault in force as the values of its form."""
        fault = self._fault(int(request["number"]))
        return {"kind": fault.kind, "values": form_of(fault.kind).values(fault)}

    def _lift(self, request: Mapping[str, Any]) -> dict[str, Any]:
        return {"done": self._bench.lift((int(request["number"]),))}

    def _lift_all(self, _: Mapping[str, Any]) -> dict[str, Any]:
        numbers = [each.number for each in self._bench.in_force()]
        return {"done": self._bench.lift(numbers, f"all {len(numbers)} lifted") if numbers else "Nothing was in force"}

    def _loss(self, request: Mapping[str, Any]) -> dict[str, Any]:
        share, target = float(request["share"]), str(request["target"])
        reading = read_form(
            self._graph, form_of("lose"),
            {"targets": [target], "probability": share, "source": [request["source"]] if request.get("source") else []},
        )  # fmt: skip
        if reading.fault is None:
            return {"error": "; ".join(reading.complaints.values())}
        return {"done": self._bench.set_loss(target, share, str(request.get("source") or ""))}

    def _crash(self, request: Mapping[str, Any]) -> dict[str, Any]:
        target, replica = str(request["target"]), int(request.get("replica") or 1)
        self._world.crash(target, replica=replica, down_for=str(request.get("down_for") or "1s"))
        return {"done": f"{target}/{replica} crashed at {instant(self._world.now_ns)}"}

    def _partition(self, request: Mapping[str, Any]) -> dict[str, Any]:
        target, source = str(request["target"]), str(request.get("source") or "")
        fault = Partition(target, source=(source,) if source else ())
        return {"done": f"Cut off: {self._bench.inject((fault,))}"}

    def _preset(self, request: Mapping[str, Any]) -> dict[str, Any]:
        name = str(request["name"])
        presets = {each.name: each for each in presets_of(self._graph, self._world.now_ns)}
        if name not in presets:
            raise UnknownTarget(what="preset", target=name, known=nearest(name, presets))
        return {"done": f"In force: {self._bench.inject(presets[name].faults, name)}"}

    def _undo(self, _: Mapping[str, Any]) -> dict[str, Any]:
        return {"done": f"Undone: {self._bench.undo()}"}

    def _redo(self, _: Mapping[str, Any]) -> dict[str, Any]:
        return {"done": f"Done again: {self._bench.redo()}"}

    _acts: Mapping[str, Callable[[FaultPanel, Mapping[str, Any]], dict[str, Any]]] = {
        "check": _check,
        "inject": _inject,
        "edit": _edit,
        "lift": _lift,
        "lift-all": _lift_all,
        "loss": _loss,
        "crash": _crash,
        "partition": _partition,
        "preset": _preset,
        "undo": _undo,
        "redo": _redo,
    }

    # -- helpers ----------------------------------------------------------------------------------------------------

    @property
    def _graph(self) -> Graph:
        return self._world.build.graph

    def _fault(self, number: int) -> Fault:
        found = next((each.fault for each in self._bench.standing() if each.number == number), None)
        if found is None:
            raise InvalidFault(fault=str(number), reason="the plan has no fault of that number")
        return found

    def _read(self, form: FaultForm, request: Mapping[str, Any]) -> tuple[Fault | None, dict[str, str]]:
        number, values = request.get("number"), dict(request["values"])
        base = self._fault(int(number)) if number is not None else None
        if "parts" in values:  # numbers of faults of this plan
            values["parts"] = [self._fault(each) if isinstance(each, int) else each for each in values["parts"]]
        is_same = base is not None and base.kind == form.kind
        reading = read_form(self._graph, form, values, now_ns=self._world.now_ns, base=base if is_same else None)
        return reading.fault, dict(reading.complaints)
