"""Domain checks shared by the reference functions."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]


def finite(name: str, value: ArrayLike) -> FloatArray:
    """Return ``value`` as a float array of the same shape.

    Raises:
        ValueError: if any element is NaN or infinite.

    """
    array = np.asarray(value, dtype=np.float64)
    return _require(name, array, np.isfinite(array), "must be finite")


def not_negative(name: str, value: ArrayLike) -> FloatArray:
    """Return ``value`` as a float array of the same shape.

    Raises:
        ValueError: if any element is NaN, infinite or below 0.

    """
    array = finite(name, value)
    return _require(name, array, array >= 0, "must not be negative")


def positive(name: str, value: ArrayLike) -> FloatArray:
    """Return ``value`` as a float array of the same shape.

    Raises:
        ValueError: if any element is NaN, infinite or not above 0.

    """
    array = finite(name, value)
    return _require(name, array, array > 0, "must be positive")


def at_least(name: str, value: ArrayLike, minimum: ArrayLike) -> FloatArray:
    """Return ``value`` as a float array, broadcast against ``minimum`` for the check.

    Raises:
        ValueError: if any element is NaN, infinite or below ``minimum``.

    """
    array = finite(name, value)
    bound = np.asarray(minimum, dtype=np.float64)
    return _require(name, array, array >= bound, f"must be at least {bound}")


def share(name: str, value: ArrayLike) -> FloatArray:
    """Return ``value`` as a float array of the same shape.

    Raises:
        ValueError: if any element is NaN or outside 0 < value <= 1.

    """
    array = positive(name, value)
    return _require(name, array, array <= 1, "must not exceed 1")


def _require(name: str, array: FloatArray, valid: BoolArray | np.bool_, complaint: str) -> FloatArray:
    if not valid.all():
        message = f"{name} {complaint}, got {array}"
        raise ValueError(message)
    return array
