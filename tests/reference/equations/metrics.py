"""Efficiency of an instance, and how it falls as the window grows."""

import math

import numpy as np
from numpy.typing import ArrayLike

from tests.reference.equations.domain import FloatArray, at_least, finite, not_negative, positive


def paper_tok_per_watt(tokens_per_second: ArrayLike, watts_per_gpu: ArrayLike) -> FloatArray:
    """Tokens of a whole instance over the watts of ONE of its GPUs, as printed.

    Args:
        tokens_per_second: of the instance, >= 0.
        watts_per_gpu: of one GPU, W, > 0.

    Returns:
        Paper-normalised tok/W, in the broadcast shape; physical only where the
        instance is a single GPU.

    Source: arXiv 2603.17280, Eq. 2.
    """
    tokens = not_negative("tokens_per_second", tokens_per_second)
    return tokens / positive("watts_per_gpu", watts_per_gpu)


def tok_per_joule(tokens_per_second: ArrayLike, watts_per_gpu: ArrayLike, gpus: ArrayLike) -> FloatArray:
    """Tokens of an instance per joule drawn by all of its GPUs.

    Args:
        tokens_per_second: of the instance, >= 0.
        watts_per_gpu: of one GPU, W, > 0.
        gpus: GPUs of the instance, >= 1.

    Returns:
        token/J at the boards (no host, network or cooling), in the broadcast shape.

    Source: definition of energy; arXiv 2603.17280, Eq. 2 with every GPU counted.
    """
    return paper_tok_per_watt(tokens_per_second, watts_per_gpu) / at_least("gpus", gpus, 1)


def log_log_exponent(x: ArrayLike, y: ArrayLike) -> float:
    """Exponent a of the least-squares fit y = c x^a in logarithms.

    Args:
        x: shape (m,), m >= 2, positive, not all equal.
        y: shape (m,), positive.

    Returns:
        The slope of ln y against ln x, dimensionless.

    Raises:
        ValueError: for other shapes or values.

    Source: ordinary least squares; -1 is the law of arXiv 2603.17280, section 3.1.
    """
    log_x, log_y = (np.log(series) for series in _paired(x, y))
    from_mean = log_x - log_x.mean()
    spread = positive("spread of x", from_mean @ from_mean)
    return float((from_mean @ log_y) / spread)


def doubling_ratios(window: ArrayLike, efficiency: ArrayLike) -> FloatArray:
    """Factor lost at each doubling: efficiency[i] / efficiency[i + 1].

    Args:
        window: shape (m,), m >= 2, positive, each twice the one before.
        efficiency: shape (m,), positive.

    Returns:
        Shape (m - 1,), dimensionless; 2 everywhere if the law of arXiv 2603.17280,
        section 3.1, held exactly.

    Raises:
        ValueError: for other shapes or values.

    Source: arXiv 2603.17280, section 3.1.
    """
    tokens, values = _paired(window, efficiency)
    if not np.allclose(tokens[1:], 2.0 * tokens[:-1], rtol=1e-12, atol=0.0):
        message = f"each window must be twice the one before, got {tokens}"
        raise ValueError(message)
    return values[:-1] / values[1:]


def knot_segment(x: float, knots: ArrayLike) -> int:
    """Find the segment between knots that holds ``x``, counted from 1.

    Args:
        x: any real.
        knots: shape (m,), m >= 2, rising.

    Returns:
        i with knots[i - 1] <= x < knots[i]; the first or last segment outside.

    Raises:
        ValueError: unless the knots rise.

    Source: piecewise interpolation.
    """
    rising = finite("knots", knots)
    positive("steps between knots", np.diff(rising))
    below = int(np.count_nonzero(rising <= float(finite("x", x))))
    return min(max(below, 1), rising.size - 1)


def log_log_reading(x: float, xs: ArrayLike, ys: ArrayLike) -> float:
    """Read a curve at ``x``, straight between its knots in logarithms.

    Args:
        x: positive; outside the knots the outer segment is prolonged.
        xs: shape (m,), m >= 2, positive and rising.
        ys: shape (m,), positive.

    Returns:
        y on the power law through the two knots about x.

    Raises:
        ValueError: for other shapes or values.

    Source: piecewise interpolation.
    """
    knots, values = _paired(xs, ys)
    high = knot_segment(x, knots)
    low = high - 1
    growth = float(values[high] / values[low])
    doublings = math.log(float(positive("x", x)) / float(knots[low]))
    share = doublings / math.log(float(knots[high] / knots[low]))
    return float(values[low]) * math.pow(growth, share)


def _paired(x: ArrayLike, y: ArrayLike) -> tuple[FloatArray, FloatArray]:
    first, second = positive("x", x), positive("y", y)
    if first.ndim != 1 or first.shape != second.shape or first.size <= 1:
        message = f"two series of one equal length of at least 2 are needed, got shapes {first.shape} and {second.shape}"
        raise ValueError(message)
    return first, second
