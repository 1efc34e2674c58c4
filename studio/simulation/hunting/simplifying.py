"""Propose simpler faults, instants and messages.

What is proposed need not be valid: a fault that cannot be stated so is left out here, a message that its contract
refuses is no run at all.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import MISSING, fields, replace
from typing import Any

from studio.errors import StudioError
from studio.model.distribution import Constant
from studio.model.duration import format_ns
from studio.model.fault import Fault
from studio.simulation.hunting.complexity import AT_INSTANTS, is_number

__all__ = ["simpler_bodies", "simpler_faults", "simpler_ns"]

OCCURRENCES_MAX = 8
"""Occasions to try for a fault that strikes by chance, or always."""
DIGITS_MAX = 3
"""Digits of a time that are tried; where three do not do, the very instant matters."""
TEXT_SHORT = 8
"""Texts of so many characters stay: they are read as names, and `order-1` says more than `o`."""


# -- instants ---------------------------------------------------------------------------------------------------------


def simpler_ns(value: int) -> Iterator[int]:
    """Propose rounder times: none at all, then with fewer digits, down and up."""
    if value:
        yield 0
    digits = len(str(value))
    for kept in range(1, min(len(str(value).rstrip("0")), DIGITS_MAX + 1)):
        unit = 10 ** (digits - kept)
        down = value // unit * unit
        yield from (down, down + unit)


# -- faults -----------------------------------------------------------------------------------------------------------


def simpler_faults(fault: Fault) -> Iterator[Fault]:
    """Propose the same fault in simpler words."""
    for changes in _changes(fault):
        try:
            yield replace(fault, **changes)
        except (StudioError, TypeError, ValueError):  # it cannot be stated so
            continue


def _changes(fault: Fault) -> Iterator[dict[str, Any]]:
    """Yield fields to change: first those that say when it strikes, then each by itself."""
    once: dict[str, Any] = {"probability": 1.0, "every": 0, "until_ns": None, "from_ns": 0}
    if fault.kind in AT_INSTANTS:
        pass
    elif isinstance(fault.occurrence, int):
        most = fault.occurrence - 1 if fault.occurrence else OCCURRENCES_MAX
        yield from ({**once, "occurrence": nth} for nth in range(1, most + 1))
    else:
        yield from ({**once, "occurrence": nth} for nth in fault.occurrence)
    for each in fields(fault):
        value = getattr(fault, each.name)
        if each.name in ("target", "occurrence", "probability", "every"):
            continue
        if each.default is not MISSING and value != each.default:
            yield {each.name: each.default}
        if each.name.endswith("_ns") and isinstance(value, int):
            yield from ({each.name: simpler} for simpler in simpler_ns(value))
        if isinstance(value, Constant):
            yield from ({each.name: Constant(format_ns(ns))} for ns in simpler_ns(value.quantile_ns(0.0)) if ns)


# -- messages ---------------------------------------------------------------------------------------------------------


def simpler_bodies(body: str) -> Iterator[str]:
    """Propose simpler messages: shorter lists, nothing where something was, smaller numbers, shorter texts."""
    for value in _simpler(json.loads(body)):
        yield json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def _simpler(value: Any) -> Iterator[Any]:
    match value:
        case dict():
            yield from ({**value, key: simpler} for key, each in value.items() for simpler in _simpler_member(each))
        case list():
            yield from (value[:at] + value[at + 1 :] for at in range(len(value)))
            yield from (
                [*value[:at], simpler, *value[at + 1 :]] for at, each in enumerate(value) for simpler in _simpler(each)
            )
        case bool():
            yield from (False,) if value else ()
        case int() | float():
            yield from _simpler_number(value)
        case str():
            yield from _simpler_text(value)


def _simpler_member(value: Any) -> Iterator[Any]:
    if isinstance(value, (dict, list)):
        yield None
    yield from _simpler(value)


def _simpler_number(value: float) -> Iterator[float]:
    yield from (simple for simple in (0, 1) if abs(value) > simple)
    half = int(value) // 2
    if abs(half) > 1:
        yield half


def _simpler_text(text: str) -> Iterator[str]:
    if is_number(text):
        yield from (simple for simple in ("0", "1") if abs(float(text)) > float(simple) or len(text) > 1)
    elif len(text) > TEXT_SHORT:
        yield text[:1]
        yield text[:TEXT_SHORT]
