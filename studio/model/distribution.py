"""Durations that are drawn: constant, uniform, exponential, normal, heavy-tailed; and skewed choices."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist

from studio.model.duration import duration_ns, format_ns

__all__ = ["Constant", "Distribution", "Exponential", "LogNormal", "Pareto", "Uniform", "Zipf", "distribution"]


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


@dataclass(frozen=True, slots=True)
class Constant(Distribution):
    """Always the same duration."""

    value: str = "0s"

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

    def quantile_ns(self, share: float) -> int:
        """Return the point at that share of the way."""
        low = duration_ns(self.low)
        return low + round((duration_ns(self.high) - low) * share)


@dataclass(frozen=True, slots=True)
class Exponential(Distribution):
    """Exponential with a mean: independent arrivals, simple service times."""

    mean: str

    def quantile_ns(self, share: float) -> int:
        """Return -mean · ln(1 - share)."""
        return round(-duration_ns(self.mean) * math.log1p(-share))


@dataclass(frozen=True, slots=True)
class LogNormal(Distribution):
    """Log-normal by its median and spread: typical of response times.

    Args:
        median: Half are faster.
        sigma: Of the logarithm; 0.5 puts the 99th percentile at about 3.2 medians.
    """

    median: str
    sigma: float = 0.5

    def quantile_ns(self, share: float) -> int:
        """Return median · exp(sigma · z)."""
        if share <= 0:
            return 0
        return round(duration_ns(self.median) * math.exp(self.sigma * NormalDist().inv_cdf(share)))


@dataclass(frozen=True, slots=True)
class Pareto(Distribution):
    """Heavy tail: at least `least`, and a few very long.

    Args:
        least: Smallest value.
        alpha: Tail exponent; at 1 or less the mean is infinite.
    """

    least: str
    alpha: float = 1.5

    def quantile_ns(self, share: float) -> int:
        """Return least · (1 - share)^(-1/alpha), at most an hour."""
        return min(round(duration_ns(self.least) * (1 - share) ** (-1 / self.alpha)), duration_ns("1h"))


@dataclass(frozen=True, slots=True)
class Zipf:
    """Skewed choice: the k-th of n values has weight 1 / k^exponent.

    Args:
        exponent: 0 is even; 1.1 is typical of customers.
        values: How many distinct values.
    """

    exponent: float = 1.1
    values: int = 100

    def pick(self, share: float) -> int:
        """Return an index from 0 for a uniform draw."""
        weights = [1 / rank**self.exponent for rank in range(1, self.values + 1)]
        left = share * sum(weights)
        for index, weight in enumerate(weights):
            left -= weight
            if left < 0:
                return index
        return self.values - 1


def distribution(value: str | float | Distribution) -> Distribution:
    """Return a distribution; a plain duration is constant."""
    return value if isinstance(value, Distribution) else Constant(format_ns(duration_ns(value)).replace("µ", "u"))
