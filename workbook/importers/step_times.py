"""W and H fitted to times between tokens: the step time of an instance over its sequences in flight."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Numbers = NDArray[np.float64]

FEWEST = 3  # numbers of sequences in flight: two always lie on a line


@dataclass(frozen=True)
class Line:
    """A step of W + H n ms, with 95% intervals.

    Args:
        constants: W (ms) and H (ms for each sequence in flight).
        low: lower ends of their intervals, none below 0.
        high: upper ends.
        error: median error of the line at the points, over what was measured.

    """

    constants: Numbers
    low: Numbers
    high: Numbers
    error: float


def fit_line(sequences: Numbers, times: Numbers) -> Line:
    """Fit W and H by least squares of relative errors, as those of the measured cards were: each point has one vote.

    Intervals follow from the spread of the points around the line (Student's t).
    """
    from scipy.stats import t  # noqa: PLC0415 half a second that only this needs

    table = np.column_stack([np.ones_like(sequences), sequences]) / times[:, None]
    found: Numbers = np.linalg.lstsq(table, np.ones_like(times), rcond=None)[0].astype(np.float64)
    off = table @ found - 1
    free = len(times) - 2
    covariance = np.linalg.pinv(table.T @ table) * float(off @ off) / free
    half = t.ppf(0.975, free) * np.sqrt(np.diag(covariance))
    return Line(found, np.maximum(0.0, found - half), found + half, float(np.median(np.abs(off))))
