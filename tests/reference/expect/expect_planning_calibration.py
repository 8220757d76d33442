"""Expectations of sheet Calibration and of its workings."""

from collections.abc import Callable

import numpy as np

from tests.reference.equations.calibration import HALVES, Curve, errors, errors_left_out, fit_line, heights
from tests.reference.expect.planning_columns import expect_rows
from tests.reference.own_points import own_curve, own_most, own_points, own_times, own_trials, own_watts
from tests.reference.quantities import PLANNING, Inputs, Value

FEWEST = 4
"""Points that a fit needs."""


def mean_square(values: np.ndarray, count: float) -> float:
    """Return the root of the mean square of values."""
    return float(np.sqrt(np.sum(values**2) / max(1.0, count)))


def weights(i: Inputs) -> np.ndarray:
    """Return the weight of each point that counts for step times, 1/ms2."""
    found: np.ndarray = own_times(i)[1] ** -2.0
    return found


def mean(i: Inputs, column: int) -> float:
    """Return the weighted mean of sequences (0) or ms (1)."""
    return float(np.average(own_times(i)[column], weights=weights(i))) if len(weights(i)) else 0.0


def state(i: Inputs) -> str:
    """Return whether step times can be fitted."""
    n, y = own_times(i)
    fit = fit_line(n, y)
    if len(n) < FEWEST:
        return "needs 4 points"
    return "times must rise" if fit.slope <= 0 else "W must be above 0" if fit.start <= 0 else "fitted"


def power_state(i: Inputs) -> str:
    """Return whether a curve of power can be fitted."""
    if len(own_watts(i)[0]) < FEWEST:
        return "needs 4 points"
    return "watts must rise" if own_curve(i).power_range <= 0 else "idle must be above 0" if own_curve(i).idle < 0 else "fitted"


def is_fitted(i: Inputs) -> bool:
    """Tell whether both can be fitted."""
    return state(i) == power_state(i) == "fitted"


def spread(i: Inputs) -> float:
    """Return the weighted squares of the sequences' distance from their mean."""
    return float(np.sum(weights(i) * (own_times(i)[0] - mean(i, 0)) ** 2))


def expect_item(block: str, items: dict[str, Callable[[Inputs], Value]]) -> None:
    """Register the items of a block of values."""
    for name, rule in items.items():
        PLANNING.add(f"{block}.{name}", rule)


expect_item(
    "own_fit",
    {
        "state": state,
        "points": lambda i: float(len(weights(i))),
        "start": lambda i: fit_line(*own_times(i)).start,
        "start_error": lambda i: fit_line(*own_times(i)).start_error,
        "slope": lambda i: fit_line(*own_times(i)).slope,
        "slope_error": lambda i: fit_line(*own_times(i)).slope_error,
        "within": lambda i: mean_square(errors(*own_times(i)), len(weights(i))),
        "left_out": lambda i: mean_square(errors_left_out(*own_times(i)), len(weights(i))),
        "power_state": power_state,
        "half": lambda i: own_curve(i).half,
        "power_range": lambda i: own_curve(i).power_range,
        "idle": lambda i: own_curve(i).idle,
        "power_within": lambda i: own_curve(i).within,
    },
)
expect_item(
    "fit_sums",
    {
        "weights": lambda i: float(np.sum(weights(i))),
        "batch": lambda i: mean(i, 0),
        "step": lambda i: mean(i, 1),
        "spread": spread,
        "scatter": lambda i: mean_square(errors(*own_times(i)), len(weights(i)) - 2),
        "fewest": lambda i: i["power_fits.own_measurement.batch_low"],
        "most": own_most,
        "watts_points": lambda i: float(len(own_watts(i)[0])),
        "watts": lambda i: float(np.mean(own_watts(i)[1])) if len(own_watts(i)[1]) else 0.0,
        "best": lambda i: 1.0 + HALVES.tolist().index(own_curve(i).half),
    },
)


def row(i: Inputs, point: str) -> np.ndarray:
    """Return sequences, ms and W of a point."""
    found: np.ndarray = own_points(i)[i.members("own_points").index(point)]
    return found


def counts(i: Inputs, point: str, column: int = 1) -> bool:
    """Return whether a point counts for step times (1) or power (2)."""
    return bool(row(i, point)[0] > 0 and row(i, point)[column] > 0)


def among(i: Inputs, point: str, values: np.ndarray, column: int = 1) -> float:
    """Return what belongs to a point of those that count."""
    members = [other for other in i.members("own_points") if counts(i, other, column)]
    return float(values[members.index(point)])


def where(column: int, rule: Callable[[Inputs, str], float]) -> Callable[[Inputs, str], Value]:
    """Return a rule that leaves points blank that do not count."""
    return lambda i, point: rule(i, point) if counts(i, point, column) else None


def or_none(rule: Callable[[Inputs, str], float]) -> Callable[[Inputs, str], Value]:
    """Return a rule that is 0 for points that do not count for step times."""
    return lambda i, point: rule(i, point) if counts(i, point) else 0.0


def time_fitted(i: Inputs, point: str) -> float:
    """Return the ms of a point by the line."""
    fit = fit_line(*own_times(i))
    return fit.start + fit.slope * float(row(i, point)[0])


def power_fitted(i: Inputs, point: str) -> float:
    """Return the W of a point by the curve; that of one sequence where it has none."""
    curve = own_curve(i)
    n = np.array([row(i, point)[0] or 1.0])
    return float(curve.idle + curve.power_range * heights(n, i["own_curve.k"], curve.half)[0])


def leverage(i: Inputs, point: str) -> float:
    """Return the diagonal of the matrix that makes fitted times of measured ones."""
    n, y = own_times(i)
    terms = np.column_stack([1 / y, n / y])
    if np.all(n == n[0]):
        return among(i, point, weights(i) / np.sum(weights(i)))
    return among(i, point, np.diag(terms @ np.linalg.inv(terms.T @ terms) @ terms.T))


def error(i: Inputs, point: str) -> float:
    """Return the relative error of a point's time."""
    return among(i, point, errors(*own_times(i)))


def left_out(i: Inputs, point: str) -> float:
    """Return it by a fit without the point."""
    return among(i, point, errors_left_out(*own_times(i)))


expect_rows(
    "own_points",
    {
        "fitted": where(1, time_fitted),
        "error": where(1, error),
        "left_out": where(1, left_out),
        "power": where(2, power_fitted),
        "power_error": where(2, lambda i, point: power_fitted(i, point) / float(row(i, point)[2]) - 1),
    },
)
expect_rows(
    "own_terms",
    {
        **{name: lambda i, point, at=at: float(row(i, point)[at]) for at, name in enumerate(("batch", "step", "watts"))},
        "counts": lambda i, point: float(counts(i, point)),
        "has_watts": lambda i, point: float(counts(i, point, 2)),
        "weight": or_none(lambda i, point: float(row(i, point)[1]) ** -2.0),
        "off": or_none(lambda i, point: float(row(i, point)[0]) - mean(i, 0)),
        "at_least": lambda i, point: float(row(i, point)[0]) if counts(i, point) else own_most(i),
        "fitted": time_fitted,
        "error": or_none(error),
        "leverage": or_none(leverage),
        "left_out": or_none(left_out),
        "log_batch": lambda i, point: float(np.log2(row(i, point)[0] or 1.0)),
        "power": power_fitted,
        "shown": lambda i, point: float(row(i, point)[0]) or None,
        "step_shown": where(1, lambda i, point: float(row(i, point)[1])),
        "fitted_shown": where(1, time_fitted),
        "watts_shown": where(2, lambda i, point: float(row(i, point)[2])),
        "power_shown": where(2, power_fitted),
    },
)


def trial(i: Inputs, name: str) -> Curve:
    """Return the curve of a trial."""
    return own_trials(i)[int(name[1:]) - 1]


def height(i: Inputs, name: str, point: str) -> float:
    """Return the curve of a trial at a point, 0 where that has no watts."""
    n = row(i, point)[:1]
    return float(heights(n, i["own_curve.k"], trial(i, name).half)[0]) if counts(i, point, 2) else 0.0


def watts_off(i: Inputs, point: str) -> float:
    """Return the W of a point from their mean, 0 where it has none."""
    return float(row(i, point)[2] - np.mean(own_watts(i)[1])) if counts(i, point, 2) else 0.0


def at_points(i: Inputs, name: str) -> np.ndarray:
    """Return the curve of a trial at the points with watts."""
    return heights(own_watts(i)[0], i["own_curve.k"], trial(i, name).half)


def mean_height(i: Inputs, name: str) -> float:
    """Return its mean."""
    return float(np.mean(at_points(i, name))) if len(own_watts(i)[0]) else 0.0


def cross(i: Inputs, name: str) -> float:
    """Return the sum of the curve times the power from its mean."""
    return sum(height(i, name, point) * watts_off(i, point) for point in i.members("own_points"))


expect_rows("own_terms", {"watts_off": watts_off})
PLANNING.add("fit_sums.watts_spread", lambda i: sum(watts_off(i, point) ** 2 for point in i.members("own_points")))
expect_rows(
    "own_trials",
    {
        "mean": mean_height,
        "spread": lambda i, name: float(np.sum((at_points(i, name) - mean_height(i, name)) ** 2)),
        "cross": cross,
        "power_range": lambda i, name: trial(i, name).power_range,
        "misfit": lambda i, name: trial(i, name).within ** 2 * len(own_watts(i)[0]),
    },
)
expect_rows(
    "own_shapes",
    {
        "height": height,
        "height_squared": lambda i, name, point: height(i, name, point) ** 2,
        "height_watts": lambda i, name, point: height(i, name, point) * watts_off(i, point),
    },
)
PLANNING.differences.update({f"own_points.{name}" for name in ("error", "left_out", "power_error")})
PLANNING.differences.update({f"own_terms.{name}" for name in ("error", "left_out", "off", "watts_off")})
PLANNING.differences.update({f"own_trials.{name}" for name in ("spread", "cross", "misfit")})
PLANNING.differences.update({"own_shapes.height_watts", "fit_sums.watts_spread"})
