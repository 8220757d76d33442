"""Distributions of a request's total tokens, and how a router splits them in two.

A distribution is a cumulative share at rising token counts ("knots"), straight between
them. Its first bin begins at ``start`` tokens with a share of 0.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from tests.reference.equations.domain import FloatArray, finite, not_negative, positive

SHARE_MARGIN = 1e-6
"""How near to 0 or 1 the share that scales a sub-distribution may come (reproduction)."""


@dataclass(frozen=True, slots=True)
class Cdf:
    """Cumulative shares at token counts, from (start, 0) to (last knot, 1).

    Raises:
        ValueError: unless knots rise from above ``start`` >= 0, and fractions of the same
            number, at least one, do not fall, lie in 0..1 and end at 1.

    """

    knots: tuple[float, ...]
    fractions: tuple[float, ...]
    start: float = 0.0

    def __post_init__(self) -> None:
        knots = finite("knots", self.knots)
        fractions = not_negative("fractions", self.fractions)
        if knots.ndim != 1 or knots.size == 0 or knots.shape != fractions.shape:
            raise ValueError(f"knots and fractions must be two series of one length, got shapes {knots.shape} and {fractions.shape}")
        edges = np.concatenate(([float(not_negative("start", self.start))], knots))
        positive("steps between knots", np.diff(edges))
        not_negative("steps between fractions", np.diff(fractions))
        if fractions[-1] != 1.0:
            raise ValueError(f"fractions must end at 1, got {fractions[-1]}")


@dataclass(frozen=True, slots=True)
class Split:
    """A workload cut in two: the shares of its requests, and the lengths on either side."""

    short_share: float
    short: Cdf
    long: Cdf

    @property
    def long_share(self) -> float:
        """Share of the requests that are long, 0..1."""
        return 1.0 - self.short_share


def cdf(knots: Sequence[float], fractions: Sequence[float]) -> Cdf:
    """Return the distribution of a whole workload, starting at (0, 0).

    Args:
        knots: total tokens, rising, > 0; at least two.
        fractions: cumulative shares at the knots, not falling, in 0..1, ending at 1.

    Source: arXiv 2603.17280, Table 3 (the workloads); straight lines: reproduction.
    """
    if len(knots) <= 1:
        raise ValueError(f"a workload must have at least 2 knots, got {len(knots)}")
    return Cdf(tuple(map(float, knots)), tuple(map(float, fractions)))


def share_below(lengths: Cdf, tokens: ArrayLike) -> FloatArray:
    """Share of requests of at most ``tokens`` tokens, straight between knots.

    Args:
        lengths: the distribution.
        tokens: any reals.

    Returns:
        0..1, in the shape of ``tokens``: 0 up to the start, 1 from the last knot.

    Raises:
        ValueError: if tokens are NaN or infinite.

    Source: reproduction, reading of a workload's distribution.
    """
    points = (lengths.start, *lengths.knots), (0.0, *lengths.fractions)
    return np.asarray(np.interp(finite("tokens", tokens), *points), dtype=np.float64)


def bins(lengths: Cdf) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return (lower edge, upper edge, share of requests) of the m bins, three of shape (m,).

    Edges are tokens; the shares add up to 1.
    """
    upper = np.asarray(lengths.knots, dtype=np.float64)
    lower = np.concatenate(([lengths.start], upper[:-1]))
    mass = np.diff(np.concatenate(([0.0], lengths.fractions)))
    return lower, upper, mass


def mean_length(lengths: Cdf) -> float:
    """Return the mean of the bins' midpoints, weighted by their shares, in tokens.

    Source: reproduction, mean of a workload's distribution.
    """
    lower, upper, mass = bins(lengths)
    return float(mass @ (lower + upper)) / 2.0


def split(lengths: Cdf, at: float, *, long_from_split: bool = False) -> Split:
    """Cut a workload at a token count into requests up to it and requests above.

    Args:
        lengths: the distribution.
        at: tokens, above the start and below the last knot.
        long_from_split: False lets the first bin of the long side begin at token 0, as the
            reproduction codes it; True begins it at the cut, where long requests begin.

    Returns:
        The share of short requests, the read-off share itself, and the two distributions,
        scaled by that share kept within 1e-6 of 0 and of 1.

    Raises:
        ValueError: if ``at`` is not between the start and the last knot.

    Source: reproduction, sub-distributions of a two-pool fleet.
    """
    cut = float(positive("at", at))
    if not lengths.start < cut < lengths.knots[-1]:
        raise ValueError(f"a split must lie between {lengths.start} and {lengths.knots[-1]} tokens, got {cut}")
    share = float(share_below(lengths, cut))
    scale = min(max(share, SHARE_MARGIN), 1.0 - SHARE_MARGIN)
    points = list(zip(lengths.knots, lengths.fractions, strict=True))
    below = [(t, min(1.0, f / scale)) for t, f in points if t < cut]
    above = [(t, max(0.0, (f - scale) / (1.0 - scale))) for t, f in points if t > cut]
    return Split(
        short_share=share, short=_closed([*below, (cut, 1.0)], lengths.start), long=_closed(above, cut if long_from_split else 0.0)
    )


def _closed(points: list[tuple[float, float]], start: float) -> Cdf:
    """Return the distribution through the points, its last share set to 1."""
    knots, fractions = zip(*points, strict=True)
    return Cdf(tuple(knots), (*fractions[:-1], 1.0), start)


KNOTS = (64, 128, 256, 512, 768, 1024, 1536, 2048, 3072, 4096, 6144, 8192, 12_288, 16_384, 24_576, 32_768, 49_152, 65_536)
"""Token counts at which the three workloads of the paper are stated."""

AZURE = cdf(
    KNOTS,
    (
        *(0.00837324818165691, 0.02817101295015079, 0.06758914316125599, 0.2886287032109278, 0.36427177576725206, 0.40447046301224054),
        *(0.6568742238779492, 0.779847436579741, 0.8686535391165514, 0.8982082668085861, 0.9758027319496186, 0.9999645201348235),
        *(0.9999645201348235, 1.0, 1.0, 1.0, 1.0, 1.0),
    ),
)
"""Azure trace of 2023, code and conversation together (reproduction)."""

LMSYS = cdf(
    KNOTS,
    (
        *(0.13143902904110133, 0.2359468756113688, 0.3824772725584252, 0.6383272206772047, 0.7579833930565839, 0.8306616774845409),
        *(0.9088599256575542, 0.9482847003642829, 0.9728657502222596, 0.9837422332946185, 0.9928852149665558, 0.996530520768585),
        *(0.998633010324239, 0.9992645001201069, 0.9996557761504877, 0.9997944562625215, 0.999839032012818, 1.0),
    ),
)
"""LMSYS-Chat-1M (reproduction)."""

AGENT = cdf(
    KNOTS,
    (
        *(0.0, 0.0, 7e-05, 0.00407, 0.02237, 0.05757, 0.15871, 0.26459, 0.43163, 0.53802, 0.65987, 0.74042),
        *(0.85213, 0.91717, 0.97282, 0.99046, 0.99849, 1.0),
    ),
)
"""Agent traffic (reproduction); in no printed table."""
