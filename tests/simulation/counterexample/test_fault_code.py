"""Faults as code: evaluating the line gives the fault, whatever its kind and options."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from studio.errors import StudioError
from studio.model.distribution import Exponential, LogNormal, Uniform
from studio.model.fault import KINDS, Fault, fault_from
from studio.model.faults.network_faults import lose
from studio.simulation.counterexample.fault_code import fault_code, fields_of, namespace, plan_code, target_code

_TARGETS = st.sampled_from(["Payment", "cards", "Order.*", "Payment.process", "Order.class.x", "Payment/2"])
_NAMES = st.lists(_TARGETS, max_size=2, unique=True).map(tuple)
_VALUES: dict[str, st.SearchStrategy[Any]] = {
    "target": _TARGETS,
    "source": _NAMES,
    "to": _NAMES,
    "extra": st.sampled_from([Exponential("3ms"), Uniform("1ms", "2s"), LogNormal("40ms", sigma=0.5)]),
    "occurrence": st.integers(0, 9) | st.lists(st.integers(1, 9), min_size=2, max_size=3).map(tuple),
}
_ORDINARY: dict[type, st.SearchStrategy[Any]] = {
    bool: st.booleans(),
    int: st.integers(0, 9),
    float: st.floats(0, 1),
    str: st.sampled_from(["x", "it's", 'say "no"']),
}


def plain(kind: str) -> Fault:
    """The plainest fault of a kind."""
    parts = {"parts": [{"kind": "crash", "target": "Payment"}, {"kind": "lose", "target": "cards", "leg": "reply"}]}
    return fault_from({"kind": kind} | (parts if kind in ("together", "swarm") else {"target": "Payment"}))


def values(fault: Fault, name: str) -> st.SearchStrategy[Any]:
    """Values for a field."""
    value = getattr(fault, name)
    if name in fault.choices:
        return st.sampled_from(fault.choices[name])
    if name.endswith("_ns"):
        return st.integers(0, 10**13)
    return _VALUES.get(name, _ORDINARY.get(type(value), st.just(value)))


@st.composite
def varied(draw: st.DrawFn, kind: str) -> Fault:
    """Faults of a kind in which whatever its constructor takes may be other than by default."""
    fault = plain(kind)
    for name in fields_of(kind).values():
        if draw(st.booleans()):
            try:
                fault = replace(fault, **{name: draw(values(fault, name))})
            except StudioError:
                continue  # two options that exclude each other, or a value out of range
    return fault


@pytest.mark.parametrize("kind", sorted(KINDS))
@settings(max_examples=30)
@given(data=st.data())
def test_evaluating_the_code_of_a_fault_gives_the_fault(kind: str, data: st.DataObject) -> None:
    fault = data.draw(varied(kind))
    made: Fault = eval(fault_code(fault), namespace())  # noqa: S307 - our own text
    assert made == fault


def test_defaults_are_left_out() -> None:
    assert plan_code([lose("cards", leg="reply", occurrence=1)]) == ['lose("cards", leg="reply", occurrence=1)']


@pytest.mark.parametrize(
    ("target", "code"),
    [("Payment.process", "S.Payment.process"), ("Payment", '"Payment"'), ("Order.*", '"Order.*"')],
)
def test_only_addresses_are_written_as_such(target: str, code: str) -> None:
    assert target_code(target) == code


def test_in_a_cell_addresses_begin_with_a_dollar() -> None:
    assert fault_code(lose("Payment.process"), "$") == "lose($.Payment.process)"
