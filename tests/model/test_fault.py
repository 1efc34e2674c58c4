"""Faults: values that print, compare, serialise, and know when they are due."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio.address import S
from studio.errors import InvalidFault
from studio.model.distribution import Constant, Exponential, LogNormal, Pareto, Uniform
from studio.model.fault import (
    KINDS,
    POINTS,
    Crash,
    Fault,
    Latency,
    Lose,
    crash,
    crash_at,
    down,
    duplicate,
    fault_from,
    latency,
    lose,
    plan_to,
    timeout,
)

targets = st.sampled_from(["Payment", "Payment.process", "Order.>", "cards", "OrderProcessing.reserve"])
moments = st.integers(0, 10**13)
distributions = st.one_of(
    st.integers(0, 10**12).map(lambda ns: Constant(f"{ns}ns")),
    st.sampled_from([Exponential("40ms"), Uniform("1ms", "2ms"), LogNormal("3ms", 0.4), Pareto("1ms", 2.0)]),
)
OWN: dict[str, dict[str, st.SearchStrategy[Any]]] = {
    "latency": {"extra": distributions, "leg": st.sampled_from(Latency.choices["leg"])},
    "lose": {"leg": st.sampled_from(Lose.choices["leg"])},
    "duplicate": {"after_ns": moments},
    "crash": {"replica": st.integers(1, 9), "down_ns": moments},
    "crash-point": {"point": st.sampled_from(POINTS), "down_ns": moments},
    "down": {},
    "timeout": {"ran": st.booleans()},
}


@st.composite
def faults(draw: st.DrawFn) -> Fault:
    """Any fault."""
    kind = draw(st.sampled_from(sorted(KINDS)))
    start = draw(moments)
    return KINDS[kind](
        draw(targets),
        start,
        draw(st.none() | moments.map(lambda length: start + length)),
        draw(st.floats(0, 1)),
        draw(st.integers(0, 5)),
        **{name: draw(values) for name, values in OWN[kind].items()},
    )


@given(st.lists(faults()).map(tuple))
def test_a_plan_survives_json(plan: tuple[Fault, ...]) -> None:
    assert tuple(fault_from(values) for values in json.loads(json.dumps(plan_to(plan)))) == plan


@given(faults())
def test_a_fault_prints_as_what_makes_it(fault: Fault) -> None:
    names = {kind.__name__: kind for kind in (*KINDS.values(), Constant, Exponential, Uniform, LogNormal, Pareto)}
    assert eval(repr(fault), names) == fault  # noqa: S307 - our own text


@given(faults(), moments)
def test_a_fault_is_due_within_its_window_only(fault: Fault, now_ns: int) -> None:
    inside = fault.from_ns <= now_ns and (fault.until_ns is None or now_ns < fault.until_ns)
    assert fault.is_due(now_ns) is inside


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (lose(S.Inventory.reserve, probability=0.05), Lose("Inventory.reserve", probability=0.05)),
        (lose("$.Order.*", leg="reply"), Lose("Order.*", leg="reply")),
        (crash("Payment", at="2m", down_for="30s"), Crash("Payment", 120 * 10**9, down_ns=30 * 10**9)),
        (latency("cards", "1.5s"), Latency("cards", extra=Constant("1500ms"))),
    ],
)
def test_what_authors_write_becomes_a_value(fault: Fault, expected: Fault) -> None:
    assert fault == expected


def test_a_crash_point_strikes_the_first_time_unless_told() -> None:
    assert crash_at("before-acknowledge", S.Order.created).occurrence == 1
    assert crash_at("before-acknowledge", S.Order.created, occurrence=3).occurrence == 3


def test_windows_are_written_as_durations() -> None:
    fault = down("Payment", at="10s", until="1m")
    assert (fault.from_ns, fault.until_ns) == (10 * 10**9, 60 * 10**9)
    assert duplicate(S.Order.created, after="5ms").probability == 1.0


@pytest.mark.parametrize(
    "make",
    [
        lambda: lose(S.Order.created, probability=2),
        lambda: lose(S.Order.created, leg="sideways"),
        lambda: crash_at("somewhere", S.Order.created),
        lambda: timeout(S.Payment.process, at="5s", until="1s"),
        lambda: down("Payment", sometimes=True),
        lambda: crash("Payment", replica=0),
        lambda: fault_from({"kind": "meteor", "target": "Payment"}),
        lambda: fault_from({"kind": "lose", "target": "x", "colour": "red"}),
        lambda: fault_from({"kind": "lose"}),
        lambda: fault_from({"kind": "latency", "target": "x", "extra": {"distribution": "Gauss"}}),
    ],
)
def test_a_fault_that_cannot_be_is_refused(make: Any) -> None:
    with pytest.raises(InvalidFault, match=r"STU309(.|\n)*See the fault's help"):
        make()
