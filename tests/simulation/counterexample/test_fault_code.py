"""Faults as code: evaluating the line gives the fault, whatever its kind and options."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio import lose
from studio.errors import StudioError
from studio.model.distribution import Exponential, LogNormal, Uniform
from studio.model.fault import KINDS, Fault, fault_from, plan_to
from studio.model.prelude import PRELUDE
from studio.simulation.counterexample.fault_code import fault_code, fields_of, plan_code, target_code

_TARGETS = ["Payment", "cards", "Order.*", "Payment.process", "Order.class.x"]
_TIMES_NS = st.integers(0, 10**13)
_DISTRIBUTIONS = st.sampled_from([Exponential("3ms"), Uniform("1ms", "2s"), LogNormal("40ms", sigma=0.5)])


def varied(kind: str) -> st.SearchStrategy[Fault]:
    """Return faults of a kind in which any field may differ from its default."""

    def made(draw: st.DrawFn) -> Fault:
        plain = _plain(kind)
        changes: dict[str, Any] = {}
        for name in fields_of(kind).values():
            if draw(st.booleans()):
                changes[name] = draw(_values(plain, name))
        return _changed(plain, changes)

    return st.composite(made)()


def _plain(kind: str) -> Fault:
    """Return the plainest fault of a kind, by the values of a dictionary."""
    return fault_from({"kind": kind, "target": "Payment"})


def _values(fault: Fault, name: str) -> st.SearchStrategy[Any]:
    value = getattr(fault, name)
    if name in fault.choices:
        return st.sampled_from(fault.choices[name])
    by_name = {"target": st.sampled_from(_TARGETS), "extra": _DISTRIBUTIONS}
    by_type = {bool: st.booleans(), int: st.integers(1, 9), float: st.floats(0, 1)}
    ordinary = by_name.get(name, by_type.get(type(value), st.just(value)))
    return _TIMES_NS if name.endswith("_ns") else ordinary


def _changed(fault: Fault, changes: dict[str, Any]) -> Fault:
    (values,) = plan_to((fault,))
    try:
        return type(fault)(**{field.name: getattr(fault, field.name) for field in fields(fault)} | changes)
    except StudioError:
        return fault_from(values)


@pytest.mark.parametrize("kind", sorted(KINDS))
@given(data=st.data())
def test_evaluating_the_code_of_a_fault_gives_the_fault(kind: str, data: st.DataObject) -> None:
    fault = data.draw(varied(kind))
    made: Fault = eval(fault_code(fault), dict(PRELUDE))  # noqa: S307 - our own text
    assert made == fault


def test_defaults_are_left_out() -> None:
    assert plan_code([lose("cards", leg="reply", occurrence=1)]) == ['lose("cards", leg="reply", occurrence=1)']


@pytest.mark.parametrize(
    ("target", "code"),
    [("Payment.process", "S.Payment.process"), ("Payment", '"Payment"'), ("Order.*", '"Order.*"')],
)
def test_only_addresses_are_written_as_such(target: str, code: str) -> None:
    assert target_code(target) == code
