"""The NumPy form of each function, with a spreadsheet's semantics.

Numbers and booleans are float64 arrays (booleans 0 or 1); NaN stands for any error value (#DIV/0!, #NUM!, #N/A) and
spreads as it does in cells. Texts are object arrays. Shapes are (rows,) or (), and broadcast.

EMPTY stands for the empty text in a column of numbers. Nothing else is infinite, because ``finite`` makes errors of
infinities; and no expression may refer to a column that can hold it but for ``filled``, so that nothing is computed with it.
"""

from __future__ import annotations

import operator as op
from math import isfinite
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Callable

Array = NDArray[Any]

EMPTY = -np.inf
LARGEST_POWER = 308  # of ten, that a float can hold
FLOOR_DIGITS = 9  # a quotient within 5e-10 of an integer counts as that integer, in every engine
DIGITS = 15  # significant decimal digits that spreadsheets round to
SERIES_FROM = 16.0  # five terms of Stirling's series are exact to a float's last digit from here on
HALF = 2.0**-51  # how far, relatively, a number may lie below a half (1.005 as a float) and still round up


def finite(result: Array) -> Array:
    """Turn infinities into the error value: no cell holds one."""
    if isinstance(result, np.float64):
        return result if isfinite(result) else np.float64(np.nan)
    return np.where(np.isfinite(result), result, np.nan)


def divide(left: Array, right: Array) -> Array:
    """Divide; x/0 is an error."""
    return finite(np.divide(left, right))


def power(base: Array, exponent: Array) -> Array:
    """Raise to a power; 0**0 is an error as in Excel, and errors spread even to x**0 and 1**x."""
    wrong = ((base == 0) & (exponent == 0)) | np.isnan(base) | np.isnan(exponent)
    return np.where(wrong, np.nan, finite(np.power(base, exponent)))


def compare(operation: Callable[[Array, Array], Array]) -> Callable[[Array, Array], Array]:
    """Wrap a comparison: texts compare without case, errors spread."""

    def run(left: Array, right: Array) -> Array:
        left, right = np.asarray(left), np.asarray(right)
        wrong = missing(left) | missing(right)
        if left.dtype == object:
            left, right = _lower(left), _lower(right)
        return np.where(wrong, np.nan, operation(left, right).astype(float))

    return run


def missing(value: Array) -> Array:
    """Tell where an array holds an error: NaN among numbers, None among texts."""
    value = np.asarray(value)
    return np.equal(value, np.array(None)) if value.dtype == object else np.isnan(value)


def _lower(texts: Array) -> Array:
    return np.array([str(text).lower() for text in texts.ravel()], dtype=str).reshape(texts.shape)


def choose(condition: Array, yes: Array, no: Array) -> Array:
    """IF: only the chosen branch matters, an error in the condition spreads."""
    result = np.where(np.asarray(condition) != 0, yes, no)
    return np.where(np.isnan(condition), np.array(None if result.dtype == object else np.nan), result)


def only(value: Array, condition: Array) -> Array:
    """IF with nothing to show where the condition does not hold; an error in the condition spreads."""
    return choose(condition, value, np.asarray(EMPTY))


def filled(value: Array, instead: Array) -> Array:
    """IF a cell is empty, another value; errors spread."""
    return np.where(np.equal(value, EMPTY), instead, value)


def shown(column: Array) -> list[Any]:
    """Return what the cells of a column show, as plain Python values: the empty text for EMPTY."""
    return ["" if item == EMPTY else item for item in column.tolist()]


def join(*parts: Array) -> Array:
    """CONCATENATE: texts one after the other; an error in any of them spreads."""
    columns = np.broadcast_arrays(*(np.asarray(part, dtype=object) for part in parts))
    rows = zip(*(column.ravel() for column in columns), strict=True)
    joined = [None if None in row else "".join(row) for row in rows]
    return np.array(joined, dtype=object).reshape(columns[0].shape)


def text(value: Array) -> Array:
    """TEXT(ROUND(value, 0), "0"): a number in digits."""
    rounded = np.asarray(round_half_away(np.asarray(value), 0))
    written = [None if np.isnan(number) else f"{number + 0.0:.0f}" for number in rounded.ravel()]  # + 0.0: no -0
    return np.array(written, dtype=object).reshape(rounded.shape)


def decimals(value: Array, digits: Array) -> Array:
    """FIXED(value, digits, TRUE): a number as a text with so many decimals."""
    rounded, places = np.broadcast_arrays(round_half_away(np.asarray(value), digits), np.asarray(digits))
    pairs = zip(rounded.ravel(), places.ravel(), strict=True)
    written = [None if np.isnan(number) else f"{number + 0.0:.{int(count)}f}" for number, count in pairs]
    return np.array(written, dtype=object).reshape(rounded.shape)


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
    """ROUND: halves go away from zero, unlike Python's, and are told by their decimal digits: 1.005 to 2 digits is 1.01.

    Decimals beyond the 15th significant digit are not kept, as in spreadsheets: 89999999.99999999 to 9 digits is 9e7.
    """
    size = np.abs(value)
    digits = np.clip(np.trunc(np.asarray(digits, dtype=float)), -LARGEST_POWER, LARGEST_POWER)
    whole = (size == np.floor(size)) & (digits >= 0)
    decimals = np.maximum(DIGITS - 1 - np.floor(np.log10(size)), 0.0)
    kept = np.where(digits > 0, np.minimum(digits, decimals), digits)
    scale = np.power(10.0, np.abs(kept))
    scaled = np.where(kept < 0, size / scale, size * scale)
    steps = np.floor(scaled + 0.5 + np.minimum(scaled * HALF, 0.125))
    rounded = finite(np.copysign(np.where(kept < 0, steps * scale, steps / scale), value))
    return np.where(np.isnan(digits), np.nan, np.where(whole, value, rounded))


def _settled(value: Array) -> Array:
    """Put a number within 5e-10 of an integer, or equal to it at 15 digits, onto that integer."""
    return round_half_away(value, FLOOR_DIGITS)


def floor(value: Array) -> Array:
    """Round down, forgiving a floating edge: 127.9999999999 is 128."""
    return np.floor(_settled(value))


def ceiling(value: Array) -> Array:
    """Round up, forgiving a floating edge."""
    return np.ceil(_settled(value))


def truncate(value: Array) -> Array:
    """Round towards zero, forgiving a floating edge."""
    return np.trunc(_settled(value))


def otherwise(value: Array, instead: Array) -> Array:
    """IFERROR: ``instead`` where the value is an error."""
    return np.where(missing(value), instead, value)


def locate(value: Array, knots: Array) -> Array:
    """Return the 1-based segment of increasing knots that holds the value; the outer segments take what lies outside."""
    segment = np.maximum(np.minimum(np.searchsorted(knots, value, side="right"), len(knots) - 1), 1)
    return np.where(np.isnan(value), np.nan, segment.astype(float))


def interpolate(value: Array, segment: Array, xs: Array, ys: Array) -> Array:
    """Interpolate linearly on the located segment of knots; a segment that does not exist is an error."""
    usable = (segment >= 1) & (segment < min(len(xs), len(ys)))
    if not np.any(usable):
        return np.full(np.broadcast_shapes(np.shape(value), np.shape(segment)), np.nan)
    left = np.where(usable, segment, 1.0).astype(int) - 1
    slope = divide(ys[left + 1] - ys[left], xs[left + 1] - xs[left])
    return np.where(usable, finite(ys[left] + (value - xs[left]) * slope), np.nan)


def position(value: Array, cells: Array) -> Array:
    """MATCH(value, cells, 0): the 1-based place of the first equal cell, case aside; an error where there is none."""
    equal = compare(op.eq)(np.asarray(value)[..., None], cells) == 1.0
    return np.where(equal.any(axis=-1), equal.argmax(axis=-1) + 1.0, np.nan)


def at(cells: Array, place: Array) -> Array:
    """INDEX(cells, place): the cell at a 1-based place; an error outside the range."""
    whole = np.floor(place)
    inside = (whole >= 1) & (whole <= len(cells))
    return np.where(inside, cells[np.where(inside, whole, 1).astype(int) - 1], np.array(None if cells.dtype == object else np.nan))


def slope(ys: Array, xs: Array) -> Array:
    """Least-squares slope of ys over xs; shape () from two vectors, which must be of one length."""
    if len(xs) != len(ys):
        return np.asarray(np.nan)
    dx = xs - xs.mean()
    return divide((dx * (ys - ys.mean())).sum(), (dx * dx).sum())


def intercept(ys: Array, xs: Array) -> Array:
    """Least-squares intercept of ys over xs; shape () from two vectors."""
    return finite(np.asarray(ys.mean() - slope(ys, xs) * xs.mean()))


def poisson(count: Array, mean: Array) -> Array:
    """POISSON(count, mean, FALSE): the probability of exactly ``count`` events.

    A negative count and a mean of zero or less are errors (a mean of zero is one in LibreOffice and Gnumeric).
    """
    whole = np.floor(count)
    away = (whole - mean) / mean
    deviance = mean * ((1.0 + away) * np.log1p(away) - away)
    result = np.exp(-_stirling_error(whole) - deviance) / np.sqrt(2.0 * np.pi * whole)
    return np.where((whole < 0) | (mean <= 0), np.nan, finite(np.where(whole == 0, np.exp(-mean), result)))


def _stirling_error(count: Array) -> Array:
    """Return ln(n!) less Stirling's formula, which cancels nothing: logarithms of large factorials would lose digits.

    Source: C. Loader, Fast and Accurate Computation of Binomial Probabilities (2000).
    """
    from scipy.special import gammaln  # noqa: PLC0415 a tenth of a second that only queues need

    large = np.maximum(count, SERIES_FROM)
    square = large * large
    series = (1 / 12 - (1 / 360 - (1 / 1260 - (1 / 1680 - 1 / 1188 / square) / square) / square) / square) / large
    small = np.clip(count, 1.0, SERIES_FROM)
    exact = gammaln(small + 1.0) - (small + 0.5) * np.log(small) + small - 0.5 * np.log(2.0 * np.pi)
    return np.asarray(np.where(count < SERIES_FROM, exact, series))


def poisson_cumulative(count: Array, mean: Array) -> Array:
    """POISSON(count, mean, TRUE): the probability of at most ``count`` events; errors as in ``poisson``."""
    from scipy.special import pdtr  # noqa: PLC0415 as above

    whole = np.floor(count)
    return np.where((whole < 0) | (mean <= 0), np.nan, finite(pdtr(whole, mean)))
