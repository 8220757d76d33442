"""Rounding to whole numbers, watched for arguments that sit on an edge.

A quotient that is an integer on paper can come out of floating point a hair off it, and
then two correct programs may round it to different whole numbers. Inside `watched` such
arguments are noted, so that a comparison can leave the case alone.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

import numpy as np
from numpy.typing import ArrayLike

from tests.reference.equations.domain import FloatArray, finite

EDGE = 1e-8
"""How near to an edge, without lying on it, an argument is too close to call."""

_EDGES: ContextVar[list[float] | None] = ContextVar("edges", default=None)


@contextmanager
def watched() -> Iterator[list[float]]:
    """Give the list that fills with the edge cases met inside the block."""
    edges: list[float] = []
    token = _EDGES.set(edges)
    try:
        yield edges
    finally:
        _EDGES.reset(token)


def floor(value: ArrayLike) -> FloatArray:
    """Largest whole number not above ``value``.

    Args:
        value: any reals.

    Raises:
        ValueError: for NaN and infinities.

    """
    return np.floor(_noted(value, 0.0))


def ceil(value: ArrayLike) -> FloatArray:
    """Smallest whole number not below ``value``; see `floor`."""
    return np.ceil(_noted(value, 0.0))


def trunc(value: ArrayLike) -> FloatArray:
    """Cut off what follows the decimal point; see `floor`."""
    return np.trunc(_noted(value, 0.0))


def nearest(value: ArrayLike) -> FloatArray:
    """Nearest whole number; halves, which programs treat differently, are edges."""
    return np.round(_noted(value, 0.5))


def _noted(value: ArrayLike, edge: float) -> FloatArray:
    """Note the arguments near a whole number plus ``edge``; for `floor` and the like an exact whole number is none."""
    array = finite("value", value)
    edges = _EDGES.get()
    if edges is not None:
        away = np.abs(array - edge - np.round(array - edge))
        near = (away < EDGE) & ((away > 0) | (edge > 0))
        if near.any():
            edges.extend(np.atleast_1d(array)[np.atleast_1d(near)].tolist())
    return array
