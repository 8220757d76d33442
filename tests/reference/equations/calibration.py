"""Step times and watts of one's own measurements: a line and a logistic curve by least squares, each fitted by a solver."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]
LEAST = 5e-7
"""Squares of distances from the mean that are none."""

HALVES = np.arange(0.0, 9.5, 0.5)
"""Half-way points of the curve that are tried."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line y = start + slope n: its constants and their standard errors (unit of y, and of y per n)."""

    start: float
    slope: float
    start_error: float
    slope_error: float


def line(n: Numbers, y: Numbers) -> tuple[float, float]:
    """Return (start, slope) of the line with the least squares of relative errors; flat where all n are the same."""
    if len(n) == 0:
        return 0.0, 0.0
    weights = y**-2.0
    if np.all(n == n[0]):
        return float(np.average(y, weights=weights)), 0.0
    start, slope = np.linalg.lstsq(np.column_stack([1 / y, n / y]), np.ones_like(y), rcond=None)[0]
    return float(start), float(slope)


def fit_line(n: Numbers, y: Numbers) -> Line:
    """Return the line with standard errors by the covariance of weighted least squares."""
    start, slope = line(n, y)
    if len(n) == 0 or np.all(n == n[0]):
        return Line(start, slope, 0.0, 0.0)
    terms = np.column_stack([1 / y, n / y])
    errors = terms @ [start, slope] - 1
    covariance = np.linalg.inv(terms.T @ terms) * (errors @ errors) / max(1, len(n) - 2)
    return Line(start, slope, float(np.sqrt(covariance[0, 0])), float(np.sqrt(covariance[1, 1])))


def errors(n: Numbers, y: Numbers) -> Numbers:
    """Return the relative error of the line at each of its points."""
    start, slope = line(n, y)
    return (start + slope * n) / y - 1


def errors_left_out(n: Numbers, y: Numbers) -> Numbers:
    """Return the relative error at each point of a line through all others; 0 where these say nothing of its place."""
    found = np.zeros_like(y)
    for number in range(len(n)):
        others = np.arange(len(n)) != number
        loads = set(n[others])
        if len(loads) > 1 or n[number] in loads:
            start, slope = line(n[others], y[others])
            found[number] = (start + slope * n[number]) / y[number] - 1
    return found


@dataclass(frozen=True, slots=True)
class Curve:
    """A logistic curve idle + range / (1 + exp(-k (log2 n - half))), and its root mean square error (W)."""

    half: float
    power_range: float
    idle: float
    within: float


def heights(n: Numbers, k: float, half: float) -> Numbers:
    """Return the curve from 0 to 1 (Equation 1 of the paper) with n sequences in flight."""
    return 1 / (1 + np.exp(-k * (np.log2(n) - half)))


def misfits(n: Numbers, watts: Numbers, k: float) -> list[Curve]:
    """Return the curve of least squares for each half-way point that is tried."""
    found = []
    for half in HALVES:
        height = heights(n, k, float(half))
        if len(n) < 2 or np.sum((height - np.mean(height)) ** 2) < LEAST:
            mean = float(np.mean(watts)) if len(n) else 0.0
            found.append(Curve(float(half), 0.0, mean, float(np.sqrt(np.mean((watts - mean) ** 2))) if len(n) else 0.0))
            continue
        slope, start = np.polyfit(height, watts, 1)
        error = np.sqrt(np.mean((start + slope * height - watts) ** 2))
        found.append(Curve(float(half), float(slope), float(start), float(error)))
    return found
