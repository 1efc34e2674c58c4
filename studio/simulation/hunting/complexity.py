"""Weigh a case: the lighter of two that break the same promise tells the shorter story."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import Field, fields
from typing import Any

from studio.model.distribution import Constant
from studio.model.fault import Fault
from studio.simulation.case import Case

__all__ = ["AT_INSTANTS", "complexity", "is_number"]

MANY = 1_000_000
"""Messages of a workload that is not written out."""
AT_INSTANTS = frozenset({
    "clock-drift", "clock-jump", "clock-offset", "crash", "deploy", "lose-unsynced", "partition", "pause",
})  # fmt: skip
"""Kinds of faults that strike at an instant of their own; of all others it counts on how many occasions they do."""
_ALWAYS = 50.0
_BY_CHANCE = 100.0


def complexity(case: Case) -> tuple[float, ...]:
    """Return how complex a case is, most important part first."""
    sends = case.sends
    return (
        len(case.plan),
        MANY if sends is None else len(sends),
        case.seed != 0,
        sum(fault_weight(fault) for fault in case.plan),
        sum(ns_weight(sent.at_ns) for sent in sends or ()),
        sum(body_weight(sent.body) for sent in sends or ()),
    )


def fault_weight(fault: Fault) -> float:
    """Return how complex a fault is: what strikes once at a known occasion is simpler than always, or by chance."""
    weight = sum(_field_weight(each, getattr(fault, each.name)) for each in fields(fault) if each.name != "target")
    is_always = not fault.occurrence and fault.kind not in AT_INSTANTS
    return weight + (_ALWAYS if is_always else 0.0)


def ns_weight(value: int) -> float:
    """Return how complex a time is: by its digits that are no trailing zeros, then by its size."""
    return len(str(value).rstrip("0")) + value / 1e30


def body_weight(body: str) -> float:
    """Return how complex a message is: by its length, then by its numbers."""
    value = json.loads(body)
    length = len(json.dumps(value, separators=(",", ":"), ensure_ascii=False))
    return length + sum(min(abs(number), 1e9) for number in _numbers(value)) / 1e12


def _field_weight(each: Field[Any], value: Any) -> float:
    if each.name == "every":
        return _BY_CHANCE if value else 0.0
    if each.name == "probability":
        return 0.0 if value >= 1 else _BY_CHANCE
    if each.name == "occurrence":
        return float(sum(value) if isinstance(value, tuple) else value)
    if value == each.default:
        return 0.0
    if each.name.endswith("_ns") and isinstance(value, int):
        return 1 + ns_weight(value)
    return 1 + ns_weight(value.quantile_ns(0.0)) if isinstance(value, Constant) else 20.0


def _numbers(value: Any) -> Iterator[float]:
    match value:
        case dict():
            for each in value.values():
                yield from _numbers(each)
        case list():
            for each in value:
                yield from _numbers(each)
        case bool():
            yield float(value)
        case int() | float():
            yield float(value)
        case str() if is_number(value):
            yield float(value)


def is_number(text: str) -> bool:
    """Tell whether a text is a number without a sign, as decimals are written."""
    return text.replace(".", "", 1).isdecimal() and text.isascii()
