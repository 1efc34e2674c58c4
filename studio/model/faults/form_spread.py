"""The fields of a duration that is drawn: how long, how it spreads about that, and what the shape needs besides."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from studio.model.distribution import Constant, Distribution, Exponential, LogNormal, Pareto, Uniform
from studio.model.duration import exact_ns
from studio.model.fault import Fault
from studio.model.faults.form_field import FormField
from studio.model.faults.form_table import Part

__all__ = ["spread_fields", "spread_of", "spread_shown"]

_SHAPES: dict[str, type[Distribution]] = {
    "always the same": Constant,
    "evenly up to": Uniform,
    "exponential": Exponential,
    "log-normal": LogNormal,
    "heavy tail": Pareto,
}
_FIRST: dict[type[Distribution], str] = {
    Constant: "value", Uniform: "low", Exponential: "mean", LogNormal: "median", Pareto: "least",
}  # fmt: skip


def spread_fields(part: Part, default_ns: int) -> Iterator[FormField]:
    """Iterate over the fields of a duration that is drawn.

    Args:
        part: Of the form's table.
        default_ns: What it is at first.
    """
    shapes = tuple(_SHAPES)
    yield FormField("extra", "extra", part.label, "duration", exact_ns(default_ns), part.about)
    yield FormField("extra_shape", "extra", "Spread", "choice", shapes[0], choices=shapes)
    yield FormField(
        "extra_high", "extra", "At most", "duration", exact_ns(2 * default_ns), needs=("extra_shape", (shapes[1],))
    )
    yield FormField(
        "extra_sigma", "extra", "Sigma", "slider", 0.5, "Of the logarithm", low=0, high=10, span=(0.0, 3.0), step=0.05,
        needs=("extra_shape", (shapes[3],)),
    )  # fmt: skip
    yield FormField(
        "extra_alpha", "extra", "Tail exponent", "slider", 1.5, "The lower, the longer the tail", low=0.05, high=1000,
        span=(0.5, 5.0), step=0.05, needs=("extra_shape", (shapes[4],)),
    )  # fmt: skip


def spread_of(read: Mapping[str, Any]) -> Distribution:
    """Return the distribution that stands in the fields, as they were read."""
    shape = _SHAPES[read["extra_shape"]]
    options: dict[str, Any] = {_FIRST[shape]: exact_ns(read["extra"])}
    options |= {"high": exact_ns(read["extra_high"])} if shape is Uniform else {}
    options |= {"sigma": float(read["extra_sigma"])} if shape is LogNormal else {}
    options |= {"alpha": float(read["extra_alpha"])} if shape is Pareto else {}
    return shape(**options)


def spread_shown(fault: Fault) -> dict[str, Any]:
    """Return what stands in the fields for a fault."""
    extra: Any = getattr(fault, "extra")  # noqa: B009 - not every kind has one
    name = next(name for name, shape in _SHAPES.items() if isinstance(extra, shape))
    shown = {"extra": getattr(extra, _FIRST[type(extra)]), "extra_shape": name}
    return shown | {
        f"extra_{each}": getattr(extra, each) for each in ("high", "sigma", "alpha") if hasattr(extra, each)
    }
