"""Faults: values that print, compare, serialise, and know when they are due."""

from __future__ import annotations

import json
from dataclasses import fields
from typing import Any, get_type_hints

import pytest
from hypothesis import given, reject
from hypothesis import strategies as st

from studio import (
    clog,
    crash,
    crash_at,
    down,
    duplicate,
    latency,
    lose,
    partition,
    pause,
    respond,
    timeout,
    together,
    zone,
)
from studio.address import S
from studio.errors import InvalidFault
from studio.model.declaring import gather
from studio.model.distribution import Constant, Distribution, Exponential, LogNormal, Pareto, Uniform
from studio.model.fault import KINDS, Fault, fault_from, plan_from, plan_to
from studio.model.faults.data_faults import Scalar
from studio.model.faults.network_faults import Latency, Lose
from studio.model.faults.process_faults import Crash
from studio.model.scenario import Scenario

targets = st.sampled_from(["Payment", "Payment/2", "Payment.process", "Order.>", "cards", "OrderProcessing.reserve"])
names = st.lists(targets, max_size=2).map(tuple)
moments = st.integers(0, 10**13)
distributions = st.one_of(
    st.integers(0, 10**12).map(lambda ns: Constant(f"{ns}ns")),
    st.sampled_from([Exponential("40ms"), Uniform("1ms", "2ms"), LogNormal("3ms", 0.4), Pareto("1ms", 2.0)]),
)
BY_TYPE: dict[Any, st.SearchStrategy[Any]] = {
    bool: st.booleans(),
    int: st.integers(1, 9),
    float: st.floats(0.125, 8),
    str: st.sampled_from(["", "x", "CardDeclined"]),
    int | None: st.none() | moments,
    Distribution: distributions,
    tuple[str, ...]: names,
    tuple[tuple[str, Scalar], ...]: st.sampled_from([(), (("currency", "EUR"), ("rate", 1.5), ("note", None))]),
}
BASE = {field.name for field in fields(Fault)}


@st.composite
def faults(draw: st.DrawFn) -> Fault:
    """Any fault that can be: what a kind refuses is drawn again."""
    kind = KINDS[draw(st.sampled_from(sorted(KINDS)))]
    start = draw(moments)
    given: dict[str, Any] = {"target": draw(targets), "from_ns": start}
    given |= {"until_ns": draw(st.none() | moments.map(lambda length: start + length))}
    given |= draw(
        st.fixed_dictionaries({"probability": st.floats(0, 1)})
        | st.fixed_dictionaries({"occurrence": st.integers(0, 5) | st.lists(st.integers(1, 9), min_size=1).map(tuple)})
        | st.fixed_dictionaries({"every": st.integers(0, 5)})
    )
    if kind.strikes:  # those that are made of faults have neither, and some kinds take none
        given |= {name: draw(names) for name in ("also", "source", "to") if draw(st.booleans())}
    given |= {name: draw(own_of(kind, name, hint)) for name, hint in get_type_hints(kind).items() if name in own(kind)}
    try:
        return kind(**given)
    except InvalidFault:
        reject()


def own(kind: type[Fault]) -> set[str]:
    return {field.name for field in fields(kind)} - BASE


def own_of(kind: type[Fault], name: str, hint: Any) -> st.SearchStrategy[Any]:
    if name in kind.choices:
        return st.sampled_from(kind.choices[name])
    if name == "kinds":
        return st.just(("crash", "lose"))
    if hint == tuple[Fault, ...]:
        return st.just((lose("cards"), latency("Payment.process", "5ms", at="1s")))
    if str(hint).startswith("tuple[tuple[str, "):
        return st.lists(st.tuples(st.sampled_from(["a", "b"]), st.just("c")), max_size=2).map(tuple)
    return moments if name.endswith("_ns") and hint is int else BY_TYPE[hint]


@given(st.lists(faults(), max_size=4).map(tuple))
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
        lambda: lose("x", probability=0.5, occurrence=1),
        lambda: lose("x", every=2, occurrence=1),
        lambda: lose("x", occurrence=(0, 1)),
        lambda: lose([]),
        lambda: crash("Payment", times=0),
        lambda: pause("Payment", lasts="1s", replaced_after="2s"),
        lambda: partition("A", "A"),
        lambda: clog("A", per_s=0),
        lambda: respond("cards", 999),
        together,
        lambda: zone("a", []),
        lambda: fault_from({"kind": "crash", "target": "Payment", "source": ["Order"]}),
        lambda: fault_from({"kind": "lose", "target": "x", "occurrence": "first"}),
        lambda: fault_from({"kind": "lose", "target": "x", "at": "soon"}),
        lambda: fault_from("lose"),  # type: ignore[arg-type]  # that is what is tried
        lambda: fault_from({"kind": "meteor", "target": "Payment"}),
        lambda: fault_from({"kind": "lose", "target": "x", "colour": "red"}),
        lambda: fault_from({"kind": "lose"}),
        lambda: fault_from({"kind": "latency", "target": "x", "extra": {"distribution": "Gauss"}}),
    ],
)
def test_a_fault_that_cannot_be_is_refused(make: Any) -> None:
    with pytest.raises(InvalidFault, match=r"STU309(.|\n)*See the fault's help"):
        make()


@pytest.mark.parametrize(
    ("written", "fault"),
    [
        ({"kind": "crash", "target": "Payment", "at": "2m", "down_for": "30s"},
         crash("Payment", at="2m", down_for="30s")),
        ({"kind": "lose", "target": "$.Order.*", "leg": "reply", "source": "Shop"},
         lose("$.Order.*", leg="reply", source="Shop")),
        ({"kind": "latency", "target": ["cards", "Payment"], "extra": "5ms", "until": "3s"},
         latency(["cards", "Payment"], "5ms", until="3s")),
        ({"kind": "together", "parts": [{"kind": "down", "target": "cards"}], "at": "1s"},
         together(down("cards"), at="1s")),
        ({"kind": "pause", "target": "Payment", "lasts": "4s", "replaced_after": "1s"},
         pause("Payment", lasts="4s", replaced_after="1s")),
    ],
)  # fmt: skip
def test_a_fault_can_be_written_as_json_by_hand(written: dict[str, Any], fault: Fault) -> None:
    assert fault_from(json.loads(json.dumps(written))) == fault


def test_a_plan_takes_faults_and_what_was_written_of_them() -> None:
    assert plan_from([lose("x"), {"kind": "lose", "target": "x"}]) == (lose("x"), lose("x"))


def test_unknown_kinds_fields_and_options_name_the_nearest() -> None:
    with pytest.raises(InvalidFault, match="crash"):
        fault_from({"kind": "crsh", "target": "x"})
    with pytest.raises(InvalidFault, match="down_for"):
        fault_from({"kind": "crash", "target": "x", "down_fro": "1s"})
    with pytest.raises(InvalidFault, match="probability"):
        lose("x", probabilty=1)


def test_a_zone_stands_for_its_members() -> None:
    rack = zone("rack", ["Payment/1", "Inventory/1"])
    assert crash(rack).targets == ("Payment/1", "Inventory/1")
    assert lose("x", source=rack).source == rack.members


def test_parts_of_a_whole_are_no_faults_of_their_own() -> None:
    with gather():
        scenario = Scenario("rack")
        both = together(down("cards"), crash("Payment"))
    assert scenario.faults == [both]
