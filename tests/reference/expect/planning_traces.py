"""Lengths of the requests of the planning workbook's traces, from their knots."""

import itertools
from functools import cache

from tests.reference.quantities import Inputs

KNOTS = 20


@cache
def knots(i: Inputs, card: str) -> tuple[tuple[float, float], ...]:
    """Return (tokens, cumulative share) of a trace's knots, from (0, 0)."""
    cells = [f"trace_knots.{card}.p{number}" for number in range(1, KNOTS + 1)]
    return ((0.0, 0.0), *((i[f"{cell}.upper"], i[f"{cell}.cumulative"]) for cell in cells))


def shares(i: Inputs, card: str) -> tuple[float, ...]:
    """Return the share of output of the requests of each bin of a trace, before it is cut at all of their tokens."""
    share = i[f"traces.{card}.output_share"]
    return tuple(share * i[f"trace_knots.{card}.p{number}.output_scale"] for number in range(1, KNOTS + 1))


def longest(i: Inputs, card: str) -> float:
    """Return the first knot that no request exceeds, tokens; the last where there is none."""
    points = knots(i, card)[1:]
    return next((length for length, share in points if share >= 1.0), points[-1][0])


def mean_length(i: Inputs, card: str) -> float:
    """Return the mean tokens of a trace's requests, spread evenly between knots."""
    points = knots(i, card)
    return sum((upto - under) * (lower + upper) / 2.0 for (lower, under), (upper, upto) in itertools.pairwise(points))
