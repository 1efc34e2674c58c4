"""Forms for faults: what can be stated of each kind, with which controls, and how what was filled in becomes a fault.

A form is pure: whom a fault can strike in a system, and what its contracts declare, is
`studio.simulation.harming.form_choices`. What is drawn from a form (a dashboard, a notebook's cell) keeps what people
typed; a form says what is wrong with it, at the field.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

from studio.errors import InvalidFault, StudioError, nearest
from studio.model.duration import SECOND_NS, exact_ns
from studio.model.fault import KINDS, Fault
from studio.model.faults.form_field import Control, FormField, Unfit, read_field, shown_value
from studio.model.faults.form_spread import spread_fields, spread_of, spread_shown
from studio.model.faults.form_table import ROWS, Part, Row

__all__ = ["FaultForm", "FormField", "Reading", "families", "form_of", "forms"]

_LATENCY_NS = SECOND_NS // 5


@dataclass(frozen=True, slots=True)
class Reading:
    """What a form makes of what was filled in.

    Attributes:
        fault: None where something is wrong.
        complaints: What is wrong, by the field's name; under the empty name what concerns several.
    """

    fault: Fault | None
    complaints: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FaultForm:
    """The form of one kind of fault.

    Attributes:
        kind: As in plans.
        family: Under which it is listed.
        title: For people.
        about: What the fault does, in one line.
        fields: In the order in which they are drawn; the targets are first.
    """

    kind: str
    family: str
    title: str
    about: str
    fields: tuple[FormField, ...]

    @property
    def strikes(self) -> tuple[str, ...]:
        """Return what the fault can strike, in the words of `Fault.strikes`."""
        return KINDS[self.kind].strikes

    @property
    def is_instant(self) -> bool:
        """Whether it strikes once, at an instant; an empty one is now."""
        return KINDS[self.kind].tempo == "instant"

    def defaults(self) -> dict[str, Any]:
        """Return what stands in the fields at first."""
        return {each.name: each.default for each in self.fields}

    def read(self, values: Mapping[str, Any], *, now_ns: int = 0, base: Fault | None = None) -> Reading:
        """Return the fault that values stand for, or what is wrong with them.

        Args:
            values: By the names of fields; what is left out is as at first.
            now_ns: Virtual time, from which moments with a plus are counted.
            base: A fault of the kind that is being changed: what the form does not show stays as it is there.
        """
        complaints = {name: self._unknown(name) for name in values if all(name != each.name for each in self.fields)}
        given = self.defaults() | dict(values)
        read: dict[str, Any] = {}
        for each in self.fields:
            if each.counts(given):
                try:
                    read[each.name] = read_field(each, given[each.name], now_ns)
                except Unfit as error:
                    complaints[each.name] = str(error)
        if complaints:
            return Reading(None, complaints)
        try:
            return Reading(self._made(read, now_ns, base))
        except InvalidFault as error:
            reason = str(error.attributes["reason"])
            return Reading(None, {self._blamed(reason): reason})
        except StudioError as error:
            return Reading(None, {self._blamed("extra"): str(error).splitlines()[0].partition(": ")[2]})

    def values(self, fault: Fault) -> dict[str, Any]:
        """Return what stands in the fields for a fault of this kind."""
        shown: dict[str, Any] = {}
        for each in self.fields:
            if each.control == "targets":
                shown[each.name] = list(fault.targets)
            elif each.attribute == "extra":
                shown |= spread_shown(fault)
            else:
                shown[each.name] = shown_value(each, getattr(fault, each.attribute))
        if self.is_instant:
            shown["at"] = exact_ns(fault.from_ns)
        return shown

    def _made(self, read: dict[str, Any], now_ns: int, base: Fault | None) -> Fault:
        attributes: dict[str, Any] = {}
        for each in self.fields:
            if each.control == "targets":
                if not read[each.name]:
                    raise InvalidFault(fault=self.kind, reason="no target is given")
                attributes |= {"target": read[each.name][0], "also": read[each.name][1:]}
            elif each.attribute == "extra":
                attributes["extra"] = spread_of(read)
            else:
                attributes[each.attribute] = read[each.name]
        if attributes.get("from_ns", 0) is None:
            attributes["from_ns"] = now_ns if self.is_instant else 0
        return KINDS[self.kind](**attributes) if base is None else replace(base, **attributes)

    def _unknown(self, name: str) -> str:
        return f"there is no field {name}; nearest: {nearest(name, [each.name for each in self.fields])}"

    def _blamed(self, reason: str) -> str:
        """Return the field that a reason is said at: the first that it is known to be about."""
        names = [each.name for each in self.fields]
        return next((name for word, name in _BLAMED if word in reason and name in names), "")


_BLAMED = (
    ("no target", "targets"),
    ("occurrence is certain", "occurrence"),
    ("occurrence and every exclude", "every"),
    ("the window", "until"),
    ("both sides", "source"),
    ("committed", "committed"),
    ("before it is replaced", "replaced_after"),
    ("ppm", "ppm"),
    ("part", "parts"),
    ("extra", "extra"),
)
"""Words of the reasons that kinds give, and the field at which each is said."""


@functools.cache
def forms() -> tuple[FaultForm, ...]:
    """Return the forms of all kinds, by family."""
    return tuple(_form(row) for row in ROWS)


def form_of(kind: str) -> FaultForm:
    """Return the form of a kind.

    Raises:
        InvalidFault: There is no such kind.
    """
    found = next((each for each in forms() if each.kind == kind), None)
    if found is None:
        raise InvalidFault(fault=kind, reason=f"unknown kind; nearest: {nearest(kind, KINDS)}")
    return found


def families() -> dict[str, tuple[FaultForm, ...]]:
    """Return the forms by family, in order."""
    found: dict[str, list[FaultForm]] = {}
    for form in forms():
        found.setdefault(form.family, []).append(form)
    return {name: tuple(of_family) for name, of_family in found.items()}


# -- from rows ------------------------------------------------------------------------------------------------------


def _form(row: Row) -> FaultForm:
    kind = KINDS[row.kind]
    targets = [_targets(row)] if kind.strikes else []
    own = [made for part in row.parts for made in _own(kind, part)]
    shared = [_shared(name, row) for name in row.shared]
    often = [each for each in shared if not each.is_rare]
    rare = [each for each in shared if each.is_rare]
    return FaultForm(row.kind, row.family, row.title, row.about, (*targets, *own, *often, *rare))


def _targets(row: Row) -> FormField:
    default = ["bus"] if row.kind == "broker-loses" else []
    return FormField("targets", "target", "Strikes", "targets", default, "Several go down as one")


def _shared(name: str, row: Row) -> FormField:
    made = _SHARED[name]
    if row.kind == "partition" and name == "source":
        made = replace(made, label="Other side", about="Everybody else unless given", is_rare=False)
    if KINDS[row.kind].tempo == "instant":
        made = replace(made, about="Since the run began; empty is now", is_rare=False)
    return replace(made, default=row.defaults.get(name, made.default))


_WINDOW = "Since the run began, such as 30s; +30s is from now"
_SHARED: dict[str, FormField] = {
    "probability": FormField(
        "probability", "probability", "Probability", "slider", 1.0, "Of each occasion", low=0, high=1, step=0.01
    ),
    "occurrence": FormField(
        "occurrence", "occurrence", "Only the n-th", "occasions", "", "1, or several: 1, 3", may_be_empty=True
    ),
    "every": FormField(
        "every", "every", "Each n-th", "integer", "", low=1, span=(1, 100), may_be_empty=True, is_rare=True
    ),
    "at": FormField("at", "from_ns", "From", "moment", "", _WINDOW, may_be_empty=True, is_rare=True),
    "until": FormField("until", "until_ns", "Until", "moment", "", _WINDOW, may_be_empty=True, is_rare=True),
    "source": FormField(
        "source", "source", "Sent by", "parties", [], "Anybody unless given", may_be_empty=True, is_rare=True
    ),
    "to": FormField("to", "to", "Going to", "parties", [], "Anybody unless given", may_be_empty=True, is_rare=True),
}


def _own(kind: type[Fault], part: Part) -> Iterator[FormField]:
    if part.attribute == "extra":
        yield from spread_fields(part, _LATENCY_NS if kind.kind == "latency" else SECOND_NS)
        return
    default = next(each.default for each in fields(kind) if each.name == part.attribute)
    control = part.options.get("control") or _control(kind, part.attribute, default)
    options = {name: value for name, value in part.options.items() if name != "control"}
    if part.attribute in kind.choices:
        options["choices"] = kind.choices[part.attribute]
    made = FormField(
        part.attribute.removesuffix("_ns").replace("down", "down_for"), part.attribute, part.label, control, None,
        part.about, **options,
    )  # fmt: skip
    yield replace(made, default=shown_value(made, default))


def _control(kind: type[Fault], attribute: str, default: Any) -> Control:
    """Return what a field is drawn as, by the type of what it holds."""
    named: dict[str, Control] = {"parts": "faults", "kinds": "kinds", "rename": "pairs", "add": "pairs"}
    if attribute in named:
        return named[attribute]
    if attribute in kind.choices:
        return "choice"
    if attribute.endswith("_ns"):
        return "duration"
    by_type: dict[type, Control] = {bool: "switch", int: "integer", float: "slider", tuple: "names"}
    return by_type.get(type(default), "text")
