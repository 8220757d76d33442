"""The NumPy form of each function, with a spreadsheet's semantics.

Numbers and booleans are float64 arrays (booleans 0 or 1); NaN stands for any error value (#DIV/0!, #NUM!, #N/A) and
spreads as it does in cells. Texts are object arrays. Shapes are (rows,) or (), and broadcast.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Callable

Array = NDArray[Any]

EXACT = 2.0**52  # above this every float is an integer
FLOOR_DIGITS = 9  # a quotient within 5e-10 of an integer counts as that integer, in every engine


def finite(result: Array) -> Array:
    """Turn infinities into the error value: no cell holds one."""
    return np.where(np.isfinite(result), result, np.nan)


def divide(left: Array, right: Array) -> Array:
    """Divide; x/0 is an error."""
    return finite(np.divide(left, right))


def power(base: Array, exponent: Array) -> Array:
    """Raise to a power; 0**0 is an error as in Excel."""
    return np.where((base == 0) & (exponent == 0), np.nan, finite(np.power(base, exponent)))


def compare(operation: Callable[[Array, Array], Array]) -> Callable[[Array, Array], Array]:
    """Wrap a comparison: texts compare without case, errors spread."""

    def run(left: Array, right: Array) -> Array:
        left, right = np.asarray(left), np.asarray(right)
        if np.dtype(object) in {left.dtype, right.dtype}:
            return operation(_lower(left), _lower(right)).astype(float)
        result = operation(left, right).astype(float)
        return np.where(np.isnan(left) | np.isnan(right), np.nan, result)

    return run


def _lower(texts: Array) -> Array:
    return np.array([str(text).lower() for text in texts.ravel()], dtype=str).reshape(texts.shape)


def choose(condition: Array, yes: Array, no: Array) -> Array:
    """IF: only the chosen branch matters, an error in the condition spreads."""
    condition, yes, no = np.asarray(condition), np.asarray(yes), np.asarray(no)
    result = np.where(condition != 0, yes, no)
    if result.dtype == object:
        return result
    return np.where(np.isnan(condition), np.nan, result)


def every(*parts: Array) -> Array:
    """AND: an error in any part spreads."""
    total = np.ones(())
    for part in parts:
        total = total * np.where(np.isnan(part), np.nan, part != 0)
    return total


def some(*parts: Array) -> Array:
    """OR: an error in any part spreads."""
    return 1.0 - every(*(1.0 - np.where(np.isnan(part), np.nan, part != 0) for part in parts))


def smallest(*parts: Array) -> Array:
    """MIN of two or more values."""
    result = parts[0]
    for part in parts[1:]:
        result = np.minimum(result, part)
    return result


def largest(*parts: Array) -> Array:
    """MAX of two or more values."""
    result = parts[0]
    for part in parts[1:]:
        result = np.maximum(result, part)
    return result


def round_half_away(value: Array, digits: Array | int) -> Array:
    """ROUND: halves go away from zero, unlike Python's."""
    scale = np.power(10.0, np.asarray(digits, dtype=float))
    scaled = np.abs(value) * scale
    return np.where(scaled < EXACT, np.copysign(np.floor(scaled + 0.5) / scale, value), value)


def floor(value: Array) -> Array:
    """Round down, forgiving a floating edge: 127.9999999999 is 128."""
    return np.floor(round_half_away(value, FLOOR_DIGITS))


def ceiling(value: Array) -> Array:
    """Round up, forgiving a floating edge."""
    return np.ceil(round_half_away(value, FLOOR_DIGITS))


def truncate(value: Array) -> Array:
    """Round towards zero, forgiving a floating edge."""
    return np.trunc(round_half_away(value, FLOOR_DIGITS))


def otherwise(value: Array, instead: Array) -> Array:
    """IFERROR: ``instead`` where the value is an error."""
    return np.where(np.isnan(value), instead, value)


def locate(value: Array, knots: Array) -> Array:
    """Return the 1-based segment of increasing knots that holds the value; the outer segments take what lies outside."""
    segment = np.clip(np.searchsorted(knots, value, side="right"), 1, len(knots) - 1)
    return np.where(np.isnan(value), np.nan, segment.astype(float))


def interpolate(value: Array, segment: Array, xs: Array, ys: Array) -> Array:
    """Interpolate linearly on the located segment of knots."""
    left = np.where(np.isnan(segment), 1.0, segment).astype(int) - 1
    slope = divide(ys[left + 1] - ys[left], xs[left + 1] - xs[left])
    return np.asarray(ys[left] + (value - xs[left]) * slope)


def slope(ys: Array, xs: Array) -> Array:
    """Least-squares slope of ys over xs; shape () from two vectors."""
    dx = xs - xs.mean()
    return divide((dx * (ys - ys.mean())).sum(), (dx * dx).sum())


def intercept(ys: Array, xs: Array) -> Array:
    """Least-squares intercept of ys over xs; shape () from two vectors."""
    return np.asarray(ys.mean() - slope(ys, xs) * xs.mean())
