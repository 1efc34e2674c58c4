"""Logarithm and exponential with the same bits on every machine.

`math.log` and `math.exp` are the C library's, and differ in the last bit between systems. A waiting time drawn with
them would, on another machine, now and then round to another nanosecond. Here are only additions, multiplications and
divisions, whose results IEEE 754 fixes; the error is a few units in the last place.
"""

from __future__ import annotations

from math import frexp, inf, isinf, ldexp

__all__ = ["exponential", "logarithm"]

_LN2_HIGH = 0.6931471803691238  # the upper half of ln 2, so that a multiple of it is exact (fdlibm, e_exp.c)
_LN2_LOW = 1.9082149292705877e-10
_SQRT_HALF = 0.7071067811865476
_ODD_RECIPROCALS = tuple(1.0 / n for n in range(25, 0, -2))
_FACTORIAL_STEPS = tuple(range(18, 0, -1))


def logarithm(x: float) -> float:
    """Return the natural logarithm, by the series of artanh.

    Args:
        x: Positive and finite.
    """
    mantissa, exponent = frexp(x)
    if mantissa < _SQRT_HALF:
        mantissa, exponent = mantissa * 2.0, exponent - 1
    ratio = (mantissa - 1.0) / (mantissa + 1.0)
    square = ratio * ratio
    total = 0.0
    for reciprocal in _ODD_RECIPROCALS:
        total = total * square + reciprocal
    return exponent * _LN2_HIGH + (exponent * _LN2_LOW + 2.0 * ratio * total)


def exponential(x: float) -> float:
    """Return e to the power of x; infinity where that is beyond a float."""
    if isinf(x) or x > 709.782712893384:
        return inf if x > 0 else 0.0
    if x < -745.2:
        return 0.0
    power = round(x / (_LN2_HIGH + _LN2_LOW))
    rest = (x - power * _LN2_HIGH) - power * _LN2_LOW
    total = 1.0
    for step in _FACTORIAL_STEPS:
        total = 1.0 + total * rest / step
    return ldexp(total, power)
