"""Forms for faults: every kind has one, what they admit is a fault that can be, and what they refuse they say where."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import studio
from studio.errors import InvalidFault
from studio.graph.build import Graph
from studio.graph.system import Build
from studio.model.distribution import Exponential, LogNormal, Pareto, Uniform
from studio.model.fault import KINDS, Fault, fault_from, plan_to
from studio.model.faults.clock_faults import clock_jump
from studio.model.faults.data_faults import mismatch
from studio.model.faults.fault_form import FaultForm, FormField, families, form_of, forms
from studio.model.faults.network_faults import latency, lose, partition
from studio.model.faults.process_faults import Crash, crash
from studio.simulation.harming.form_choices import parties_of, read_form, suggestions, targets_of
from studio.simulation.targets import check_plan

ORDERS: Build = studio.load(Path(__file__).parents[2] / "simulations" / "orders").build()
GRAPH: Graph = ORDERS.graph
PARTS = (lose("cards", leg="reply", occurrence=1), crash("Payment", at="2s"))
EACH = pytest.mark.parametrize("form", forms(), ids=lambda form: form.kind)

durations = st.one_of(st.sampled_from(["0s", "1ms", "30s", "1m30s"]), st.integers(0, 10**12).map(lambda ns: f"{ns}ns"))
moments = st.one_of(st.sampled_from(["", "now", "+30s"]), durations)
BY_CONTROL: dict[str, Any] = {
    "duration": durations,
    "moment": moments,
    "occasions": st.sampled_from(["", "1", "2, 5", [1, 3]]),
    "switch": st.booleans(),
    "text": st.sampled_from(["", "x", "id"]),
    "names": st.sampled_from(["", "items", ["id"]]),
    "pairs": st.sampled_from(["", "id=number", "id=number, currency=EUR"]),
    "kinds": st.sampled_from([[], ["crash", "lose"]]),
    "faults": st.sampled_from([(), PARTS, plan_to(PARTS)]),
}


def strategy(form: FaultForm, field: FormField) -> st.SearchStrategy[Any]:
    """Whatever people may put into a field, most of it sensible."""
    if field.control in ("targets", "parties"):
        known = targets_of(GRAPH, form) if field.control == "targets" else parties_of(GRAPH)
        return st.lists(st.sampled_from(known), min_size=field.control == "targets", max_size=2, unique=True)
    if field.control == "choice":
        return st.sampled_from(field.choices)
    if field.control == "slider":
        return st.floats(*field.span)
    if field.control == "integer":
        return st.one_of(st.integers(int(field.span[0]), int(field.span[1])), st.just(field.default))
    named = suggestions(GRAPH, form, field.name, targets_of(GRAPH, form))
    return st.one_of(BY_CONTROL[field.control], *([st.sampled_from(named)] if named else []))


@st.composite
def filled(draw: st.DrawFn) -> tuple[FaultForm, dict[str, Any]]:
    form = draw(st.sampled_from(forms()))
    wanted = [field for field in form.fields if field.control == "targets" or draw(st.booleans())]
    return form, {field.name: draw(strategy(form, field)) for field in wanted}


@given(filled(), st.integers(0, 10**12))
def test_what_a_form_admits_is_a_fault_that_can_be_in_the_system(
    filled: tuple[FaultForm, dict[str, Any]], now_ns: int
) -> None:
    form, values = filled
    reading = read_form(GRAPH, form, values, now_ns=now_ns)
    if reading.fault is None:
        assert all(reading.complaints.values())
        assert set(reading.complaints) <= {"", *(field.name for field in form.fields)}
        return
    assert fault_from(plan_to((reading.fault,))[0]) == reading.fault
    check_plan(ORDERS, (reading.fault,))
    again = form.read(form.values(reading.fault))
    assert again.fault == reading.fault


def test_every_kind_has_a_form_in_one_family() -> None:
    listed = [form.kind for of_family in families().values() for form in of_family]
    assert sorted(listed) == sorted(KINDS)


@EACH
def test_a_form_as_it_is_first_shown_admits_what_it_can_strike(form: FaultForm) -> None:
    targets = targets_of(GRAPH, form)
    values: dict[str, Any] = {"targets": [targets[0]]} if targets else {"parts": PARTS}
    if form.kind == "hot-key":
        values |= {"field": suggestions(GRAPH, form, "field", targets[:1])[0]}
    assert read_form(GRAPH, form, values).complaints == {}


@EACH
def test_a_form_says_what_it_does_and_labels_every_field(form: FaultForm) -> None:
    assert form.title
    assert form.about.endswith(".")
    assert all(field.label for field in form.fields)
    assert len({field.name for field in form.fields}) == len(form.fields)


@pytest.mark.parametrize(
    ("kind", "values", "field", "reason"),
    [
        ("lose", {"targets": ["Payment"], "probability": 1.7}, "probability", "1.7 is not between 0 and 1"),
        ("lose", {"targets": ["Payment"], "probability": "often"}, "probability", "'often' is no number"),
        ("lose", {"targets": []}, "targets", "no target is given"),
        ("lose", {"targets": ["Paymnt"]}, "targets", "Paymnt does not exist; nearest: Payment"),
        ("lose", {"targets": ["Payment"], "source": ["Nobody"]}, "source", "Nobody does not exist"),
        ("lose", {"targets": ["Payment"], "occurrence": "0"}, "occurrence", "counted from 1"),
        ("lose", {"targets": ["Payment"], "occurrence": "first"}, "occurrence", "'first' is no whole number"),
        (
            "lose", {"targets": ["Payment"], "occurrence": "1", "probability": 0.5}, "occurrence",
            "give it or a probability, not both",
        ),
        ("lose", {"targets": ["Payment"], "occurrence": "1", "every": 2}, "every", "exclude each other"),
        ("lose", {"targets": ["Payment"], "at": "30s", "until": "10s"}, "until", "ends before it begins"),
        ("lose", {"targets": ["Payment"], "leg": "sideways"}, "leg", "'sideways' is none of request"),
        ("lose", {"targets": ["Payment"], "chance": 1}, "chance", "there is no field chance"),
        ("crash", {"targets": ["Payment"], "down_for": "-3s"}, "down_for", "-3s is negative"),
        ("crash", {"targets": ["Payment"], "down_for": "soon"}, "down_for", "soon is no duration"),
        ("crash", {"targets": ["Payment"], "replica": 9}, "replica", "replica=9 is none"),
        ("crash", {"targets": ["Payment"], "times": 1.5}, "times", "1.5 is no whole number"),
        ("pause", {"targets": ["Payment"], "lasts": "5s", "replaced_after": "9s"}, "replaced_after", "before it is"),
        ("partition", {"targets": ["Payment"], "source": ["Payment"]}, "source", "on both sides"),
        ("storage-error", {"targets": ["*"], "operation": "read", "committed": True}, "committed", "only a commit"),
        ("latency", {"targets": ["Payment"], "extra_shape": "evenly up to", "extra_high": "1ms"}, "extra", "ends"),
        ("fail", {"targets": ["Payment.process"], "error": "Nonsense"}, "error", "error=Nonsense"),
        ("mismatch", {"targets": ["Payment.process"], "rename": "id"}, "rename", "id is not of the form"),
        ("swarm", {"kinds": ["mayhem"]}, "kinds", "mayhem is no kind"),
        ("together", {"parts": [{"kind": "mayhem"}]}, "parts", "cannot be read"),
        ("together", {}, "parts", "no parts"),
        ("clock-drift", {"targets": ["Payment"], "ppm": 0}, "ppm", "ppm=0"),
    ],
)  # fmt: skip
def test_impossible_values_are_told_at_their_field(kind: str, values: Any, field: str, reason: str) -> None:
    reading = read_form(GRAPH, form_of(kind), values)
    assert reading.fault is None
    assert reason in reading.complaints[field]


def test_several_fields_complain_at_once() -> None:
    reading = form_of("crash").read({"targets": ["Payment"], "down_for": "", "times": 0})
    assert set(reading.complaints) == {"down_for", "times"}


@pytest.mark.parametrize(
    "fault",
    [
        latency("Payment", Exponential("40ms"), leg="both", until="30s"),
        latency("Payment", LogNormal("3ms", 0.4)),
        latency("Payment", Pareto("1ms", 2.0)),
        latency("Payment", Uniform("1ms", "5ms")),
        partition(["Payment", "Inventory"], ["Orders"], mode="hold", until="20s"),
        mismatch("Payment.process", drop=["note"], rename={"id": "number"}, add={"a": 1, "b": "1", "c": None}),
        clock_jump("Payment", "5s", at="2s", back=True),
        lose("Payment", occurrence=(1, 3)),
        crash("Payment"),
    ],
    ids=str,
)  # fmt: skip
def test_a_fault_can_be_taken_back_into_its_form(fault: Fault) -> None:
    form = form_of(fault.kind)
    assert form.read(form.values(fault)).fault == fault


def test_what_a_form_does_not_show_stays_when_a_fault_is_changed() -> None:
    fault = Crash("Payment", probability=0.5)
    form = form_of("crash")
    changed = form.read(form.values(fault) | {"down_for": "9s"}, base=fault).fault
    assert changed == Crash("Payment", probability=0.5, down_ns=9_000_000_000)


def test_moments_are_counted_from_now_where_they_begin_with_a_plus() -> None:
    read = form_of("lose").read({"targets": ["Payment"], "at": "now", "until": "+30s"}, now_ns=5_000_000_000)
    assert read.fault == lose("Payment", at="5s", until="35s")


def test_an_instant_that_is_left_empty_is_now() -> None:
    assert form_of("crash").read({"targets": ["Payment"]}, now_ns=7_000_000_000).fault == crash("Payment", at="7s")


def test_only_fields_that_count_are_read() -> None:
    values = {"targets": ["Payment"], "extra_shape": "always the same", "extra_high": "nonsense"}
    assert form_of("latency").read(values).complaints == {}


def test_an_unknown_kind_is_refused_with_the_nearest() -> None:
    with pytest.raises(InvalidFault, match="nearest: lose"):
        form_of("loose")


def test_a_form_offers_what_the_system_declares() -> None:
    assert "cards" in targets_of(GRAPH, form_of("exhaust"))
    assert "Analytics" not in targets_of(GRAPH, form_of("exhaust"))
    assert suggestions(GRAPH, form_of("fail"), "error", ("Payment.process",))
    assert "id" in suggestions(GRAPH, form_of("mismatch"), "drop", ("Order.created",))
