"""Durations that are drawn: constant, uniform, exponential, log-normal, heavy-tailed; and skewed choices.

Durations are kept in a form that is exact to the nanosecond, so that equal distributions are equal values, and every
quantile has the same bits on every machine.
"""

from __future__ import annotations

import functools
from bisect import bisect_right
from dataclasses import dataclass, fields
from itertools import accumulate
from math import sqrt
from typing import Any

from studio.errors import InvalidDeclaration
from studio.model.duration import duration_ns, exact_ns
from studio.model.elementary import exponential, logarithm

__all__ = [
    "Constant",
    "Distribution",
    "Exponential",
    "LogNormal",
    "Pareto",
    "Uniform",
    "Zipf",
    "distribution",
    "distribution_from",
    "distribution_to",
]

_LONGEST_NS = duration_ns("1h")


@dataclass(frozen=True, slots=True)
class Distribution:
    """Base: a duration as a function of one uniform draw."""

    def quantile_ns(self, share: float) -> int:
        """Return the duration below which a share of all draws lies.

        Args:
            share: In [0, 1); a uniform draw makes it a sample.
        """
        raise NotImplementedError

    @property
    def is_constant(self) -> bool:
        """Whether no draw is needed."""
        return False

    def _normalise(self, *names: str) -> None:
        for name in names:
            object.__setattr__(self, name, exact_ns(duration_ns(getattr(self, name))))

    def _refuse(self, reason: str, remedy: str) -> InvalidDeclaration:
        return InvalidDeclaration(what=repr(self), reason=reason, remedy_text=remedy)


@dataclass(frozen=True, slots=True)
class Constant(Distribution):
    """Always the same duration."""

    value: str = "0s"

    def __post_init__(self) -> None:
        self._normalise("value")

    def quantile_ns(self, share: float) -> int:
        """Return the constant."""
        return duration_ns(self.value)

    @property
    def is_constant(self) -> bool:
        """Whether no draw is needed."""
        return True


@dataclass(frozen=True, slots=True)
class Uniform(Distribution):
    """Evenly between two durations."""

    low: str
    high: str

    def __post_init__(self) -> None:
        self._normalise("low", "high")
        if duration_ns(self.high) < duration_ns(self.low):
            raise self._refuse("ends before it begins", "Give the shorter duration first.")

    def quantile_ns(self, share: float) -> int:
        """Return the point at that share of the way."""
        low = duration_ns(self.low)
        return low + round((duration_ns(self.high) - low) * share)


@dataclass(frozen=True, slots=True)
class Exponential(Distribution):
    """Exponential with a mean: independent arrivals, simple service times."""

    mean: str

    def __post_init__(self) -> None:
        self._normalise("mean")

    def quantile_ns(self, share: float) -> int:
        """Return -mean · ln(1 - share)."""
        return round(-duration_ns(self.mean) * logarithm(1.0 - share))


@dataclass(frozen=True, slots=True)
class LogNormal(Distribution):
    """Log-normal by its median and spread: typical of response times.

    Args:
        median: Half are faster.
        sigma: Of the logarithm; 0.5 puts the 99th percentile at about 3.2 medians.
    """

    median: str
    sigma: float = 0.5

    def __post_init__(self) -> None:
        self._normalise("median")
        if not 0 <= self.sigma <= 10:
            raise self._refuse("sigma is not between 0 and 10", "Give a spread such as sigma=0.5.")

    def quantile_ns(self, share: float) -> int:
        """Return median · exp(sigma · z), at most an hour."""
        value = duration_ns(self.median) * exponential(self.sigma * _normal_quantile(share))
        return min(round(value), _LONGEST_NS)


@dataclass(frozen=True, slots=True)
class Pareto(Distribution):
    """Heavy tail: at least `least`, and a few very long.

    Args:
        least: Smallest value.
        alpha: Tail exponent; at 1 or less the mean is infinite.
    """

    least: str
    alpha: float = 1.5

    def __post_init__(self) -> None:
        self._normalise("least")
        if not 0 < self.alpha <= 1000:
            raise self._refuse("alpha is not above 0 and at most 1000", "Give a tail exponent such as alpha=1.5.")

    def quantile_ns(self, share: float) -> int:
        """Return least · (1 - share)^(-1/alpha), at most an hour."""
        factor = exponential(min(-logarithm(1.0 - share) / self.alpha, 50.0))
        return min(round(duration_ns(self.least) * factor), max(_LONGEST_NS, duration_ns(self.least)))


@dataclass(frozen=True, slots=True)
class Zipf:
    """Skewed choice: the k-th of n values has weight 1 / k^exponent.

    Args:
        exponent: 0 is even; 1.1 is typical of customers.
        values: How many distinct values.
    """

    exponent: float = 1.1
    values: int = 100

    def __post_init__(self) -> None:
        if not 0 <= self.exponent <= 20 or not 1 <= self.values <= 1_000_000:
            raise InvalidDeclaration(
                what=repr(self),
                reason="exponent is not between 0 and 20, or values not between 1 and 1,000,000",
                remedy_text="Give Zipf(1.1) or Zipf(1.1, values=100).",
            )

    def pick(self, share: float) -> int:
        """Return an index from 0 for a uniform draw."""
        weights = _zipf_weights(self.exponent, self.values)
        return min(bisect_right(weights, share * weights[-1]), self.values - 1)


def distribution(value: str | float | Distribution) -> Distribution:
    """Return a distribution; a plain duration is constant."""
    return value if isinstance(value, Distribution) else Constant(exact_ns(duration_ns(value)))


def distribution_to(value: Distribution) -> dict[str, Any]:
    """Return a distribution as plain JSON values."""
    return {"distribution": type(value).__name__} | {field.name: getattr(value, field.name) for field in fields(value)}


def distribution_from(values: dict[str, Any]) -> Distribution:
    """Return the distribution that `distribution_to` wrote.

    Raises:
        InvalidDeclaration: Unknown kind, or fields that it does not have.
    """
    given = dict(values)
    name = given.pop("distribution", None)
    try:
        return _KINDS[name](**given)
    except (KeyError, TypeError) as error:
        raise InvalidDeclaration(
            what=f"distribution={values}",
            reason="is none that can be read",
            remedy_text=f"Use one of {', '.join(sorted(_KINDS))} with its own fields.",
        ) from error


_KINDS: dict[Any, type[Distribution]] = {
    kind.__name__: kind for kind in (Constant, Uniform, Exponential, LogNormal, Pareto)
}


@functools.lru_cache(maxsize=256)
def _zipf_weights(exponent: float, values: int) -> tuple[float, ...]:
    """Return cumulative weights; kept, since a workload picks for every message."""
    return tuple(accumulate(exponential(-exponent * logarithm(rank)) for rank in range(1, values + 1)))


# Acklam's rational approximation of the normal quantile (P. J. Acklam, 2003); relative error below 1.15e-9. Taken
# instead of `statistics.NormalDist`, whose logarithm is the C library's and differs between machines.
_MIDDLE = (
    (-3.969683028665376e01, 2.209460984245205e02, -2.759285104469687e02, 1.383577518672690e02, -3.066479806614716e01,
     2.506628277459239e00),
    (-5.447609879822406e01, 1.615858368580409e02, -1.556989798598866e02, 6.680131188771972e01, -1.328068155288572e01,
     1.0),
)  # fmt: skip
_TAIL = (
    (-7.784894002430293e-03, -3.223964580411365e-01, -2.400758277161838e00, -2.549732539343734e00,
     4.374664141464968e00, 2.938163982698783e00),
    (7.784695709041462e-03, 3.224671290700398e-01, 2.445134137142996e00, 3.754408661907416e00, 1.0),
)  # fmt: skip
_TAIL_SHARE = 0.02425


def _normal_quantile(share: float) -> float:
    if share < _TAIL_SHARE:
        at = sqrt(-2.0 * logarithm(max(share, 2.0**-60)))
        return _polynomial(_TAIL[0], at) / _polynomial(_TAIL[1], at)
    if share > 1.0 - _TAIL_SHARE:
        return -_normal_quantile(1.0 - share)
    off = share - 0.5
    return off * _polynomial(_MIDDLE[0], off * off) / _polynomial(_MIDDLE[1], off * off)


def _polynomial(coefficients: tuple[float, ...], at: float) -> float:
    total = 0.0
    for coefficient in coefficients:
        total = total * at + coefficient
    return total
