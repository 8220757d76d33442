"""The points of sheet Calibration, and the fields of the power curve that is fitted to them."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from tests.reference.equations.calibration import Curve, line, misfits

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from tests.reference.quantities import Inputs

OWN = "own_measurement"
"""The power curve whose figures are fitted on sheet Calibration."""


@cache
def own_points(i: Inputs) -> NDArray[np.float64]:
    """Return (12, 3) sequences in flight, ms between tokens, W of a GPU."""
    return np.array([[i[f"own_points.{point}.{name}"] for name in ("batch", "step", "watts")] for point in i.members("own_points")])


def own_most(i: Inputs) -> float:
    """Return the most sequences entered."""
    return float(np.max(own_points(i)[:, 0]))


@cache
def own_times(i: Inputs) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return sequences and ms of the points that count for step times."""
    found = own_points(i)
    found = found[(found[:, 0] > 0) & (found[:, 1] > 0)]
    return found[:, 0], found[:, 1]


@cache
def own_watts(i: Inputs) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return sequences and W of the points that count for power."""
    found = own_points(i)
    found = found[(found[:, 0] > 0) & (found[:, 2] > 0)]
    return found[:, 0], found[:, 2]


@cache
def own_trials(i: Inputs) -> list[Curve]:
    """Return the curves of power through them, one for each half-way point that is tried."""
    return misfits(*own_watts(i), i["own_curve.k"])


def own_curve(i: Inputs) -> Curve:
    """Return the one with the least squares of errors."""
    return min(own_trials(i), key=lambda curve: curve.within)


_FITTED: dict[str, Callable[[Inputs], float]] = {
    "p_idle": lambda i: max(0.0, own_curve(i).idle),
    "p_nominal": lambda i: max(1.0, max(0.0, own_curve(i).idle) + max(0.0, own_curve(i).power_range)),
    "k": lambda i: i["own_curve.k"],
    "x0": lambda i: own_curve(i).half,
    "rmse": lambda i: own_curve(i).within,
    "batch_low": lambda i: float(min(own_times(i)[0], default=own_most(i))),
    "batch_high": own_most,
    "w": lambda i: max(0.001, line(*own_times(i))[0]),
    "h": lambda i: max(0.0001, line(*own_times(i))[1]),
}
OF_OWN_POINTS = {f"power_fits.{OWN}.{field}": rule for field, rule in _FITTED.items()}
"""What the cells of that curve hold, by id, from the points that are entered."""
